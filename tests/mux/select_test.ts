import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { POLLERR, POLLHUP, POLLIN } from "../../mux/event_bits.ts";
import type { Waitable } from "../../mux/readiness.ts";
import { select } from "../../mux/select.ts";
import { Wakeup } from "../../mux/wakeup.ts";
import { connect } from "../../tcp/connect.ts";
import { listen } from "../../tcp/listener.ts";
import { UdpSocket } from "../../udp/socket.ts";
import { octets, pair, text } from "../tcp/_pair.ts";
import { Fake, LIMIT } from "./_fake.ts";

/** A source that is readable. */
function woken(): Wakeup {
  const wakeup = new Wakeup();
  wakeup.wake();
  return wakeup;
}

Deno.test("select() answers those of each list that are ready, in its order", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  const [first, idle, last] = [woken(), new Wakeup(), woken()];
  await client.sendAll(octets("x"));
  assertEquals(await select([server], [], [], LIMIT), [[server], [], []]);
  assertEquals(
    await select([last, server, idle, first], [idle, server], [server]),
    [[last, server, first], [server], []],
  );
});

Deno.test("select() answers a source as often as it is in a list", async () => {
  const source = woken();
  assertEquals(await select([source, source]), [[source, source], [], []]);
});

Deno.test("select() accepts whatever can be iterated over", async () => {
  const source = woken();
  assertEquals(await select(new Set([source]), new Set<Wakeup>()), [
    [source],
    [],
    [],
  ]);
});

Deno.test("select() answers nothing when the time is over", async () => {
  using sockets = await pair();
  const { server } = sockets;
  const start = performance.now();
  for (const sources of [[], [server]]) {
    const selected = await select(sources, [], sources, { timeoutMs: 5 });
    assertEquals(selected, [[], [], []]);
  }
  assert(performance.now() - start >= 9, "early");
});

Deno.test("select() with timeoutMs 0 sees what is in the kernel", async () => {
  using listener = listen();
  using client = await connect(listener.addr);
  const now = { timeoutMs: 0 };
  assertEquals(await select([listener], [], [], now), [[listener], [], []]);
  using server = listener.tryAccept()!;
  assertEquals(await select([server], [], [], now), [[], [], []]);
  await client.sendAll(octets("x"));
  assertEquals(await select([server], [], [], now), [[server], [], []]);
  assertEquals(text(server.tryReceive()), "x");
  client.close();
  assertEquals(await select([server], [], [], now), [[server], [], []]);
  assertEquals(server.tryReceive(), null);

  await using udp = UdpSocket.bind();
  assertEquals(await select([udp], [], [], now), [[], [], []]);
  await udp.sendTo(octets("y"), udp.localAddr);
  assertEquals(await select([udp], [udp], [], now), [[udp], [udp], []]);
});

Deno.test("select() with timeoutMs 0 sees all of many that are in the kernel", async () => {
  const pairs = await Promise.all(Array.from({ length: 300 }, () => pair()));
  try {
    for (const { client } of pairs) await client.sendAll(octets("x"));
    const servers = pairs.map(({ server }) => server);
    const [readable] = await select(servers, [], [], { timeoutMs: 0 });
    assertEquals(readable.length, 300);
  } finally {
    for (const both of pairs) both[Symbol.dispose]();
  }
});

Deno.test("select() takes nothing", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  await client.sendAll(octets("hello"));
  for (let i = 0; i < 3; i++) {
    assertEquals(await select([server], [], [], LIMIT), [[server], [], []]);
  }
  assertEquals(text(await server.receive()), "hello");
});

Deno.test("select() that timed out loses nothing", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  await select([server], [], [], { timeoutMs: 1 });
  await client.sendAll(octets("late"));
  assertEquals(text(await server.receive(undefined, LIMIT)), "late");
});

Deno.test("select() wakes for what comes while it waits", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  const selecting = select([server, new Wakeup()], [], [], LIMIT);
  await client.sendAll(octets("x"));
  assertEquals(await selecting, [[server], [], []]);
});

Deno.test("select() throws the reason of its signal, before and while it waits", async () => {
  const reason = { any: "value" };
  const idle = new Fake();
  const signal = AbortSignal.abort(reason);
  const early = select([idle, woken()], [], [], { signal });
  assertStrictEquals(await early.catch((error) => error), reason);
  assertEquals(idle.arms, []);

  const controller = new AbortController();
  const selecting = select([idle], [], [], { signal: controller.signal });
  controller.abort(reason);
  assertStrictEquals(await selecting.catch((error) => error), reason);
  assertEquals(idle.watchers.size, 0);
});

Deno.test("select() is not moved by an abort after it", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const source = woken();
  assertEquals(await select([source], [], [], { signal }), [[source], [], []]);
  controller.abort();
});

Deno.test("select() leaves nobody watching, whatever the outcome", async () => {
  const source = new Fake();
  await select([source], [source], [source], { timeoutMs: 1 });
  await assertRejects(() => select([source], [], [], { timeoutMs: -1 }));
  source.comes();
  await select([source]);
  assertEquals(source.watchers.size, 0);
});

Deno.test("select() refuses a timeout that is negative or not a number", async () => {
  for (const timeoutMs of [-1, NaN, -Infinity]) {
    await assertRejects(() => select([], [], [], { timeoutMs }), RangeError);
  }
});

Deno.test("select() refuses what is no source, and tells how to adopt a connection", async () => {
  for (const value of [null, undefined, 7, "text", {}, () => {}]) {
    await assertRejects(
      () => select([value as unknown as Waitable]),
      TypeError,
      "it is no source",
    );
  }
  using raw = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await assertRejects(
    () => select([raw as unknown as Waitable]),
    TypeError,
    "adopt it by new TcpSocket(), TcpListener() or UdpSocket()",
  );
});

Deno.test("select() refuses a source that is closed", async () => {
  const source = new Wakeup();
  source.close();
  for (const lists of [[[source]], [[], [source]], [[], [], [source]]]) {
    const [read, write, except] = lists;
    await assertRejects(
      () => select(read!, write, except),
      Deno.errors.BadResource,
      "Cannot select: a source is closed",
    );
  }
});

Deno.test("select() ends when a source is closed while it waits", async () => {
  using sockets = await pair();
  const { server } = sockets;
  const selecting = select([server], [], [], LIMIT);
  server.close();
  assertEquals(await selecting, [[server], [], []]);
});

Deno.test("select() reports the end as readable, and an error as exceptional too", async () => {
  const [ended, failed] = [new Fake(POLLIN | POLLHUP), new Fake(POLLERR)];
  assertEquals(
    await select([ended, failed], [], [ended, failed]),
    [[ended, failed], [], [failed]],
  );
});

Deno.test("select() waits on, and does not spin, for what nobody asked for", async () => {
  const hungUp = new Fake(POLLHUP);
  const later = new Wakeup();
  const none = await select([], [], [hungUp], { timeoutMs: 20 });
  assertEquals(none, [[], [], []]);
  assert(hungUp.looks < 10, `looked ${hungUp.looks} times`);
  const selecting = select([later], [], [hungUp], LIMIT);
  later.wake();
  assertEquals(await selecting, [[later], [], []]);
});

Deno.test("select() waits for as many at a time as there are callers", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  const both = [
    select([server], [], [], LIMIT),
    select([new Wakeup(), server], [], [], LIMIT),
  ];
  await client.sendAll(octets("x"));
  assertEquals(await Promise.all(both), [
    [[server], [], []],
    [[server], [], []],
  ]);
  assertEquals(text(server.tryReceive()), "x");
});
