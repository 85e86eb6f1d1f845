/** `TcpServer` with the handler that one writes; prints its port. */
import { TcpServer } from "../../../tcp/server.ts";

const server = new TcpServer({
  handler: async (socket) => {
    for (;;) {
      const octets = await socket.receive();
      if (octets === null) return;
      await socket.sendAll(octets);
    }
  },
  maxConnections: 4096,
  backlog: 4096,
  onListen: (addr) => console.log((addr as Deno.NetAddr).port),
});
await server.serveForever();
