import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { UdpSocket } from "../../udp/socket.ts";
import { type Next, random, STRESS, withSeed } from "../sync/_random.ts";
import { bytes, manual, settle, SOON } from "./_sockets.ts";

const DONE = { done: true as const, value: undefined };

Deno.test("UdpSocket's iterator ends by return() while it waits, and loses nothing", async () => {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  const datagrams = to[Symbol.asyncIterator]();
  const pending = [datagrams.next(), datagrams.next()];
  assertEquals(await datagrams.return!(), DONE);
  assertEquals(await Promise.all(pending), [DONE, DONE]);
  await from.sendTo(bytes(1), to.localAddr);
  assertEquals((await to.receive(SOON)).data, bytes(1));
  assertEquals(to.closed, false);
});

Deno.test("UdpSocket's iterator is done for good after return()", async () => {
  await using to = UdpSocket.bind();
  const datagrams = to[Symbol.asyncIterator]();
  await datagrams.return!();
  assertEquals([await datagrams.next(), await datagrams.return!()], [
    DONE,
    DONE,
  ]);
  for await (const _ of datagrams) throw new Error("goes on");
});

Deno.test("UdpSocket's iterator loses nothing to a return() at the moment of arrival", async () => {
  for (let turns = 0; turns < 12; turns++) {
    const { conn, arrive } = manual();
    await using socket = new UdpSocket(conn);
    const datagrams = socket[Symbol.asyncIterator]();
    const pending = datagrams.next();
    arrive(5, 7);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    await datagrams.return!();
    const { value } = await pending;
    const { data } = value ?? await socket.receive(SOON);
    assertEquals(data, bytes(5), `after ${turns} turns`);
  }
});

Deno.test("UdpSocket's iterator answers several next() in their order", async () => {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  const datagrams = to[Symbol.asyncIterator]();
  const pending = [1, 2, 3].map(() => datagrams.next());
  for (const i of [1, 2, 3]) await from.sendTo(bytes(i), to.localAddr);
  const values = (await Promise.all(pending)).map(({ value }) => value?.data);
  assertEquals(values, [bytes(1), bytes(2), bytes(3)]);
});

Deno.test("UdpSocket's iterator passes an error of the socket on, then is done", async () => {
  const { conn } = manual();
  conn.receive = () => Promise.reject(new Deno.errors.ConnectionReset("gone"));
  await using socket = new UdpSocket(conn);
  const datagrams = socket[Symbol.asyncIterator]();
  await assertRejects(() => datagrams.next(), Deno.errors.ConnectionReset);
  assertEquals(await datagrams.next(), DONE);
});

Deno.test("UdpSocket's iterator is done when its socket is closed, also while it waits", async () => {
  const socket = UdpSocket.bind();
  const datagrams = socket[Symbol.asyncIterator]();
  assertStrictEquals(datagrams[Symbol.asyncIterator](), datagrams);
  const pending = datagrams.next();
  await settle();
  await socket[Symbol.asyncDispose]();
  assertEquals([await pending, await datagrams.next()], [DONE, DONE]);
});

const DATAGRAMS = STRESS ? 200_000 : 1_500;

/**
 * Sends numbered datagrams to many callers that give up at random. Answers the
 * numbers received, in the order in which their receivers began to wait.
 */
async function storm(
  total: number,
  next: Next,
): Promise<number[]> {
  await using to = UdpSocket.bind();
  await using from = UdpSocket.bind();
  const received: [place: number, datagram: number][] = [];
  const controllers = Array.from({ length: 24 }, () => new AbortController());
  let places = 0;
  let progress = performance.now();
  const caller = async (_: unknown, id: number) => {
    while (received.length < total) {
      const place = places++;
      if (controllers[id]!.signal.aborted) {
        controllers[id] = new AbortController();
      }
      const { signal } = controllers[id]!;
      try {
        const { data } = await to.receive({ timeoutMs: next(4), signal });
        received.push([place, new DataView(data.buffer).getUint32(0)]);
        progress = performance.now();
      } catch (error) {
        if (
          error !== "gone" && (error as DOMException).name !== "TimeoutError"
        ) throw error;
        if (performance.now() - progress > 5_000) {
          throw new Error("a datagram is lost");
        }
      }
    }
  };
  const callers = Promise.all(controllers.map(caller));
  const sender = (async () => {
    for (let sent = 0; sent < total; sent++) {
      const data = new Uint8Array(4);
      new DataView(data.buffer).setUint32(0, sent);
      controllers[next(24)]!.abort("gone");
      await from.sendTo(data, to.localAddr);
      controllers[next(24)]!.abort("gone");
      if (next(64) === 0) {
        await new Promise((resolve) => setTimeout(resolve, next(4)));
      }
      while (sent - received.length > 100) {
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
  })();
  await Promise.all([callers, sender]);
  return received.sort(([a], [b]) => a - b).map(([, datagram]) => datagram);
}

Deno.test("UdpSocket.receive() loses, doubles and reorders nothing when callers give up at random", async () => {
  await withSeed(1, async (seed) => {
    const received = await storm(DATAGRAMS, random(seed));
    assertEquals(received, [...Array(DATAGRAMS).keys()]);
  });
});
