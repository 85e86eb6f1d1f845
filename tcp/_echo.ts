import type { TcpContext } from "./handler.ts";
import type { TcpSocket } from "./socket.ts";

/** Sends back what comes, until the other side has sent all. */
export async function echo(
  socket: TcpSocket,
  { signal }: TcpContext,
): Promise<void> {
  // Cheaper than to give the signal to every wait.
  signal.addEventListener("abort", () => socket.close());
  try {
    for (;;) {
      const octets = await socket.receive();
      if (octets === null) return;
      await socket.sendAll(octets);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
