import { FrameError } from "./frame_error.ts";

/**
 * A frame whose body is a stream of a known length. The stream is not touched
 * before its first octets are wanted; `return()` cancels it at once.
 */
export class BodyParts implements AsyncIterableIterator<Uint8Array, void> {
  readonly #body: ReadableStream<Uint8Array>;
  readonly #length: number;
  #head: Uint8Array | undefined;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #sent = 0;
  #over = false;

  constructor(
    head: Uint8Array,
    body: ReadableStream<Uint8Array>,
    length: number,
  ) {
    this.#head = head;
    this.#body = body;
    this.#length = length;
  }

  async next(): Promise<IteratorResult<Uint8Array, void>> {
    if (this.#over) return { done: true, value: undefined };
    const head = this.#head;
    if (head !== undefined) {
      this.#reader = this.#body.getReader(); // throws if somebody else has it
      this.#head = undefined;
      return { done: false, value: head };
    }
    const { done, value } = await this.#reader!.read();
    if (done) {
      this.#over = true;
      if (this.#sent < this.#length) throw this.#mismatch("ends after");
      return { done: true, value: undefined };
    }
    this.#sent += value.length;
    if (this.#sent > this.#length) {
      const error = this.#mismatch("has more than");
      await this.return(error);
      throw error;
    }
    return { done: false, value };
  }

  async return(reason?: unknown): Promise<IteratorReturnResult<void>> {
    this.#over = true;
    await this.#reader?.cancel(reason).catch(() => {
      // It has failed: next() said so.
    });
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #mismatch(how: string): FrameError {
    return new FrameError(
      "body-mismatch",
      `Cannot write a frame: its body ${how} ${
        Math.min(this.#sent, this.#length)
      } octets, its header says ${this.#length}`,
    );
  }
}
