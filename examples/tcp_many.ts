/**
 * One program asks many servers at once: the slow one does not delay the rest,
 * the one that is not there is told by its code, and the one that never answers
 * by a timeout.
 *
 *     deno run --allow-net=127.0.0.1 examples/tcp_many.ts
 */
import { connectEx, listen, TcpServer } from "@lockstep/lockstep/tcp";
import { sleep } from "@lockstep/lockstep/sync";

const utf8 = new TextEncoder();

/** A server that answers after a while. */
function answering(name: string, delayMs: number): TcpServer {
  const server = new TcpServer({
    handler: async (socket, { signal }) => {
      await sleep(delayMs, { signal }).catch(() => {});
      if (!signal.aborted) await socket.sendAll(utf8.encode(`${name}\n`));
    },
  });
  server.serveForever();
  return server;
}

const servers = {
  quick: answering("quick", 1),
  slow: answering("slow", 100),
  mute: answering("mute", 60_000),
};
const gone = listen();
gone.close();

/** Asks a server, and tells how that ended. */
async function ask(name: string, addr: Deno.Addr): Promise<void> {
  const { socket, code } = await connectEx(addr);
  if (socket === undefined) return console.log(`${name}: ${code}`);
  using _closing = socket;
  try {
    const answer = await socket.readLine({ timeoutMs: 500 });
    console.log(`${name}: answered ${answer}`);
  } catch (error) {
    console.log(`${name}: ${(error as Error).name}`);
  }
}

const asked = Object.entries(servers).map(([name, { addr }]) =>
  ask(name, addr)
);
await Promise.all([...asked, ask("gone", gone.addr)]);
for (const server of Object.values(servers)) server.close();
