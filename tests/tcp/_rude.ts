import { createConnection } from "node:net";

/** Connects, and resets the connection at once (SO_LINGER 0). */
export function rude({ port }: Deno.NetAddr): Promise<void> {
  return new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1");
    socket.on("connect", () => socket.resetAndDestroy());
    socket.on("error", () => {});
    socket.on("close", () => resolve());
  });
}
