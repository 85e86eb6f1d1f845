import { swap } from "./_words.ts";

const MAX = 0x7fff;

/**
 * Waiters that share a node, counted in one word: `size ‹16 | notified`. Those
 * who were notified and do not know yet still count as of the crowd.
 */
export class Crowd {
  readonly #words: Int32Array;
  readonly #index: number;

  constructor(words: Int32Array, index: number) {
    this.#words = words;
    this.#index = index;
  }

  /** How many wait and were not notified. */
  get waiting(): number {
    const crowd = Atomics.load(this.#words, this.#index);
    return sizeOf(crowd) - notifiedOf(crowd);
  }

  /** How many were notified and do not know yet. */
  get notified(): number {
    return notifiedOf(Atomics.load(this.#words, this.#index));
  }

  /**
   * One more waits.
   *
   * @throws {RangeError} If there are 32,767 already.
   */
  join(): void {
    this.#change((size, notified) => {
      if (size < MAX) return [size + 1, notified];
      throw new RangeError(
        `Cannot wait: ${MAX} tasks of this thread wait already`,
      );
    });
  }

  /** One waits no more, unless all were notified. */
  leave(): boolean {
    return this.#change((size, notified) =>
      size > notified ? [size - 1, notified] : undefined
    );
  }

  /** Notifies one that was not; answers whether there was one. */
  notify(): boolean {
    return this.#change((size, notified) =>
      size > notified ? [size, notified + 1] : undefined
    );
  }

  /** One learns that it was notified; answers whether one was. */
  redeem(): boolean {
    return this.#change((size, notified) =>
      notified > 0 ? [size - 1, notified - 1] : undefined
    );
  }

  #change(
    change: (
      size: number,
      notified: number,
    ) => readonly [size: number, notified: number] | undefined,
  ): boolean {
    for (;;) {
      const crowd = Atomics.load(this.#words, this.#index);
      const next = change(sizeOf(crowd), notifiedOf(crowd));
      if (next === undefined) return false;
      const [size, notified] = next;
      if (swap(this.#words, this.#index, crowd, size << 16 | notified)) {
        return true;
      }
    }
  }
}

function sizeOf(crowd: number): number {
  return crowd >>> 16;
}

function notifiedOf(crowd: number): number {
  return crowd & 0xffff;
}
