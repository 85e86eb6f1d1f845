/**
 * An echo server with a queue of messages for each client. It waits until a client
 * can take more only while there is something for it, and sends what it can: so
 * one that does not read holds up nobody.
 *
 *     deno run --allow-net=127.0.0.1 examples/mux_echo_queues.ts
 */
import { select } from "@lockstep/lockstep/mux";
import { connect, listen, TcpSocket } from "@lockstep/lockstep/tcp";

const utf8 = new TextEncoder();
const SIZE = 16_000_000;

async function serve(): Promise<void> {
  using listener = listen();
  beClients(listener.addr);
  const queues = new Map<TcpSocket, Uint8Array[]>();
  const ended = new Set<TcpSocket>();
  let most = 0;
  do {
    const speaking = [...queues.keys()].filter((it) => !ended.has(it));
    const waiting = [...queues.keys()].filter((it) =>
      queues.get(it)!.length > 0
    );
    const [readable, writable] = await select([listener, ...speaking], waiting);
    for (const source of readable) {
      if (!(source instanceof TcpSocket)) {
        const client = listener.tryAccept();
        if (client !== undefined) queues.set(client, []);
        continue;
      }
      const octets = source.tryReceive();
      if (octets) queues.get(source)!.push(octets);
      else if (octets === null) ended.add(source);
    }
    for (const client of writable) {
      const queue = queues.get(client)!;
      const sent = client.trySend(queue[0]!) ?? 0;
      if (sent < queue[0]!.length) queue[0] = queue[0]!.subarray(sent);
      else queue.shift();
    }
    for (const client of ended) {
      const queue = queues.get(client);
      if (queue?.length !== 0) continue;
      queues.delete(client);
      await client[Symbol.asyncDispose](); // sends what is on its way
    }
    for (const queue of queues.values()) most = Math.max(most, queue.length);
  } while (ended.size < 2 || queues.size > 0);
  console.log(`messages waited for the lazy one: ${most > 1}`);
}

/** One client sends a lot and reads nothing; the other one does not notice. */
async function beClients(addr: Deno.Addr): Promise<void> {
  const lazy = await connect(addr);
  const quick = await connect(addr);
  const sending = lazy.sendAll(new Uint8Array(SIZE))
    .then(() => lazy.closeWrite());
  for (const word of ["one", "two", "three"]) {
    await quick.sendAll(utf8.encode(`${word}\n`));
    console.log(`quick: ${await quick.readLine()}`);
  }
  await sending;
  console.log("lazy: all is sent, nothing read");
  let count = 0;
  for (let octets; (octets = await lazy.receive());) count += octets.length;
  console.log(`lazy: ${count} octets came back`);
  lazy.close();
  quick.close();
}

await serve();
