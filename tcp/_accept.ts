/**
 * Accepts connections, whatever clients do.
 *
 * In Deno a client that connects and resets at once makes `accept()` fail, and
 * ends a `for await` over the listener for good; so does a lack of descriptors.
 * Here the one is skipped, and the other waited for. What else fails, fails.
 */
import { sleep } from "../sync/sleep.ts";

/** Errors of a connection that was gone before it was accepted. */
const GONE = new Set(["ENOTCONN", "ECONNABORTED", "ECONNRESET", "EPROTO"]);

/** Errors of a system that has nothing left, for now. */
const EXHAUSTED = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);

/** Shortest and longest pause when there is nothing left, in milliseconds. */
const MIN_PAUSE_MS = 10;
const MAX_PAUSE_MS = 1_000;

/** What was met on the way. */
export interface AcceptCounts {
  /** Connections that were gone before they were accepted. */
  gone: number;
  /** How often there was nothing left for another connection. */
  exhausted: number;
}

/**
 * Waits for a connection.
 *
 * @param counts Is counted up.
 * @param signal Ends a pause when the listener is closed.
 */
export async function acceptNext<C>(
  accept: () => Promise<C>,
  counts: AcceptCounts,
  signal: AbortSignal,
): Promise<C> {
  for (let pauseMs = MIN_PAUSE_MS;;) {
    try {
      return await accept();
    } catch (error) {
      const code = codeOf(error);
      if (GONE.has(code)) {
        counts.gone++;
      } else if (EXHAUSTED.has(code)) {
        counts.exhausted++;
        await sleep(pauseMs, { signal });
        pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
      } else {
        throw error;
      }
    }
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Deno.errors.NotConnected) return "ENOTCONN";
  if (error instanceof Deno.errors.ConnectionAborted) return "ECONNABORTED";
  if (error instanceof Deno.errors.ConnectionReset) return "ECONNRESET";
  return String((error as { code?: unknown } | null)?.code);
}
