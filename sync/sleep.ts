import { delay } from "@std/async";
import { parkUntil } from "./_mailbox.ts";
import { registry } from "./_registry.ts";
import { MAX_DELAY_MS } from "./wait_options.ts";

/** Options of {@linkcode sleep}. */
export interface SleepOptions {
  /** Ends the sleep; the call rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
}

/**
 * Waits for a while; other tasks of this thread go on.
 *
 * It never returns early, however coarse the system's timers are.
 *
 * @param ms How long, in milliseconds; fractions count.
 * @param options Abort signal.
 * @throws {RangeError} If `ms` is negative or not a number.
 * @throws The reason of the signal, if it is aborted; nothing is left behind.
 *
 * @example
 * ```ts
 * import { sleep } from "@lockstep/lockstep/sync";
 * import { assert } from "@std/assert";
 *
 * const start = performance.now();
 * await sleep(2.5);
 * assert(performance.now() - start >= 2.5);
 * ```
 */
export async function sleep(
  ms: number,
  options: SleepOptions = {},
): Promise<void> {
  const end = endOf(ms);
  const { signal } = options;
  signal?.throwIfAborted();
  const given = signal === undefined ? {} : { signal };
  for (let left = ms; left > 0; left = end - performance.now()) {
    await delay(Math.min(Math.ceil(left), MAX_DELAY_MS), given);
  }
}

/**
 * Blocks this thread for a while, with all its tasks; the main thread, too.
 *
 * It never returns early. Nothing can end it but its time, or the end of the
 * thread.
 *
 * @param ms How long, in milliseconds; fractions count.
 * @throws {RangeError} If `ms` is negative or not a number.
 *
 * @example
 * ```ts
 * import { sleepSync } from "@lockstep/lockstep/sync";
 * import { assert } from "@std/assert";
 *
 * const start = performance.now();
 * sleepSync(2.5);
 * assert(performance.now() - start >= 2.5);
 * ```
 */
export function sleepSync(ms: number): void {
  parkUntil(registry(), endOf(ms), () => false);
}

function endOf(ms: number): number {
  if (ms >= 0) return performance.now() + ms;
  throw new RangeError(`Cannot sleep: ms must be 0 or more, got ${ms}`);
}
