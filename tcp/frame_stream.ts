import { Chunks } from "./_chunks.ts";
import { EncodedStream } from "./_encoded_stream.ts";
import { FrameReader, type FrameReaderOptions } from "./frame_reader.ts";
import type { FrameDecoding, FrameEncoding } from "./framing.ts";

/**
 * Makes a stream that turns octets into frames.
 *
 * A frame is decoded when it is wanted, and not before. If frames have bodies that
 * stream, read each body before you ask for the next frame; what pipes frames on
 * asks too early.
 *
 * @param codec What frames look like.
 * @param options How long the other side may take.
 * @returns The stream; it fails as {@linkcode FrameReader.read} does.
 *
 * @example
 * ```ts
 * import { delimited, frameDecoderStream } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * const lines = new Blob(["one\ntwo\n"]).stream()
 *   .pipeThrough(frameDecoderStream(delimited()))
 *   .pipeThrough(new TextDecoderStream());
 * assertEquals(await Array.fromAsync(lines), ["one", "two"]);
 * ```
 */
export function frameDecoderStream<T>(
  codec: FrameDecoding<T>,
  options?: FrameReaderOptions,
): TransformStream<Uint8Array, T> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const chunks = new Chunks(readable);
  const reader = new FrameReader(chunks, codec, options);
  return {
    writable,
    readable: new ReadableStream({
      async pull(controller) {
        try {
          const frame = await reader.read();
          if (frame === null) controller.close();
          else controller.enqueue(frame);
        } catch (error) {
          await chunks.cancel(error);
          throw error;
        }
      },
      cancel: (reason) => chunks.cancel(reason),
    }, { highWaterMark: 0 }),
  };
}

/**
 * Makes a stream that turns frames into octets.
 *
 * @param codec What frames look like.
 * @returns The stream; it fails if a frame cannot be encoded.
 *
 * @example
 * ```ts
 * import { delimited, frameEncoderStream } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * const octets = ReadableStream.from(["one", "two"])
 *   .pipeThrough(new TextEncoderStream())
 *   .pipeThrough(frameEncoderStream(delimited()));
 * assertEquals(await new Response(octets).text(), "one\ntwo\n");
 * ```
 */
export function frameEncoderStream<W>(
  codec: FrameEncoding<W>,
): TransformStream<W, Uint8Array> {
  const { readable, writable } = new TransformStream<W, W>();
  const source = new EncodedStream(readable, codec);
  return {
    writable,
    readable: new ReadableStream(source, { highWaterMark: 0 }),
  };
}
