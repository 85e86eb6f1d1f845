import { isTimeout, type WaitOptions } from "../../sync/wait_options.ts";
import type { Next } from "./_random.ts";

/** Waits, but not for long: answers whether it was in time. */
export function attemptSync(
  next: Next,
  wait: (options: { timeoutMs: number }) => unknown,
): boolean {
  try {
    wait({ timeoutMs: next(300) / 100 });
    return true;
  } catch (error) {
    if (isTimeout(error)) return false;
    throw error;
  }
}

/** As {@linkcode attemptSync}; may also be aborted. */
export async function attempt(
  next: Next,
  wait: (options: WaitOptions) => Promise<unknown>,
): Promise<boolean> {
  const controller = new AbortController();
  const { signal } = controller;
  const abort = () => controller.abort("gone");
  const way = next(3);
  const timer = way === 0 ? setTimeout(abort, next(3)) : undefined;
  if (way === 1) queueMicrotask(() => queueMicrotask(abort));
  try {
    await wait(way === 2 ? { timeoutMs: next(3) } : { signal });
    return true;
  } catch (error) {
    if (error === "gone" || (way === 2 && isTimeout(error))) return false;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
