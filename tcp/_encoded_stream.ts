import type { FrameEncoding } from "./framing.ts";

type Parts = Iterator<Uint8Array> | AsyncIterator<Uint8Array>;

/** Frames of a stream as octets, part by part as they are wanted. */
export class EncodedStream<W> implements UnderlyingDefaultSource<Uint8Array> {
  readonly #frames: ReadableStreamDefaultReader<W>;
  readonly #codec: FrameEncoding<W>;
  #parts: Parts | undefined;

  constructor(frames: ReadableStream<W>, codec: FrameEncoding<W>) {
    this.#frames = frames.getReader();
    this.#codec = codec;
  }

  async pull(
    controller: ReadableStreamDefaultController<Uint8Array>,
  ): Promise<void> {
    try {
      const part = await this.#next();
      if (part === undefined) controller.close();
      else controller.enqueue(part);
    } catch (error) {
      await this.cancel(error);
      throw error;
    }
  }

  async cancel(reason: unknown): Promise<void> {
    const body = this.#parts?.return?.(reason);
    await Promise.all([body, this.#frames.cancel(reason)]);
  }

  async #next(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#parts === undefined) {
        const { done, value } = await this.#frames.read();
        if (done) return undefined;
        this.#parts = begin(this.#codec, value);
      }
      const { done, value } = await this.#parts.next();
      if (done) this.#parts = undefined;
      else if (value.length > 0) return value;
    }
  }
}

function begin<W>(codec: FrameEncoding<W>, frame: W): Parts {
  const encoded = codec.encode(frame);
  return Symbol.asyncIterator in encoded
    ? encoded[Symbol.asyncIterator]()
    : encoded[Symbol.iterator]();
}
