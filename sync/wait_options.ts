/** Longest delay that `setTimeout` keeps, in milliseconds: some 25 days. */
export const MAX_DELAY_MS = 2_147_483_647;

/** What every call that waits accepts. */
export interface WaitOptions {
  /** Ends the wait; the call rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
  /**
   * Longest wait, in milliseconds; the call then rejects with a `DOMException`
   * named `TimeoutError`. 0 tries once. Default: no limit.
   */
  timeoutMs?: number | undefined;
}

/**
 * Checks the options of a wait before it starts.
 *
 * @param options What the caller passed.
 * @returns The longest wait in milliseconds, `Infinity` if there is no limit.
 * @throws {RangeError} If `timeoutMs` is negative or not a number.
 * @throws The reason of the signal, if it is aborted already.
 *
 * @example A call that waits
 * ```ts
 * import { checkWait } from "@lockstep/lockstep/sync";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(checkWait({ timeoutMs: 250 }), 250);
 * assertEquals(checkWait(), Infinity);
 * assertThrows(() => checkWait({ timeoutMs: -1 }), RangeError);
 * ```
 */
export function checkWait(options?: WaitOptions): number {
  if (options === undefined) return Infinity;
  const { signal, timeoutMs = Infinity } = options;
  if (!(timeoutMs >= 0)) {
    throw new RangeError(
      `Cannot wait: timeoutMs must be 0 or more, got ${timeoutMs}`,
    );
  }
  signal?.throwIfAborted();
  return timeoutMs;
}

/**
 * Whether a wait ended because its own `timeoutMs` was over.
 *
 * @param error What the wait threw.
 * @param signal The signal of the wait: its reason may look just the same.
 * @returns Whether to go on as after a timeout.
 *
 * @example
 * ```ts
 * import { isTimeout } from "@lockstep/lockstep/sync";
 * import { assert } from "@std/assert";
 *
 * const error = new DOMException("Nothing came", "TimeoutError");
 * assert(isTimeout(error));
 * assert(!isTimeout(error, AbortSignal.abort(error)));
 * ```
 */
export function isTimeout(error: unknown, signal?: AbortSignal): boolean {
  return error instanceof DOMException && error.name === "TimeoutError" &&
    !signal?.aborted;
}
