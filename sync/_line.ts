/**
 * Those who wait at one side of a queue: to get, or to put.
 *
 * One word holds the marks of a semaphore, see `_permits.ts`: CONTENDED, somebody
 * waits; FAIR, only the first who blocks may go on. Whether there is anything to
 * go on with is another word, of the other side: so whoever waits sets the mark,
 * then looks again, and whoever makes room looks for the mark after that.
 */
import { OWN } from "./_nodes.ts";
import { WaitQueue } from "./_park.ts";
import type { Registry } from "./_registry.ts";
import { trap } from "./_trap.ts";

const CONTENDED = 1;
const FAIR = 2;

/** The marks; the words behind it are free. */
const MARKS = OWN;

/** First word of a line that is free for its side of the queue. */
export const OF_SIDE: number = OWN + 1;

/** See the top of this file. */
export class Line {
  readonly queue: WaitQueue;
  readonly #words: Int32Array;

  /** @param words As of a primitive. */
  constructor(words: Int32Array, registry: Registry) {
    this.#words = words;
    this.queue = new WaitQueue(words, registry);
  }

  /** Whether a waiter may go on, if there is something to go on with. */
  mayGo(node: number): boolean {
    return !(this.#words[MARKS]! & FAIR) || this.queue.isFirst(node);
  }

  /** Notes that somebody waits, who is to look again after that. */
  mark(): void {
    Atomics.or(this.#words, MARKS, CONTENDED);
  }

  /**
   * Notes that somebody went on.
   *
   * @param more Whether the next can, too.
   */
  went(node: number, more: () => boolean): void {
    const marks = this.#words[MARKS]!;
    if (marks === 0 && node === 0) return;
    const left = more(); // two made room before one of the woken came
    const fair = left && this.queue.isImpatient();
    Atomics.store(this.#words, MARKS, fair ? FAIR | CONTENDED : CONTENDED);
    if (left) this.queue.wake(1);
  }

  /** Lets the next go on, after there was made room for it. */
  wake(): void {
    if (Atomics.load(this.#words, MARKS) === 0) return;
    const fair = this.queue.isImpatient();
    Atomics.store(this.#words, MARKS, fair ? FAIR | CONTENDED : 0);
    trap("released");
    this.queue.wake(1);
  }
}
