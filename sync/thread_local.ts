/**
 * One name, a value for each thread.
 *
 * Threads share no variables in JavaScript: a module is loaded by each of them.
 * So a `ThreadLocal` of a module is another object in each thread, and makes
 * its own value there at the first `get()`. Tasks of one thread share it.
 *
 * @typeParam T What it holds.
 *
 * @example
 * ```ts
 * import { ThreadLocal } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const counter = new ThreadLocal(() => ({ hits: 0 }));
 * counter.get().hits++;
 * assertEquals(counter.get().hits, 1); // 0 in every other thread
 * ```
 */
export class ThreadLocal<T> {
  readonly #initial: () => T;
  #held: { value: T } | undefined;

  /**
   * Names a value; it is not made yet.
   *
   * @param initial Makes the value of a thread that has none.
   */
  constructor(initial: () => T) {
    this.#initial = initial;
  }

  /** The value of this thread, made now if there was none. */
  get(): T {
    this.#held ??= { value: this.#initial() };
    return this.#held.value;
  }

  /** Gives this thread another value. */
  set(value: T): void {
    this.#held = { value };
  }
}
