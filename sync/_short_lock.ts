/**
 * One word that says which thread is in a short section: a few steps that never
 * wait for anything else.
 *
 * ```
 *  31 … 29 │ 28        │ 27 … 26 │ 25 … 0
 *     0    │ CONTENDED │    0    │ identity of the holder, 0 if it is free
 * ```
 *
 * A `Lock` without all that only users need: no order, no limits, no guards, no
 * place in the graph of waits. Whoever takes it after the death of its holder is
 * told, and repairs what it protects.
 */
import { OWN } from "./_nodes.ts";
import { WaitQueue } from "./_park.ts";
import { MAX_ID, type Registry } from "./_registry.ts";
import { Spinner } from "./_spinner.ts";
import { swap } from "./_words.ts";

const CONTENDED = 1 << 28;

/** See the top of this file. */
export class ShortLock {
  readonly #words: Int32Array;
  readonly #registry: Registry;
  readonly #me: number;
  readonly #queue: WaitQueue;
  readonly #spinner = new Spinner(false);
  #died = false;

  /** @param words As of a primitive; its own state is the first word. */
  constructor(words: Int32Array, registry: Registry) {
    this.#words = words;
    this.#registry = registry;
    this.#me = registry.me;
    this.#queue = new WaitQueue(words, registry);
  }

  /**
   * Blocks until this thread has it.
   *
   * @returns Whether its holder died, and left things half-done perhaps.
   */
  take(): boolean {
    if (swap(this.#words, OWN, 0, this.#me)) return false;
    if (this.#spinner.until(this.#isFree)) return false;
    this.#queue.waitSync(this.#attempt, Infinity);
    return this.#died;
  }

  /** Gives it back; only the holder may. */
  release(): void {
    if (swap(this.#words, OWN, this.#me, 0)) return;
    Atomics.store(this.#words, OWN, 0);
    this.#queue.wake(1);
  }

  readonly #isFree = (): boolean =>
    Atomics.load(this.#words, OWN) === 0 &&
    swap(this.#words, OWN, 0, this.#me);

  readonly #attempt = (): boolean => {
    for (;;) {
      const word = Atomics.load(this.#words, OWN);
      const holder = word & MAX_ID;
      if (holder === 0 || this.#registry.isDead(holder)) {
        if (!swap(this.#words, OWN, word, this.#me | CONTENDED)) continue;
        this.#died = holder !== 0;
        return true;
      }
      if (word & CONTENDED) return false;
      if (swap(this.#words, OWN, word, word | CONTENDED)) return false;
    }
  };
}
