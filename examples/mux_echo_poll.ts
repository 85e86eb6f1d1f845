/**
 * An echo server with `Poll`: what happened to a client are the bits of an integer.
 * Each client is waited for until it sends, then until it can take the echo.
 *
 *     deno run --allow-net=127.0.0.1 examples/mux_echo_poll.ts
 */
import {
  Poll,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDHUP,
} from "@lockstep/lockstep/mux";
import { connect, listen, TcpSocket } from "@lockstep/lockstep/tcp";

const utf8 = new TextEncoder();
const NAMES = { POLLIN, POLLOUT, POLLHUP, POLLRDHUP };
const READ = POLLIN | POLLRDHUP;

/** The names of bits. */
function show(events: number): string {
  return Object.entries(NAMES).filter(([, bit]) => (events & bit) !== 0)
    .map(([name]) => name).join(" | ");
}

using listener = listen();
using poll = new Poll();
poll.register(listener, POLLIN);
console.log(`nobody yet: ${(await poll.poll({ timeoutMs: 10 })).length}`);

const echoes = new Map<TcpSocket, Uint8Array>();
const clients = beClient(listener.addr);
while (poll.size > 0) {
  for (const [source, events] of await poll.poll()) {
    console.log(
      `${source === listener ? "listener" : "client"}: ${show(events)}`,
    );
    if (source === listener) {
      const client = listener.tryAccept();
      if (client !== undefined) poll.register(client, READ);
      poll.unregister(listener); // one is enough
    } else if (source instanceof TcpSocket) {
      serve(source, events);
    }
  }
}
await clients;

function serve(client: TcpSocket, events: number): void {
  if ((events & POLLOUT) !== 0) {
    client.trySend(echoes.get(client)!); // short enough to be sent as a whole
    poll.modify(client, READ);
    return;
  }
  const octets = client.tryReceive();
  if (octets) {
    echoes.set(client, octets);
    poll.modify(client, POLLOUT);
  } else if (octets === null) {
    poll.unregister(client); // before it is closed, or else POLLNVAL is told
    client.close();
  }
}

async function beClient(addr: Deno.Addr): Promise<void> {
  using socket = await connect(addr);
  for (const line of ["hello", "bye"]) {
    await socket.sendAll(utf8.encode(`${line}\n`));
    console.log(`echo: ${await socket.readLine()}`);
  }
  await socket.closeWrite();
  await socket.receive(); // the server has closed
}
