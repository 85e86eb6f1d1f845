/** Echo servers that serve so many messages, and then rest. */
import { EPOLLET, EPOLLIN, EVENT_READ } from "../../mux/event_bits.ts";
import { Epoll } from "../../mux/epoll.ts";
import { select } from "../../mux/select.ts";
import { Selector } from "../../mux/selector.ts";
import { listen } from "../../tcp/listener.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import { type Crowd, gather } from "./_crowd.ts";

/** Serves so many messages. */
export type Serve = (messages: number) => Promise<void>;

/** The least that Deno offers: for each connection, read and write. */
export async function rawServer(crowd: Crowd): Promise<Serve> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const conns = await gather(crowd, port, () => listener.accept());
  let left = 0;
  let resting = Promise.withResolvers<void>();
  let done = () => {};
  const echo = async (conn: Deno.TcpConn): Promise<void> => {
    const buffer = new Uint8Array(65_536);
    for (;;) {
      const count = await conn.read(buffer);
      if (count === null) return;
      while (left <= 0) await resting.promise;
      await conn.write(buffer.subarray(0, count));
      if (--left === 0) done();
    }
  };
  for (const conn of conns) echo(conn);
  return (messages) => {
    left = messages;
    const { promise, resolve } = Promise.withResolvers<void>();
    done = () => {
      resting = Promise.withResolvers();
      resolve();
    };
    resting.resolve();
    return promise;
  };
}

/** Waits for all with a {@linkcode Selector}. */
export async function selectorServer(crowd: Crowd): Promise<Serve> {
  const selector = new Selector<TcpSocket>();
  for (const socket of await sockets(crowd)) {
    selector.register(socket, EVENT_READ, socket);
  }
  return async (messages) => {
    while (messages > 0) {
      for (const [key] of await selector.select()) messages -= echo(key.data);
    }
  };
}

/** Waits for all with an {@linkcode Epoll}, by edges. */
export async function epollServer(crowd: Crowd): Promise<Serve> {
  const epoll = new Epoll<TcpSocket>();
  for (const socket of await sockets(crowd)) {
    epoll.register(socket, EPOLLIN | EPOLLET);
  }
  return async (messages) => {
    while (messages > 0) {
      for (const [socket] of await epoll.poll()) messages -= echo(socket);
    }
  };
}

/** Waits for all with {@linkcode select}, which looks at each every time. */
export async function selectServer(crowd: Crowd): Promise<Serve> {
  const all = await sockets(crowd);
  return async (messages) => {
    while (messages > 0) {
      const [readable] = await select(all);
      for (const socket of readable) messages -= echo(socket);
    }
  };
}

async function sockets(crowd: Crowd): Promise<TcpSocket[]> {
  const listener = listen();
  const { port } = listener.addr as Deno.NetAddr;
  return await gather(crowd, port, () => listener.accept());
}

/** How many messages were sent back. */
function echo(socket: TcpSocket): number {
  const octets = socket.tryReceive();
  if (!octets) return 0;
  socket.trySend(octets);
  return 1;
}
