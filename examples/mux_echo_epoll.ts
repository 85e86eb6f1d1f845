/**
 * What `Epoll` can tell, and when: as long as something is there (level), when
 * something comes (edge), and once until it is told to go on (one-shot). At the end
 * an echo server by edges, which must take all there is each time.
 *
 *     deno run --allow-net=127.0.0.1 examples/mux_echo_epoll.ts
 */
import { Epoll, EPOLLET, EPOLLIN, EPOLLONESHOT } from "@lockstep/lockstep/mux";
import { connect, listen, TcpSocket } from "@lockstep/lockstep/tcp";

const utf8 = new TextEncoder();

{
  using listener = listen();
  using client = await connect(listener.addr);
  using server = await listener.accept();
  using epoll = new Epoll();
  epoll.register(server, EPOLLIN);
  const told = async (): Promise<string> => {
    const ready = await epoll.poll({ timeoutMs: 0 });
    return ready.length > 0 ? "told" : "not told";
  };

  await client.sendAll(utf8.encode("abcdef"));
  console.log(`level: ${await told()}, ${await told()}`);
  epoll.modify(server, EPOLLIN | EPOLLET);
  console.log(`edge: ${await told()}, ${await told()}`);
  server.tryReceive(1);
  console.log(`edge, five octets left: ${await told()}`);
  await client.sendAll(utf8.encode("g"));
  console.log(`edge, one more came: ${await told()}, ${await told()}`);
  epoll.modify(server, EPOLLIN | EPOLLONESHOT);
  console.log(`one-shot: ${await told()}`);
  await client.sendAll(utf8.encode("h"));
  console.log(`one-shot, one more came: ${await told()}`);
  epoll.modify(server, EPOLLIN | EPOLLONESHOT);
  console.log(`one-shot, modified: ${await told()}`);
}

using listener = listen();
using epoll = new Epoll<TcpSocket | typeof listener>();
epoll.register(listener, EPOLLIN | EPOLLET);
const clients = beClients(listener.addr);
for (let gone = 0; gone < 2;) {
  for (const [source] of await epoll.poll()) {
    if (source instanceof TcpSocket) gone += await drain(source);
    else {
      for (let client; (client = listener.tryAccept()) !== undefined;) {
        epoll.register(client, EPOLLIN | EPOLLET);
      }
    }
  }
}
await clients;

/** Takes all there is; 1 if that was the end. */
async function drain(client: TcpSocket): Promise<number> {
  for (let octets; (octets = client.tryReceive(2)) !== undefined;) {
    if (octets === null) {
      client.close(); // and is forgotten
      return 1;
    }
    await client.sendAll(octets);
  }
  return 0;
}

async function beClients(addr: Deno.Addr): Promise<void> {
  for (const line of ["hello", "world"]) {
    using socket = await connect(addr);
    await socket.sendAll(utf8.encode(`${line}\n`));
    console.log(`echo: ${await socket.readLine()}`);
    await socket.closeWrite();
    await socket.receive();
  }
}
