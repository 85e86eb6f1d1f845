/*
 * One socket, and all ways to get at what arrives there, one after the other or at
 * once: each octet arrives once, and in order.
 */
import { assert, assertEquals } from "@std/assert";
import { Epoll } from "../../mux/epoll.ts";
import { EPOLLET, EPOLLIN, EVENT_READ, POLLIN } from "../../mux/event_bits.ts";
import { Poll } from "../../mux/poll.ts";
import { select } from "../../mux/select.ts";
import { Selector } from "../../mux/selector.ts";
import { isTimeout } from "../../sync/wait_options.ts";
import { connect } from "../../tcp/connect.ts";
import { listen } from "../../tcp/listener.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import { UnexpectedEofError } from "../../tcp/unexpected_eof.ts";
import { UdpSocket } from "../../udp/socket.ts";
import { type Next, random, STRESS, withSeed } from "../sync/_random.ts";
import { octets, pair, text } from "../tcp/_pair.ts";
import { LIMIT } from "./_fake.ts";

const SIZE = STRESS ? 3_000_000 : 60_000;
const ENDED = Symbol("ended");
type Taken = Uint8Array | null | undefined;

/** The octets of a stream, each of which tells where it belongs. */
class Ledger {
  count = 0;
  ended = false;

  static octet(at: number): number {
    return (at ^ (at >> 8) ^ (at >> 16)) & 0xff;
  }

  enter(taken: Taken): void {
    if (taken === undefined) return;
    this.ended = taken === null;
    for (const octet of taken ?? []) {
      if (octet !== Ledger.octet(this.count++)) {
        throw new Error(`octet ${this.count - 1} is not the next one`);
      }
    }
  }
}

/** Sends the octets in pieces, with pauses, and ends. */
async function send(socket: TcpSocket, next: Next): Promise<void> {
  for (let at = 0; at < SIZE;) {
    const length = Math.min(1 + next(3_000), SIZE - at);
    const piece = Uint8Array.from(
      { length },
      (_, i) => Ledger.octet(at + i),
    );
    await socket.sendAll(piece);
    at += length;
    if (next(3) === 0) await new Promise((done) => setTimeout(done, next(2)));
  }
  await socket.closeWrite();
}

/** What a receive brings, `undefined` if it had to give up. */
function given(receiving: Promise<Taken>): Promise<Taken> {
  return receiving.catch((error) => {
    const isOver = error instanceof UnexpectedEofError; // and took nothing
    if (isOver || isTimeout(error) || error === ENDED) return undefined;
    throw error;
  });
}

Deno.test("A socket loses nothing that moves between selectors and receives", async () => {
  await withSeed(2, async (seed) => {
    const next = random(seed);
    using sockets = await pair();
    const { client, server } = sockets;
    using selector = new Selector<number>();
    using poll = new Poll();
    using epoll = new Epoll();
    const ledger = new Ledger();
    const sending = send(client, random(seed + 1));
    const limit = () => ({ timeoutMs: next(3) });

    const moves: (() => Promise<Taken>)[] = [
      () => given(server.receive(1 + next(2_000), limit())),
      () => given(server.receiveExactly(1 + next(300), limit())),
      () => Promise.resolve(server.tryReceive(1 + next(2_000))),
      async () => {
        const [ready] = await select([server], [], [], limit());
        if (ready.length > 0) return server.tryReceive(1 + next(500));
      },
      async () => {
        if (selector.map.has(server)) selector.unregister(server);
        else selector.register(server, EVENT_READ, 1);
        const ready = await selector.select(limit());
        if (ready.length > 0) return server.tryReceive(1 + next(500));
      },
      async () => {
        poll.register(server, POLLIN);
        const ready = await poll.poll(limit());
        if (next(2) === 0) poll.unregister(server);
        if (ready.length > 0) return server.tryReceive(1 + next(500));
      },
      async () => {
        if (epoll.size > 0 && next(2) === 0) epoll.unregister(server);
        else if (epoll.size > 0) epoll.modify(server, EPOLLIN | EPOLLET);
        else epoll.register(server, EPOLLIN | EPOLLET);
        const ready = await epoll.poll(limit());
        if (ready.length > 0) return server.tryReceive(1 + next(500));
      },
      async () => { // two at once, one of which gives up
        const ending = new AbortController();
        const { signal } = ending;
        const both = [
          given(server.receive(1 + next(500), { signal })),
          given(server.receive(1 + next(500), limit())),
        ];
        if (next(2) === 0) ending.abort(ENDED);
        const timer = setTimeout(() => ending.abort(ENDED), next(3));
        const [first, second] = await Promise.all(both);
        clearTimeout(timer);
        ledger.enter(first);
        return second;
      },
    ];
    while (!ledger.ended) {
      ledger.enter(await moves[next(moves.length)]!());
    }
    assertEquals(ledger.count, SIZE);
    await sending;
  });
});

Deno.test("A listener loses no connection that moves between selectors and accepts", async () => {
  await withSeed(2, async (seed) => {
    const next = random(seed);
    using listener = listen();
    using selector = new Selector<number>();
    const clients: TcpSocket[] = [];
    const accepted = new Map<number, number>();
    const enter = (socket: TcpSocket | undefined) => {
      if (socket === undefined) return;
      const { port } = socket.remoteAddr as Deno.NetAddr;
      accepted.set(port, (accepted.get(port) ?? 0) + 1);
      socket.close();
    };
    const late = () => undefined; // it timed out
    for (let step = 0; accepted.size < 40; step++) {
      assert(step < 10_000, `${accepted.size} of 40`);
      if (clients.length < 40) clients.push(await connect(listener.addr));
      const limit = { timeoutMs: next(2) };
      const move = next(4);
      if (move === 0) enter(await listener.accept(limit).catch(late));
      else if (move === 1) enter(listener.tryAccept());
      else if (move === 2) {
        const [ready] = await select([listener], [], [], limit);
        if (ready.length > 0) enter(listener.tryAccept());
      } else {
        if (selector.map.has(listener)) selector.unregister(listener);
        else selector.register(listener, EVENT_READ, 1);
        if ((await selector.select(limit)).length > 0) {
          enter(listener.tryAccept());
        }
      }
    }
    assertEquals([...accepted.values()], Array(40).fill(1));
    for (const client of clients) client.close();
  });
});

Deno.test("A datagram that came for a selector is there for the next receive", async () => {
  await using socket = UdpSocket.bind();
  const send = (word: string) => socket.sendTo(octets(word), socket.localAddr);
  using first = new Selector<number>();
  first.register(socket, EVENT_READ, 1);
  assertEquals(await first.select({ timeoutMs: 0 }), []);
  await send("one");
  assertEquals((await first.select(LIMIT)).length, 1);
  first.unregister(socket);
  await send("two");
  using second = new Selector<number>();
  second.register(socket, EVENT_READ, 2);
  assertEquals((await second.select(LIMIT)).length, 1);
  assertEquals(text(socket.tryReceive()?.data), "one");
  assertEquals(text((await socket.receive(LIMIT)).data), "two");
  await send("three");
  assertEquals((await second.select(LIMIT)).length, 1);
  assertEquals(text(socket.tryReceive()?.data), "three");
});
