import { BodyParts } from "./_body_parts.ts";
import { JsonDecoder } from "./_json_decoder.ts";
import { headerText } from "./_json_text.ts";
import {
  checkSize,
  largest,
  type LengthField,
  lengthField,
  writeLength,
} from "./_length_field.ts";
import { parts } from "./_parts.ts";
import type { EncodedFrame, FrameCodec } from "./framing.ts";

/** A JSON object. One that was read inherits nothing, not even `toString`. */
export type JsonHeader = Readonly<Record<string, unknown>>;

/** A frame that was read. */
export interface JsonFrame {
  /** What the peer says about the body, and whatever else. Untrusted. */
  readonly header: JsonHeader;
  /**
   * The body as it arrives; chunks are copies. Read it before you ask for the
   * next frame, which skips what is left of it. After an error, for example a
   * timeout, it ends, and the next frame can still be read.
   */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** A frame to be written. */
export interface JsonFrameInit {
  /** What to say; the length of the body is added if it is known. Default: {}. */
  readonly header?: JsonHeader | undefined;
  /**
   * The body, by default empty. If it is a stream, the header has to hold its
   * length, and an abort cuts the frame off, after which no other can be written.
   */
  readonly body?: Uint8Array | ReadableStream<Uint8Array> | undefined;
}

/** Options of {@linkcode jsonHeader}. */
export interface JsonHeaderOptions {
  /** Most octets of a header. Default: 65,536. */
  maxHeaderBytes?: number | undefined;
  /** Most octets of a body, which is never held as a whole. Default: no limit. */
  maxBodyBytes?: number | undefined;
  /** Octets of the header's length. Default: 4. */
  bytes?: 1 | 2 | 4 | 8 | undefined;
  /** Order of these octets. Default: `"big"`, the one of networks. */
  endian?: "big" | "little" | undefined;
  /** Key of the header that holds the length of the body. Default: `bodyBytes`. */
  lengthKey?: string | undefined;
  /**
   * Whether a frame whose body is too large is an error, after which nothing can
   * be read, or is skipped without a trace. Default: `"error"`.
   */
  oversize?: "error" | "skip" | undefined;
}

/**
 * Frames that say in JSON what they are, and then bring it.
 *
 * ```
 *  ◄─ bytes ─►◄─ length ─────────────────►◄─ bodyBytes ─►
 * ┌──────────┬───────────────────────────┬──────────────┐
 * │  length  │  {"bodyBytes":5,…}  UTF-8 │  body        │
 * └──────────┴───────────────────────────┴──────────────┘
 * ```
 *
 * A header that lacks `bodyBytes` has no body. One that is no object, or in which
 * any object has a key `__proto__`, is refused.
 *
 * @param options Limits, and how frames look.
 * @returns The codec.
 * @throws {RangeError} If an option is out of range.
 *
 * @example
 * ```ts
 * import { FrameReader, jsonHeader } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * const codec = jsonHeader();
 * const body = new TextEncoder().encode("hello");
 * const encoded = codec.encode({ header: { name: "a.txt" }, body });
 * const pieces = await Array.fromAsync(encoded);
 *
 * const source = { receive: () => Promise.resolve(pieces.shift() ?? null) };
 * const frame = await new FrameReader(source, codec).read();
 * assertEquals({ ...frame!.header }, { name: "a.txt", bodyBytes: 5 });
 * assertEquals(await new Response(frame!.body).text(), "hello");
 * ```
 */
export function jsonHeader(
  options: JsonHeaderOptions = {},
): FrameCodec<JsonFrame, JsonFrameInit> {
  const field = lengthField(options);
  const { lengthKey = "bodyBytes", oversize } = options;
  const maxHeader = options.maxHeaderBytes ?? 65_536;
  const maxBody = options.maxBodyBytes ?? Number.MAX_SAFE_INTEGER;
  const layout = {
    header: {
      field,
      offset: 0,
      adjust: 0,
      strip: field.bytes,
      max: checkSize("maxHeaderBytes", maxHeader),
      skips: false,
      what: "header" as const,
    },
    lengthKey,
    maxBody: checkSize("maxBodyBytes", maxBody),
    skips: oversize === "skip",
  };
  return {
    decoder: (refill) => new JsonDecoder(layout, refill),
    encode: (frame) => encode(frame, field, layout),
  };
}

interface Limits {
  readonly header: { readonly max: number };
  readonly lengthKey: string;
  readonly maxBody: number;
}

function encode(
  { header = {}, body = new Uint8Array() }: JsonFrameInit,
  field: LengthField,
  { header: { max }, lengthKey, maxBody }: Limits,
): EncodedFrame {
  const streams = !(body instanceof Uint8Array);
  const length = streams ? header[lengthKey] : body.length;
  if (!(Number.isSafeInteger(length) && length as number >= 0)) {
    throw new TypeError(
      `Cannot write a frame: its header must have the length of the stream as ${lengthKey}`,
    );
  }
  checkFits("a body", length as number, maxBody);
  const text = headerText({ ...header, [lengthKey]: length });
  checkFits("a header", text.length, Math.min(max, largest(field)));
  const head = new Uint8Array(field.bytes + text.length);
  writeLength(head, 0, field, text.length);
  head.set(text, field.bytes);
  if (streams) return new BodyParts(head, body, length as number);
  return parts(head, body);
}

function checkFits(what: string, length: number, most: number): void {
  if (length <= most) return;
  throw new RangeError(
    `Cannot write a frame: ${what} of ${length} octets exceeds ${most}`,
  );
}
