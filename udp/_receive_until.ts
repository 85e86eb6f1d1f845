import { isTimeout } from "../sync/wait_options.ts";
import type { Datagram, UdpSocket } from "./socket.ts";

/**
 * Waits for the next datagram until a point in time, at which waiting just
 * ends.
 *
 * If aborted, no datagram is lost.
 *
 * @param socket Where to receive.
 * @param at When to give up, by `performance.now()`.
 * @param signal Ends the wait with an error.
 * @returns The datagram, or `undefined` if none came in time.
 */
export async function receiveUntil(
  socket: UdpSocket,
  at: number,
  signal: AbortSignal | undefined,
): Promise<Datagram | undefined> {
  const timeoutMs = Math.max(at - performance.now(), 0);
  try {
    return await socket.receive({ signal, timeoutMs });
  } catch (error) {
    if (!isTimeout(error, signal)) throw error;
    return undefined;
  }
}
