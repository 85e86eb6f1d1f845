import type { WaitOptions } from "../sync/wait_options.ts";

/** The part of a `FrameReader` that can be iterated. */
export interface FrameSource<T> {
  read(options: WaitOptions): Promise<T | null>;
}

/**
 * The frames of a reader, to the end or until `return()` is called.
 *
 * Unlike that of a generator, `return()` need not wait for a `next()` under way:
 * it ends that wait, and the frame is there for whoever reads next.
 */
export class Frames<T> implements AsyncIterableIterator<T, void, void> {
  readonly #source: FrameSource<T>;
  readonly #over: AbortController = new AbortController();

  constructor(source: FrameSource<T>) {
    this.#source = source;
  }

  async next(): Promise<IteratorResult<T, void>> {
    const { signal } = this.#over;
    if (signal.aborted) return this.return();
    try {
      const value = await this.#source.read({ signal });
      if (value !== null) return { done: false, value };
    } catch (error) {
      if (!signal.aborted) {
        this.#over.abort();
        throw error;
      }
    }
    return this.return();
  }

  return(): Promise<IteratorReturnResult<void>> {
    this.#over.abort();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
