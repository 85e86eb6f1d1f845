import { assert, assertEquals } from "@std/assert";
import { connectEx } from "../../tcp/connect.ts";
import type { TcpContext } from "../../tcp/handler.ts";
import { TcpServer } from "../../tcp/server.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import { until } from "../sync/_until.ts";
import { bytes } from "./_framing.ts";

const RESTARTS = 5;
const CLIENTS = 8;

/** Sends back what comes, and is done at once when the server shuts down. */
async function echo(
  socket: TcpSocket,
  { signal }: TcpContext,
): Promise<void> {
  signal.addEventListener("abort", () => socket.close());
  for (;;) {
    const received = await socket.receive();
    if (received === null) return;
    await socket.sendAll(received);
  }
}

Deno.test("TcpServer is bound again at once while clients come all the time", async () => {
  const serve = (port: number) => {
    const server = new TcpServer({ handler: echo, port, onError: () => {} });
    return { server, served: server.serveForever() };
  };
  let { server, served } = serve(0);
  const addr = server.addr as Deno.NetAddr;
  let isOver = false;
  let answers = 0;
  /** Asks until it is cut off, and then comes again. */
  const client = async () => {
    while (!isOver) {
      const { socket, code } = await connectEx(addr);
      if (socket === undefined) {
        assert(code === "ECONNREFUSED" || code === "ECONNRESET", code);
        await new Promise((resolve) => setTimeout(resolve, 1));
        continue;
      }
      using _closing = socket;
      try {
        while (!isOver) {
          await socket.sendAll(bytes(7));
          if (await socket.receive(1) === null) break;
          answers++;
        }
      } catch (error) {
        const isGone = error instanceof Deno.errors.ConnectionReset ||
          error instanceof Deno.errors.BrokenPipe;
        if (!isGone) throw error;
      }
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  for (let restart = 0; restart < RESTARTS; restart++) {
    const before = answers;
    await until(() => answers > before + 10 * CLIENTS);
    assertEquals(await server.shutdown({ graceMs: 0 }), 0);
    await served;
    ({ server, served } = serve(addr.port));
  }
  const before = answers;
  await until(() => answers > before);
  isOver = true;
  await Promise.all(clients);
  await server.shutdown({ graceMs: 0 });
  await served;
});
