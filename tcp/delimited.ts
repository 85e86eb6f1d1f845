import { concat } from "@std/bytes";
import { DelimitedDecoder, indexOf } from "./_delimited_decoder.ts";
import { Input } from "./_input.ts";
import { checkSize } from "./_length_field.ts";
import type { FrameCodec } from "./framing.ts";
import { MAX_FRAME_BYTES } from "./length_prefixed.ts";

/** Options of {@linkcode delimited}. */
export interface DelimitedOptions {
  /** What ends a frame: at least one octet, or text as UTF-8. Default: `"\n"`. */
  delimiter?: string | Uint8Array | undefined;
  /**
   * Most octets before the delimiter. Default: {@linkcode MAX_FRAME_BYTES}.
   */
  maxFrameBytes?: number | undefined;
  /**
   * Whether a CR before the delimiter is no part of the frame, so that lines may
   * end with `\r\n` as well. Default: `false`.
   */
  stripCr?: boolean | undefined;
  /**
   * Whether octets after the last delimiter are a frame, rather than a frame that
   * was cut off. Default: `false`.
   */
  lastMayLack?: boolean | undefined;
  /**
   * Whether a frame that is too large is an error, after which nothing can be
   * read, or is skipped without a trace. Default: `"error"`.
   */
  oversize?: "error" | "skip" | undefined;
}

/**
 * Frames that end with a delimiter, which they cannot contain: lines, for example.
 *
 * The delimiter is no part of what is read. Frames that are read are copies.
 *
 * @param options What ends a frame, and how long it may be.
 * @returns The codec; it refuses to write what it would read otherwise, with a
 * `SyntaxError`.
 * @throws {RangeError} If the delimiter is empty, or a size is out of range.
 *
 * @example
 * ```ts
 * import { delimited } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * const decoder = delimited({ stripCr: true }).decoder();
 * decoder.push(new TextEncoder().encode("one\ntwo\r\nthr"));
 * const text = new TextDecoder();
 * assertEquals(text.decode(decoder.next()), "one");
 * assertEquals(text.decode(decoder.next()), "two");
 * assertEquals(decoder.next(), undefined);
 * ```
 */
export function delimited(
  options: DelimitedOptions = {},
): FrameCodec<Uint8Array<ArrayBuffer>, Uint8Array> {
  const { delimiter = "\n", oversize, stripCr = false, lastMayLack = false } =
    options;
  const max = options.maxFrameBytes ?? MAX_FRAME_BYTES;
  const layout = {
    delimiter: typeof delimiter === "string"
      ? new TextEncoder().encode(delimiter)
      : delimiter.slice(),
    max: checkSize("maxFrameBytes", max),
    skips: oversize === "skip",
    stripCr,
    lastMayLack,
  };
  checkSize("the length of the delimiter", layout.delimiter.length, 1);
  return {
    decoder: () => new DelimitedDecoder(new Input(), layout),
    encode: (frame) => [encode(frame, layout)],
  };
}

const CR = 0x0d;

interface Layout {
  readonly delimiter: Uint8Array;
  readonly max: number;
  readonly stripCr: boolean;
}

/** In one part however large: a delimiter by itself would be sent late. */
function encode(frame: Uint8Array, layout: Layout): Uint8Array {
  const { delimiter, max, stripCr } = layout;
  if (frame.length > max) {
    throw new RangeError(
      `Cannot write a frame: ${frame.length} octets exceed ${max}`,
    );
  }
  const encoded = concat([frame, delimiter]);
  if (indexOf(encoded, delimiter, 0) < frame.length) {
    throw new SyntaxError("Cannot write a frame: it contains the delimiter");
  }
  if (stripCr && frame.at(-1) === CR) {
    throw new SyntaxError("Cannot write a frame: it ends with CR");
  }
  return encoded;
}
