/**
 * An echo server with a `Selector`: each source comes with the function to call
 * when it is ready. The loop knows neither clients nor the listener, nor the clock
 * that ends it.
 *
 *     deno run --allow-net=127.0.0.1 examples/mux_echo_selector.ts
 */
import {
  EVENT_READ,
  EVENT_WRITE,
  Selector,
  Wakeup,
} from "@lockstep/lockstep/mux";
import { connect, listen, type TcpSocket } from "@lockstep/lockstep/tcp";

const utf8 = new TextEncoder();

using selector = new Selector<() => void>();
using listener = listen();
using stop = new Wakeup();
selector.register(listener, EVENT_READ, accept);
selector.register(stop, EVENT_READ, () => {
  console.log(`stop: ${selector.map.size - 2} clients left`);
  for (const source of selector.map.keys()) selector.unregister(source);
});

const clients = beClients(listener.addr).finally(() => stop.wake());
while (selector.map.size > 0) {
  for (const [key] of await selector.select()) key.data();
}
await clients;

function accept(): void {
  const client = listener.tryAccept();
  if (client === undefined) return;
  selector.register(client, EVENT_READ, () => read(client));
}

function read(client: TcpSocket): void {
  const octets = client.tryReceive();
  if (octets === undefined) return;
  if (octets === null) {
    selector.unregister(client);
    client.close();
  } else {
    selector.modify(client, EVENT_WRITE, () => write(client, octets));
  }
}

function write(client: TcpSocket, octets: Uint8Array): void {
  const rest = octets.subarray(client.trySend(octets) ?? 0);
  if (rest.length > 0) {
    selector.modify(client, EVENT_WRITE, () => write(client, rest));
  } else {
    selector.modify(client, EVENT_READ, () => read(client));
  }
}

async function beClients(addr: Deno.Addr): Promise<void> {
  const sockets = await Promise.all([1, 2, 3].map(() => connect(addr)));
  for (const [i, socket] of sockets.entries()) {
    await socket.sendAll(utf8.encode(`hello from ${i + 1}\n`));
    console.log(`echo: ${await socket.readLine()}`);
  }
  const large = sockets[0]!.sendAll(new Uint8Array(1_000_000));
  const back = await sockets[0]!.receiveExactly(1_000_000);
  await large;
  console.log(`echo: ${back.length} octets`);
  for (const socket of sockets) {
    await socket.closeWrite();
    await socket.receive();
    socket.close();
  }
}
