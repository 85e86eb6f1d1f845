import { deafen, listen, parkUntil } from "./_mailbox.ts";
import { timeoutError } from "./_errors.ts";
import type { Registry } from "./_registry.ts";
import {
  checkWait,
  isTimeout,
  waitFor,
  type WaitOptions,
} from "./wait_options.ts";

/**
 * Waits until a thread has ended or died.
 *
 * @throws {DOMException} `TimeoutError` after `timeoutMs`.
 * @throws The reason of the signal.
 */
export async function gone(
  table: Registry,
  id: number,
  what: string,
  options: WaitOptions = {},
): Promise<void> {
  const timeoutMs = checkWait(options);
  const { promise, resolve } = Promise.withResolvers<void>();
  const listener = { onRing: () => void (table.isAlive(id) || resolve()) };
  listen(table, listener);
  listener.onRing();
  try {
    await waitFor(promise, options);
  } catch (error) {
    if (!isTimeout(error, options.signal)) throw error;
    throw timeoutError(what, timeoutMs);
  } finally {
    deafen(table, listener);
  }
}

/** As {@linkcode gone}, but blocks this thread. */
export function goneSync(
  table: Registry,
  id: number,
  what: string,
  options?: Pick<WaitOptions, "timeoutMs">,
): void {
  const timeoutMs = checkWait(options);
  const deadline = performance.now() + timeoutMs;
  if (parkUntil(table, deadline, () => !table.isAlive(id))) return;
  throw timeoutError(what, timeoutMs);
}
