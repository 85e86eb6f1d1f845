/*
 * The least that Deno offers to make threads wait: Atomics.wait() and notify(),
 * without spinning, timeouts, or care for threads that die.
 */

/** Two threads that wake each other, each by a number in a cache line of its own. */
export class BareTurns {
  readonly #words: Int32Array;
  readonly #mine: number;
  readonly #theirs: number;

  /**
   * @param words 32 of them.
   * @param place 0 or 1, which of the two asks.
   */
  constructor(words: Int32Array, place: number) {
    this.#words = words;
    this.#mine = 16 * place;
    this.#theirs = 16 - this.#mine;
  }

  /** Lets the other one go on. */
  pass(turn: number): void {
    Atomics.store(this.#words, this.#theirs, turn);
    Atomics.notify(this.#words, this.#theirs);
  }

  /** Blocks until the other one has passed this turn. */
  wait(turn: number): void {
    for (;;) {
      const seen = Atomics.load(this.#words, this.#mine);
      if (seen === turn) return;
      Atomics.wait(this.#words, this.#mine, seen);
    }
  }
}

const ARRIVED = 0;
const ROUND = 16;

/** Lets as many threads pass as there are, once all have come. */
export class BareBarrier {
  readonly #words: Int32Array;
  readonly #parties: number;

  /** @param words 32 of them. */
  constructor(words: Int32Array, parties: number) {
    this.#words = words;
    this.#parties = parties;
  }

  wait(): void {
    const words = this.#words;
    const round = Atomics.load(words, ROUND);
    if (Atomics.add(words, ARRIVED, 1) + 1 === this.#parties) {
      Atomics.store(words, ARRIVED, 0);
      Atomics.add(words, ROUND, 1);
      Atomics.notify(words, ROUND);
      return;
    }
    while (Atomics.load(words, ROUND) === round) {
      Atomics.wait(words, ROUND, round);
    }
  }
}
