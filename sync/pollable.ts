import type { WaitOptions } from "./wait_options.ts";

/**
 * What can be waited for without taking anything.
 *
 * When {@linkcode Pollable.whenReady} has resolved, follow with the `try…` method
 * of the object: somebody else may have been faster. Whoever waits this way
 * takes no wake-up from those who wait to take something.
 *
 * @example
 * ```ts
 * import { type Pollable, Semaphore } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const seats = new Semaphore(0);
 * const pollable: Pollable = seats;
 * const ready = pollable.whenReady();
 * seats.release();
 * await ready;
 * assertEquals(seats.value, 1); // not taken
 * ```
 */
export interface Pollable {
  /** Whether there is something to take now. */
  readonly ready: boolean;

  /**
   * Waits until there is something to take; nothing is taken.
   *
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws The reason of the signal, if it is aborted.
   */
  whenReady(options?: WaitOptions): Promise<void>;
}
