import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Epoll } from "../../mux/epoll.ts";
import {
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
  EPOLLPRI,
  EPOLLRDHUP,
} from "../../mux/event_bits.ts";
import type { Waitable } from "../../mux/readiness.ts";
import { StreamSource } from "../../mux/stream_source.ts";
import { Wakeup } from "../../mux/wakeup.ts";
import { Queue } from "../../sync/queue.ts";
import { connect } from "../../tcp/connect.ts";
import { listen } from "../../tcp/listener.ts";
import { UdpSocket } from "../../udp/socket.ts";
import { octets, pair, text } from "../tcp/_pair.ts";
import { random, withSeed } from "../sync/_random.ts";
import { Fake, LIMIT } from "./_fake.ts";

const NOW = { timeoutMs: 0 };
const BOTH = EPOLLIN | EPOLLOUT;

Deno.test("Epoll has the numbers of Linux", () => {
  assertEquals(
    [EPOLLIN, EPOLLPRI, EPOLLOUT, EPOLLERR, EPOLLHUP, EPOLLRDHUP],
    [0x1, 0x2, 0x4, 0x8, 0x10, 0x2000],
  );
  assertEquals([EPOLLONESHOT, EPOLLET], [1 << 30, 2 ** 31]);
});

Deno.test("Epoll.poll() reports by level as long as something is there", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using epoll = new Epoll();
  epoll.register(server, EPOLLIN);
  await client.sendAll(octets("ab"));
  for (const letter of "ab") {
    assertEquals(await epoll.poll(LIMIT), [[server, EPOLLIN]]);
    assertEquals(text(server.tryReceive(1)), letter);
  }
  assertEquals(await epoll.poll(NOW), []);
});

// As test_control_and_wait of CPython.
Deno.test("Epoll.poll() reports both ways by edge, each once", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using epoll = new Epoll();
  for (const socket of [client, server]) {
    epoll.register(socket, BOTH | EPOLLET);
  }
  const events = async () => {
    const found = new Map(await epoll.poll(NOW));
    return [found.get(client), found.get(server)];
  };
  assertEquals(await events(), [EPOLLOUT, EPOLLOUT]);
  assertEquals(await events(), [undefined, undefined]);
  await client.sendAll(octets("Hello!"));
  await server.sendAll(octets("world!!!"));
  assertEquals(await events(), [BOTH, BOTH]);
  assertEquals(text(client.tryReceive()), "world!!!");
  assertEquals(text(server.tryReceive()), "Hello!");
  epoll.unregister(client);
  epoll.modify(server, EPOLLOUT);
  assertEquals(await events(), [undefined, EPOLLOUT]);
});

Deno.test("Epoll.poll() tells an edge-triggered reader that does not drain of new octets only", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using epoll = new Epoll();
  epoll.register(server, EPOLLIN | EPOLLET);
  await client.sendAll(octets("abc"));
  assertEquals(await epoll.poll(LIMIT), [[server, EPOLLIN]]);
  for (const letter of "ab") {
    assertEquals(await epoll.poll(NOW), []);
    assertEquals(text(server.tryReceive(1)), letter);
  }
  assertEquals(await epoll.poll(NOW), []);
  await client.sendAll(octets("d"));
  assertEquals(await epoll.poll(LIMIT), [[server, EPOLLIN]]);
  assertEquals(text(server.tryReceive()), "cd");
  assertEquals(await epoll.poll(NOW), []);
  await client.closeWrite();
  assertEquals(await epoll.poll(LIMIT), [[server, EPOLLIN]]);
  assertEquals(await epoll.poll(NOW), []);
  assertEquals(server.tryReceive(), null);
});

Deno.test("Epoll.poll() tells a listener and a datagram by edge, each once", async () => {
  using listener = listen();
  await using udp = UdpSocket.bind();
  using epoll = new Epoll<Waitable>();
  epoll.register(listener, EPOLLIN | EPOLLET);
  epoll.register(udp, EPOLLIN | EPOLLET);
  for (let round = 0; round < 2; round++) {
    using client = await connect(listener.addr);
    await udp.sendTo(octets("x"), udp.localAddr);
    const ready = new Map(await epoll.poll(NOW));
    assertEquals([ready.get(listener), ready.get(udp)], [EPOLLIN, EPOLLIN]);
    assertEquals(await epoll.poll(NOW), []);
    using server = listener.tryAccept();
    assertEquals(server?.remoteAddr, client.localAddr);
    assertEquals(text(udp.tryReceive()?.data), "x");
    assertEquals(await epoll.poll(NOW), []);
  }
});

Deno.test("Epoll.poll() loses no edge to octets that exceed what a socket keeps", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using epoll = new Epoll();
  epoll.register(server, EPOLLIN | EPOLLET);
  const size = 1_000_000;
  const sent = client.sendAll(new Uint8Array(size)).then(() =>
    client.closeWrite()
  );
  let count = 0;
  for (let ended = false; !ended;) {
    assertEquals(await epoll.poll(LIMIT), [[server, EPOLLIN]]);
    for (let taken; (taken = server.tryReceive(10_000)) !== undefined;) {
      count += taken?.length ?? 0;
      ended = taken === null;
      if (ended) break;
    }
  }
  assertEquals(count, size);
  await sent;
});

