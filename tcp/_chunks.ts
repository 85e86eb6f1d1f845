import { waitFor, type WaitOptions } from "../sync/wait_options.ts";
import type { ByteSource } from "./framing.ts";

/** A stream of octets to receive from; a wait that ends early loses nothing. */
export class Chunks implements ByteSource {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #coming: Promise<ReadableStreamReadResult<Uint8Array>> | undefined;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  async receive(
    _max?: number,
    options?: WaitOptions,
  ): Promise<Uint8Array | null> {
    for (;;) {
      this.#coming ??= this.#reader.read();
      const { done, value } = await waitFor(this.#coming, options);
      this.#coming = undefined;
      if (done) return null;
      if (value.length > 0) return value;
    }
  }

  cancel(reason: unknown): Promise<void> {
    return this.#reader.cancel(reason);
  }
}
