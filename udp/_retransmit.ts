import {
  checkWait,
  isTimeout,
  type WaitOptions,
} from "../sync/wait_options.ts";

/** How often and how long to try. */
interface RetransmitOptions extends WaitOptions {
  retries?: number | undefined;
  retransmitMs?: number | undefined;
}

/**
 * Tries until an answer comes: each wait is twice as long as the one before,
 * and `timeoutMs` limits them all together.
 *
 * @param failure Start of the error message: what could not be done.
 * @param options Number of repetitions, first wait, limit of the whole.
 * @param attempt Sends the question and waits for the answer, no longer than it
 * is told; a `TimeoutError` leads to the next attempt.
 */
export async function retransmit<T>(
  failure: string,
  options: RetransmitOptions,
  attempt: (wait: WaitOptions) => Promise<T>,
): Promise<T> {
  const { signal, retries = 3, retransmitMs = 500 } = options;
  if (!(retries >= 0)) {
    throw new RangeError(
      `${failure}: retries must be 0 or more, got ${retries}`,
    );
  }
  if (!(retransmitMs > 0)) {
    throw new RangeError(
      `${failure}: retransmitMs must be above 0, got ${retransmitMs}`,
    );
  }
  const timeoutMs = checkWait(options);
  const end = performance.now() + timeoutMs;
  let waitMs = retransmitMs;
  for (let tries = 1;; tries++, waitMs *= 2) {
    const leftMs = Math.max(end - performance.now(), 0);
    try {
      return await attempt({ signal, timeoutMs: Math.min(waitMs, leftMs) });
    } catch (error) {
      if (!isTimeout(error, signal)) throw error;
      if (tries > retries || leftMs <= waitMs) {
        throw new DOMException(
          `${failure}: none came in ${tries} ${tries === 1 ? "try" : "tries"}`,
          "TimeoutError",
        );
      }
    }
  }
}
