import { Input } from "./_input.ts";
import { LengthDecoder } from "./_length_decoder.ts";
import {
  checkSize,
  largest,
  type LengthField,
  lengthField,
  writeLength,
} from "./_length_field.ts";
import { SMALL_BYTES } from "./_parts.ts";
import type { FrameCodec } from "./framing.ts";

/** Most octets of a frame, unless told otherwise: 8 MiB. */
export const MAX_FRAME_BYTES = 8_388_608;

/** Options of {@linkcode lengthPrefixed}. */
export interface LengthPrefixedOptions {
  /** Octets of the length. Default: 4. */
  bytes?: 1 | 2 | 4 | 8 | undefined;
  /** Order of these octets. Default: `"big"`, the one of networks. */
  endian?: "big" | "little" | undefined;
  /** Most octets after the length. Default: {@linkcode MAX_FRAME_BYTES}. */
  maxFrameBytes?: number | undefined;
  /** Octets before the length. Default: 0. */
  offset?: number | undefined;
  /**
   * What to add to the length to get the number of octets after it; for example
   * -4 if it counts its own four. Default: 0.
   */
  adjust?: number | undefined;
  /**
   * Octets at the start that are no part of what is read, and are written as
   * zeros where there is no length. Default: all up to the end of the length.
   */
  strip?: number | undefined;
  /**
   * Whether a frame that is too large is an error, after which nothing can be
   * read, or is skipped without a trace. Default: `"error"`.
   */
  oversize?: "error" | "skip" | undefined;
}

/**
 * Frames that begin with their length.
 *
 * ```
 *  ◄─ offset ─►◄─ bytes ─►◄─ length + adjust ─►
 * ┌────────────┬──────────┬─────────────────────┐
 * │  anything  │  length  │  anything           │
 * └────────────┴──────────┴─────────────────────┘
 *  ◄─ strip ─────────────►◄─ what is read ─────►
 * ```
 *
 * The length is checked before anything is kept, and memory grows with what has
 * arrived. Frames that are read are copies.
 *
 * Source: tokio-util `LengthDelimitedCodec`; Netty `LengthFieldBasedFrameDecoder`.
 *
 * @param options How frames look.
 * @returns The codec.
 * @throws {RangeError} If an option is out of range.
 *
 * @example
 * ```ts
 * import { lengthPrefixed } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * const codec = lengthPrefixed({ bytes: 2 });
 * assertEquals(codec.encode(new Uint8Array([7, 8])), [
 *   new Uint8Array([0, 2, 7, 8]),
 * ]);
 * const decoder = codec.decoder();
 * decoder.push(new Uint8Array([0, 1, 5, 0]));
 * assertEquals([decoder.next(), decoder.next()], [
 *   new Uint8Array([5]),
 *   undefined,
 * ]);
 * ```
 */
export function lengthPrefixed(
  options: LengthPrefixedOptions = {},
): FrameCodec<Uint8Array<ArrayBuffer>, Uint8Array> {
  const field = lengthField(options);
  const offset = checkSize("offset", options.offset ?? 0);
  const layout = {
    field,
    offset,
    adjust: checkSize(
      "adjust",
      options.adjust ?? 0,
      Number.MIN_SAFE_INTEGER,
    ),
    strip: checkSize("strip", options.strip ?? offset + field.bytes),
    max: checkSize("maxFrameBytes", options.maxFrameBytes ?? MAX_FRAME_BYTES),
    skips: options.oversize === "skip",
    what: "frame" as const,
  };
  return {
    decoder: () => new LengthDecoder(new Input(), layout),
    encode: (frame) => encode(frame, layout),
  };
}

interface Layout {
  readonly field: LengthField;
  readonly offset: number;
  readonly adjust: number;
  readonly strip: number;
  readonly max: number;
}

function encode(frame: Uint8Array, layout: Layout): Uint8Array[] {
  const { field, offset, adjust, strip, max } = layout;
  const headBytes = offset + field.bytes;
  const after = strip + frame.length - headBytes;
  if (after < 0) throw unencodable(`${frame.length} octets lack the header`);
  if (after > max) throw unencodable(`${after} octets exceed ${max}`);
  const length = after - adjust;
  if (length < 0 || length > largest(field)) {
    throw unencodable(`${length} does not fit into ${field.bytes} octets`);
  }
  const all = strip + frame.length;
  const small = all <= SMALL_BYTES;
  const head = new Uint8Array(small ? all : Math.max(strip, headBytes));
  const own = head.length - strip; // octets of the frame that are in it
  head.set(small ? frame : frame.subarray(0, own), strip);
  writeLength(head, offset, field, length);
  return small ? [head] : [head, frame.subarray(own)];
}

function unencodable(state: string): RangeError {
  return new RangeError(`Cannot write a frame: ${state}`);
}
