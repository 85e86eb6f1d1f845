/**
 * Longest delay that `setTimeout` keeps, in milliseconds: some 25 days.
 *
 * For whoever writes a wait with a timer of its own: a longer delay would fire
 * at once. Here whatever is longer counts as no limit.
 */
export const MAX_DELAY_MS = 2_147_483_647;

// Under `deno test` the first timer of a process runs microtasks before it is
// there: better now than in the middle of something.
clearTimeout(setTimeout(() => {}, MAX_DELAY_MS));

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
 * For whoever writes a wait of their own; the waits of this package call it.
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
 * Waits for a promise, but no longer than told.
 *
 * For whoever writes a wait of their own on something that cannot be ended. If
 * aborted or timed out, what the promise does goes on, and whatever it settles
 * to is dropped. In any case neither a timer nor a listener is left behind.
 *
 * @param promise What to wait for.
 * @param options Timeout and abort signal; a timeout above
 * {@linkcode MAX_DELAY_MS} is none.
 * @returns What the promise resolves to.
 * @throws As the promise, and as {@linkcode checkWait}.
 * @throws {DOMException} `TimeoutError` after `timeoutMs`.
 *
 * @example
 * ```ts
 * import { waitFor } from "@lockstep/lockstep/sync";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const never = new Promise(() => {});
 * await assertRejects(() => waitFor(never, { timeoutMs: 5 }), DOMException);
 * assertEquals(await waitFor(Promise.resolve(7), { timeoutMs: 5 }), 7);
 * ```
 */
export async function waitFor<T>(
  promise: Promise<T>,
  options: WaitOptions = {},
): Promise<T> {
  promise.catch(() => {}); // it may fail when nobody waits any more
  const timeoutMs = checkWait(options);
  const { signal } = options;
  const over = Promise.withResolvers<never>();
  const onAbort = () => over.reject(signal!.reason);
  const onTimeout = () =>
    over.reject(
      new DOMException(
        `Cannot wait any longer: not done within ${timeoutMs} ms`,
        "TimeoutError",
      ),
    );
  signal?.addEventListener("abort", onAbort);
  const timer = timeoutMs <= MAX_DELAY_MS
    ? setTimeout(onTimeout, Math.ceil(timeoutMs))
    : undefined;
  try {
    return await Promise.race([promise, over.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/**
 * Whether a wait ended because its own `timeoutMs` was over.
 *
 * For whoever writes a wait or a server of their own, for which a timeout is
 * not the end.
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
