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
import { swap } from "./_words.ts";

const CONTENDED = 1;
const FAIR = 2;

/** The marks; the words behind it are free. */
const MARKS = OWN;

/** First word of a line that is free for its side of the queue; it has 8. */
export const OF_SIDE: number = OWN + 1;

/** Identity of the thread that looks; 0 if none does. */
const LOOKER = OWN + 9;

/** See the top of this file. */
export class Line {
  readonly queue: WaitQueue;
  /** Whether nobody may go on before those who have waited for long. */
  isFair = true;
  readonly #words: Int32Array;
  readonly #registry: Registry;

  /** @param words As of a primitive. */
  constructor(words: Int32Array, registry: Registry) {
    this.#words = words;
    this.#registry = registry;
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
    const fair = left && this.#isImpatient();
    Atomics.store(this.#words, MARKS, fair ? FAIR | CONTENDED : CONTENDED);
    if (left && !this.#isLookedAt()) this.queue.wake(1);
  }

  /**
   * Lets the next go on, after there was made room for it.
   *
   * @returns Whether somebody waits, and nobody looks.
   */
  wake(): boolean {
    if (Atomics.load(this.#words, MARKS) === 0) return false;
    if (this.#isLookedAt()) return false;
    trap("seen");
    const fair = this.#isImpatient();
    Atomics.store(this.#words, MARKS, fair ? FAIR | CONTENDED : 0);
    trap("released");
    this.queue.wake(1);
    return true;
  }

  /**
   * Calls a function while nobody has to be woken, since this thread looks; unless
   * another does.
   */
  look(fn: () => void): void {
    const words = this.#words;
    const looker = Atomics.load(words, LOOKER);
    if (looker !== 0 && this.#registry.isAlive(looker)) return;
    if (!swap(words, LOOKER, looker, this.#registry.me)) return;
    fn();
    Atomics.store(words, LOOKER, 0);
  }

  #isLookedAt(): boolean {
    const looker = Atomics.load(this.#words, LOOKER);
    return looker !== 0 && this.#registry.isAlive(looker);
  }

  #isImpatient(): boolean {
    return this.isFair && this.queue.isImpatient();
  }
}