Deno.test("Epoll.poll() loses no edge to a reader that waits itself", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using epoll = new Epoll();
  epoll.register(server, EPOLLIN | EPOLLET);
  const sent = client.sendAll(new Uint8Array(300_000));
  for (let left = 300_000; left > 0; left -= 10_000) {
    await server.receiveExactly(10_000, LIMIT);
  }
  await sent;
  await epoll.poll(NOW); // maybe of what is taken already
  assertEquals(await epoll.poll(NOW), []);
  await client.sendAll(octets("x"));
  assertEquals(await epoll.poll(LIMIT), [[server, EPOLLIN]]);
});

Deno.test("Epoll.poll() by edge loses nothing, however it comes", async () => {
  await withSeed(3, async (seed) => {
    const next = random(seed);
    using sockets = await pair();
    const { client, server } = sockets;
    using epoll = new Epoll();
    epoll.register(server, EPOLLIN | EPOLLET);
    const sending = (async () => {
      for (let i = 0; i < 200; i++) {
        await client.sendAll(new Uint8Array(1 + next(4_000)).fill(i));
        if (next(4) === 0) await new Promise((done) => setTimeout(done, 0));
      }
      await client.closeWrite();
    })();
    let last = 0;
    for (let ended = false; !ended;) {
      const ready = await epoll.poll(LIMIT);
      assertEquals(ready.length, 1, "an edge was lost");
      for (;;) {
        const taken = server.tryReceive(1 + next(3_000));
        ended = taken === null;
        if (!taken) break;
        for (const octet of taken) {
          assert(octet === last || octet === last + 1, "out of order");
          last = octet;
        }
      }
    }
    assertEquals(last, 199);
    await sending;
  });
});

Deno.test("Epoll.poll() reports a primitive by edge as long as it is ready, and loses nothing", async () => {
  const queue = new Queue<string>();
  using epoll = new Epoll();
  epoll.register(queue, EPOLLIN | EPOLLET);
  for (let round = 0; round < 3; round++) {
    await queue.put("item"); // when the one before is taken
    assertEquals(await epoll.poll(LIMIT), [[queue, EPOLLIN]]);
    assertEquals(queue.tryGet(), "item");
  }
  assertEquals(await epoll.poll(NOW), []);
});

Deno.test("Epoll.poll() reports once with EPOLLONESHOT, until it is modified", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  for (const edge of [0, EPOLLET]) {
    using epoll = new Epoll();
    epoll.register(server, EPOLLIN | EPOLLONESHOT | edge);
    await client.sendAll(octets("x"));
    assertEquals(await epoll.poll(LIMIT), [[server, EPOLLIN]]);
    await client.sendAll(octets("y"));
    assertEquals(await epoll.poll(NOW), []);
    assertEquals(epoll.size, 1);
    epoll.modify(server, EPOLLIN | EPOLLONESHOT | edge);
    assertEquals(await epoll.poll(LIMIT), [[server, EPOLLIN]]);
    assertEquals(text(await server.receiveExactly(2)), "xy");
  }
});

Deno.test("Epoll.poll() gives a one-shot source to one of those who wait", async () => {
  using epoll = new Epoll();
  const sources = [new Fake(), new Fake()];
  for (const source of sources) epoll.register(source, EPOLLIN | EPOLLONESHOT);
  const waits = [epoll.poll(LIMIT), epoll.poll(LIMIT)];
  sources[0]!.comes();
  const first = await Promise.race(waits);
  assertEquals(first, [[sources[0]!, EPOLLIN]]);
  sources[1]!.comes();
  const both = (await Promise.all(waits)).flat();
  assertEquals(new Map(both).size, 2);
});

Deno.test("Epoll.poll() takes no edge when it is aborted", async () => {
  using epoll = new Epoll();
  const source = new Fake();
  epoll.register(source, EPOLLIN | EPOLLET);
  const controller = new AbortController();
  const { signal } = controller;
  const polling = epoll.poll({ signal }).catch((reason) => reason);
  controller.abort("enough");
  source.comes();
  assertEquals(await polling, "enough");
  assertEquals(await epoll.poll(NOW), [[source, EPOLLIN]]);
});

Deno.test("Epoll.poll() is fair to those beyond maxEvents", async () => {
  using epoll = new Epoll<Fake>();
  const sources = Array.from({ length: 10 }, () => new Fake(EPOLLIN));
  for (const source of sources) epoll.register(source, EPOLLIN);
  const times = new Map<Fake, number>();
  for (let wait = 0; wait < 20; wait++) {
    const ready = await epoll.poll({ maxEvents: 3 });
    assertEquals(ready.length, 3);
    for (const [source] of ready) {
      times.set(source, (times.get(source) ?? 0) + 1);
    }
  }
  assertEquals(sources.map((it) => times.get(it)), Array(10).fill(6));
});

