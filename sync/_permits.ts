/**
 * One word that counts permits.
 *
 * ```
 *  31 … 30 │ 29        │ 28   │ 27 … 0
 *     0    │ CONTENDED │ FAIR │ permits that are free
 * ```
 *
 * CONTENDED and FAIR are those of a lock; see `_mutex.ts`.
 */
import { timeoutError } from "./_errors.ts";
import type { Memory } from "./_memory.ts";
import { OWN } from "./_nodes.ts";
import { WaitQueue } from "./_park.ts";
import { Spinner } from "./_spinner.ts";
import { trap } from "./_trap.ts";
import { swap } from "./_words.ts";
import { checkWait, type WaitOptions } from "./wait_options.ts";

const PERMITS = 0x0fff_ffff;
const FAIR = 1 << 28;
const CONTENDED = 1 << 29;

/** The highest number of permits. */
export const MAX_PERMITS: number = PERMITS;

/** What semaphores have in common. */
export class Permits {
  readonly queue: WaitQueue;
  readonly #words: Int32Array;
  readonly #type: string;
  readonly #spinner = new Spinner();

  constructor({ words, registry, handle }: Memory) {
    this.queue = new WaitQueue(words, registry);
    this.#words = words;
    this.#type = handle.type;
  }

  /** How many are free. */
  get free(): number {
    return Atomics.load(this.#words, OWN) & PERMITS;
  }

  /** Takes one if that can be done now. */
  tryTake(): boolean {
    const guess = this.#words[OWN]!; // a plain look, that the swap confirms
    const plain = guess > 0 && guess <= PERMITS;
    if (plain && swap(this.#words, OWN, guess, guess - 1)) return true;
    return this.#take(0, 0);
  }

  /**
   * Blocks until it has one.
   *
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   */
  takeSync(options?: Pick<WaitOptions, "timeoutMs">): void {
    const timeoutMs = checkWait(options);
    if (this.tryTake() || this.#spin()) return;
    if (!this.queue.waitSync(this.#attempt, timeoutMs)) {
      throw this.#late(timeoutMs);
    }
  }

  /**
   * Waits until it has one.
   *
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws The reason of the signal.
   */
  async take(options: WaitOptions = {}): Promise<void> {
    const timeoutMs = checkWait(options);
    if (timeoutMs > 0) {
      const late = () => this.#late(timeoutMs);
      await this.queue.wait(this.#attempt, options, late);
    } else if (!this.tryTake()) {
      throw this.#late(0);
    }
  }

  /**
   * Gives permits back, or more than there were.
   *
   * @param limit How many may be free then.
   * @returns Whether they were given: `false` if there would be more.
   */
  give(count: number, limit: number): boolean {
    const words = this.#words;
    const guess = words[OWN]!;
    const plain = guess <= limit - count; // flags would make it more
    if (plain && swap(words, OWN, guess, guess + count)) return true;
    for (;;) {
      const word = Atomics.load(words, OWN);
      const free = (word & PERMITS) + count;
      if (free > limit) return false;
      const fair = (word & CONTENDED) !== 0 && this.queue.isImpatient();
      const next = free | (fair ? FAIR | CONTENDED : 0);
      if (!swap(words, OWN, word, next)) continue;
      trap("released");
      if (word & CONTENDED) this.queue.wake(count);
      return true;
    }
  }

  /** Whether one is free to take. */
  get isOpen(): boolean {
    return this.#isOpen(-1);
  }

  /**
   * Waits until one is free; takes none.
   *
   * @throws As {@linkcode take}.
   */
  async poll(options: WaitOptions = {}): Promise<void> {
    const timeoutMs = checkWait(options);
    const late = () => timeoutError(`poll the ${this.#type}`, timeoutMs);
    await this.queue.poll((node) => this.#isOpen(node), options, late);
  }

  readonly #attempt = (node: number): boolean => this.#take(node, CONTENDED);

  /** Takes a permit; `mark` as in a lock. */
  #take(node: number, mark: number): boolean {
    const words = this.#words;
    for (;;) {
      const word = Atomics.load(words, OWN);
      const free = word & PERMITS;
      if (free > 0 && (!(word & FAIR) || this.queue.isFirst(node))) {
        const flags = word & CONTENDED | mark;
        // Two gave before one of the woken came: this one wakes the next.
        const left = flags !== 0 && free > 1;
        const fair = left && this.queue.isImpatient() ? FAIR : 0;
        if (!swap(words, OWN, word, free - 1 | flags | fair)) continue;
        if (left) this.queue.wake(1);
        return true;
      } else if ((word | mark) === word) {
        return false;
      } else if (swap(words, OWN, word, word | mark)) {
        return false;
      }
    }
  }

  /** As of a lock, see `Mutex.isOpen()`. */
  #isOpen(node: number): boolean {
    for (;;) {
      const word = Atomics.load(this.#words, OWN);
      const isFree = (word & PERMITS) > 0;
      if (isFree && (!(word & FAIR) || this.queue.isFirst(node))) {
        if (node > 0) this.queue.wake(1);
        return true;
      }
      if (node < 0 || (word & CONTENDED) !== 0) return false;
      if (swap(this.#words, OWN, word, word | CONTENDED)) return false;
    }
  }

  /** Others that wait are ahead: so does this one. */
  #spin(): boolean {
    return this.#spinner.until(() => {
      const word = Atomics.load(this.#words, OWN);
      return word > 0 && (word & CONTENDED) === 0 && this.#take(0, 0);
    });
  }

  #late(timeoutMs: number): DOMException {
    return timeoutError(`acquire the ${this.#type}`, timeoutMs);
  }
}

/**
 * Checks a number of permits.
 *
 * @throws {RangeError} If it is not a whole number in range.
 */
export function checkPermits(what: string, count: number, least: number): void {
  if (Number.isInteger(count) && count >= least && count <= MAX_PERMITS) return;
  throw new RangeError(
    `Cannot ${what} ${count} permits: it must be a whole number from ${least} to ${MAX_PERMITS}`,
  );
}
