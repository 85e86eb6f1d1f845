const FREE = 0;
const LOCKED = 1;
const CONTENDED = 2;

/** As often as Rust looks before it parks. */
const SPINS = 100;

/**
 * The lock to compare with: one word, no owner, no order, no timeout.
 *
 * Source: Rust 1.90, `library/std/src/sys/sync/mutex/futex.rs`.
 */
export class FutexMutex {
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  lock(): void {
    if (Atomics.compareExchange(this.#words, 0, FREE, LOCKED) !== FREE) {
      this.#lockContended();
    }
  }

  unlock(): void {
    if (Atomics.exchange(this.#words, 0, FREE) === CONTENDED) {
      Atomics.notify(this.#words, 0, 1);
    }
  }

  #lockContended(): void {
    let state = this.#spin();
    if (state === FREE) {
      state = Atomics.compareExchange(this.#words, 0, FREE, LOCKED);
      if (state === FREE) return;
    }
    for (;;) {
      if (
        state !== CONTENDED &&
        Atomics.exchange(this.#words, 0, CONTENDED) === FREE
      ) return;
      Atomics.wait(this.#words, 0, CONTENDED);
      state = this.#spin();
    }
  }

  /** Looks until the lock is free, or others wait for it, or for long enough. */
  #spin(): number {
    for (let spins = SPINS;; spins--) {
      const state = Atomics.load(this.#words, 0);
      if (state !== LOCKED || spins === 0) return state;
      Atomics.pause();
    }
  }
}