Deno.test("Epoll.poll() reports edges beyond maxEvents next time", async () => {
  using epoll = new Epoll();
  const sources = Array.from({ length: 5 }, () => new Fake(EPOLLIN));
  for (const source of sources) epoll.register(source, EPOLLIN | EPOLLET);
  const seen = [];
  for (const count of [2, 2, 1, 0]) {
    const ready = await epoll.poll({ ...NOW, maxEvents: 2 });
    assertEquals(ready.length, count);
    seen.push(...ready.map(([source]) => source));
  }
  assertEquals(new Set(seen), new Set(sources));
});

Deno.test("Epoll.poll() refuses a maxEvents below 1, and a timeout that is none", async () => {
  using epoll = new Epoll();
  for (const maxEvents of [0, -1, NaN]) {
    await assertRejects(
      () => epoll.poll({ maxEvents }),
      RangeError,
      `Cannot poll: maxEvents must be 1 or more, got ${maxEvents}`,
    );
  }
  await assertRejects(() => epoll.poll({ timeoutMs: -1 }), RangeError);
});

Deno.test("Epoll refuses a source twice, unknown ones, and events that are none", () => {
  using epoll = new Epoll();
  const source = new Wakeup();
  const { AlreadyExists, NotFound } = Deno.errors;
  assertThrows(() => epoll.modify(source, EPOLLIN), NotFound);
  assertThrows(() => epoll.unregister(source), NotFound);
  assertThrows(() => epoll.register(source, 0x100), RangeError);
  epoll.register(source);
  assertThrows(
    () => epoll.register(source),
    AlreadyExists,
    "Cannot register a source with the Epoll: it is registered already",
  );
  assertThrows(() => epoll.modify(source, 0x100), RangeError);
  epoll.unregister(source);
  assertThrows(() => epoll.unregister(source), NotFound);
});

Deno.test("Epoll forgets a source that is closed", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using epoll = new Epoll<Waitable>();
  epoll.register(server, EPOLLIN);
  const polling = epoll.poll(LIMIT);
  server.close();
  const wakeup = new Wakeup();
  epoll.register(wakeup, EPOLLIN);
  wakeup.wake();
  assertEquals(await polling, [[wakeup, EPOLLIN]]);
  assertEquals(epoll.size, 1);
  client.close();
  epoll.register(client, EPOLLIN);
  epoll.unregister(wakeup);
  assertEquals(await epoll.poll(NOW), []);
  assertEquals(epoll.size, 0);
});

Deno.test("Epoll.close() ends the waits with nothing, and refuses all but itself", async () => {
  const epoll = new Epoll();
  const source = new Fake();
  epoll.register(source);
  const polling = epoll.poll();
  epoll.close();
  epoll.close();
  assertEquals(await polling, []);
  assertEquals([epoll.closed, source.watchers.size], [true, 0]);
  const { BadResource } = Deno.errors;
  await assertRejects(() => epoll.poll(), BadResource);
  assertThrows(() => epoll.register(source), BadResource);
  assertThrows(() => epoll.modify(source, EPOLLIN), BadResource);
  assertThrows(() => epoll.unregister(source), BadResource);
});

Deno.test("Epoll.poll() by edge tells a stream that has failed once, and does not spin", async () => {
  const failing = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("torn")),
  });
  using source = new StreamSource(failing);
  using epoll = new Epoll();
  epoll.register(source, EPOLLIN | EPOLLET);
  const failed = EPOLLIN | EPOLLERR | EPOLLHUP;
  assertEquals(await epoll.poll(LIMIT), [[source, failed]]);
  assertEquals(await epoll.poll({ timeoutMs: 5 }), []);
  assertThrows(() => source.tryReceive(), Error, "torn");
});

Deno.test("Epoll.poll() tells by edge that both sides are done", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using epoll = new Epoll();
  epoll.register(server, EPOLLIN | EPOLLRDHUP | EPOLLET);
  await client.closeWrite();
  const ended = EPOLLIN | EPOLLRDHUP;
  assertEquals(await epoll.poll(LIMIT), [[server, ended]]);
  await server.closeWrite();
  assertEquals(await epoll.poll(LIMIT), [[server, ended | EPOLLHUP]]);
});

Deno.test("Epoll.poll() by edge does not look at sources that were told", async () => {
  using epoll = new Epoll();
  const idle = Array.from({ length: 10_000 }, () => new Fake(EPOLLOUT));
  const busy = Array.from({ length: 100 }, () => new Fake(EPOLLOUT));
  for (const source of [...idle, ...busy]) {
    epoll.register(source, BOTH | EPOLLET);
  }
  assertEquals((await epoll.poll(NOW)).length, 10_100);
  const looks = (sources: Fake[]) => sources.reduce((n, it) => n + it.looks, 0);
  const before = looks(idle);
  for (let wait = 0; wait < 20; wait++) {
    for (const source of busy) source.comes();
    assertEquals((await epoll.poll(LIMIT)).length, 100);
    for (const source of busy) source.goes();
  }
  assertEquals(looks(idle), before);
});
