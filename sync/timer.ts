import { sleep } from "./sleep.ts";

/**
 * Calls a function once, after a while, unless it is cancelled before.
 *
 * ```
 *        start()            time is over
 *   new ────────► waiting ───────────────► done
 *    │  cancel()     │ cancel()              ▲
 *    └───────────────┴───────────────────────┘
 * ```
 *
 * While it waits it keeps the process alive. What the function throws, or what
 * its promise rejects with, rejects the promise of {@linkcode Timer.start}.
 *
 * @example
 * ```ts
 * import { Timer } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * let rings = 0;
 * const bell = new Timer(1, () => void rings++);
 * using never = new Timer(60_000, () => void rings++);
 * never.start();
 * assertEquals(await bell.start(), true);
 * assertEquals(rings, 1);
 * ```
 */
export class Timer {
  readonly #ms: number;
  readonly #fn: () => void | Promise<void>;
  readonly #cancelling: AbortController = new AbortController();
  #finished: Promise<boolean> | undefined;

  /**
   * Prepares a timer; the time does not run yet.
   *
   * @param ms How long after {@linkcode start}, in milliseconds.
   * @param fn What to call; may be asynchronous.
   * @throws {RangeError} If `ms` is negative or not a number.
   */
  constructor(ms: number, fn: () => void | Promise<void>) {
    if (!(ms >= 0)) {
      throw new RangeError(
        `Cannot make a timer: ms must be 0 or more, got ${ms}`,
      );
    }
    this.#ms = ms;
    this.#fn = fn;
  }

  /**
   * Lets the time run.
   *
   * @returns Whether the function was called, once that is decided; it rejects
   * with what the function threw.
   * @throws {TypeError} If the timer was started before.
   */
  start(): Promise<boolean> {
    if (this.#finished !== undefined) {
      throw new TypeError("Cannot start the timer: it was started before");
    }
    return this.#finished = this.#run();
  }

  /** Calls the function no more; does nothing once it was called. */
  cancel(): void {
    this.#cancelling.abort();
  }

  /** As {@linkcode cancel}. */
  [Symbol.dispose](): void {
    this.cancel();
  }

  async #run(): Promise<boolean> {
    const { signal } = this.#cancelling;
    try {
      await sleep(this.#ms, { signal });
    } catch {
      return false; // cancelled: nothing else ends a sleep
    }
    if (signal.aborted) return false;
    await this.#fn();
    return true;
  }
}
