import type { WaitOptions } from "./wait_options.ts";

/** Something that is taken from one by one; `null` at its end. */
export type Take<T> = (options: WaitOptions) => Promise<T | null>;

/**
 * What something gives, to its end or until `return()` is called.
 *
 * Unlike that of a generator, `return()` need not wait for a `next()` under way:
 * it ends that wait, and the item goes to whoever takes next.
 */
export class Items<T> implements AsyncIterableIterator<T, void, void> {
  readonly #take: Take<readonly [T]>;
  readonly #over: AbortController = new AbortController();

  /** @param take Takes an item, in an array: `null` may be one. */
  constructor(take: Take<readonly [T]>) {
    this.#take = take;
  }

  async next(): Promise<IteratorResult<T, void>> {
    const { signal } = this.#over;
    if (signal.aborted) return this.return();
    try {
      const item = await this.#take({ signal });
      if (item !== null) return { done: false, value: item[0] };
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
