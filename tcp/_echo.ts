import type { TcpContext } from "./handler.ts";
import type { TcpSocket } from "./socket.ts";

const BUFFER_OCTETS = 16_384;

/** Sends back what comes, until the other side has sent all. */
export async function echo(
  socket: TcpSocket,
  { signal }: TcpContext,
): Promise<void> {
  // Cheaper than to give the signal to every wait.
  signal.addEventListener("abort", () => socket.close());
  const buffer = new Uint8Array(BUFFER_OCTETS); // cheaper than many copies
  try {
    for (;;) {
      const count = await socket.receiveInto(buffer);
      if (count === null) return;
      await socket.sendAll(buffer.subarray(0, count));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
