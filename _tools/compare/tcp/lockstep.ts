/** `TcpServer`, with one buffer for each connection as by hand; prints its port. */
import { TcpServer } from "../../../tcp/server.ts";

const server = new TcpServer({
  handler: async (socket) => {
    const buffer = new Uint8Array(65_536);
    for (;;) {
      const count = await socket.receiveInto(buffer);
      if (count === null) return;
      await socket.sendAll(buffer.subarray(0, count));
    }
  },
  maxConnections: 4096,
  backlog: 4096,
  onListen: (addr) => console.log((addr as Deno.NetAddr).port),
});
await server.serveForever();
