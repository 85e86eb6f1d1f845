import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  POLLPRI,
  POLLRDHUP,
} from "../../mux/event_bits.ts";
import { createConnection } from "node:net";
import { once } from "node:events";
import { Poll } from "../../mux/poll.ts";
import type { Waitable } from "../../mux/readiness.ts";
import { TimerSource } from "../../mux/timer_source.ts";
import { Wakeup } from "../../mux/wakeup.ts";
import { listen } from "../../tcp/listener.ts";
import { connect } from "../../tcp/connect.ts";
import { until } from "../sync/_until.ts";
import { octets, pair, text } from "../tcp/_pair.ts";
import { Fake, LIMIT } from "./_fake.ts";

const ALL = POLLIN | POLLOUT | POLLRDHUP;

Deno.test("Poll has the numbers of POSIX and Linux", () => {
  assertEquals(
    [POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP, POLLNVAL, POLLRDHUP],
    [0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x2000],
  );
});

Deno.test("Poll.poll() answers pairs of source and events, both ways at once", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using poll = new Poll();
  poll.register(server); // by default for all
  assertEquals(await poll.poll(LIMIT), [[server, POLLOUT]]);
  await client.sendAll(octets("x"));
  assertEquals(await poll.poll({ timeoutMs: 0 }), [[
    server,
    POLLIN | POLLOUT,
  ]]);
  assertEquals(text(server.tryReceive()), "x");
  assertEquals(await poll.poll(), [[server, POLLOUT]]);
  await client.sendAll(octets("y"));
  assertEquals(await poll.poll({ timeoutMs: 0 }), [[
    server,
    POLLIN | POLLOUT,
  ]]);
});

Deno.test("Poll.poll() reports a source as long as something is there", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using poll = new Poll();
  poll.register(server, POLLIN);
  await client.sendAll(octets("abc"));
  for (const letter of "abc") {
    assertEquals(await poll.poll(LIMIT), [[server, POLLIN]]);
    assertEquals(text(server.tryReceive(1)), letter);
  }
  assertEquals(await poll.poll({ timeoutMs: 0 }), []);
});

Deno.test("Poll.register() of a source that is registered modifies it", async () => {
  using poll = new Poll();
  const source = new Fake(POLLIN | POLLOUT);
  poll.register(source, POLLIN);
  poll.register(source, POLLOUT);
  assertEquals(poll.size, 1);
  assertEquals(await poll.poll(), [[source, POLLOUT]]);
});

Deno.test("Poll.modify() changes what is waited for, also while somebody waits", async () => {
  using poll = new Poll();
  const source = new Fake(POLLOUT);
  poll.register(source, POLLIN);
  const polling = poll.poll(LIMIT);
  assertEquals(await poll.poll({ timeoutMs: 1 }), []);
  poll.modify(source, POLLOUT);
  assertEquals(await polling, [[source, POLLOUT]]);
});

Deno.test("Poll.register() while somebody waits is seen", async () => {
  using poll = new Poll();
  poll.register(new Wakeup(), POLLIN);
  const polling = poll.poll(LIMIT);
  assertEquals(await poll.poll({ timeoutMs: 1 }), []);
  const source = new Fake(POLLIN);
  poll.register(source, POLLIN);
  assertEquals(await polling, [[source, POLLIN]]);
});

Deno.test("Poll.unregister() while somebody waits is seen, and leaves what has arrived", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using poll = new Poll();
  poll.register(server, POLLIN);
  assertEquals(await poll.poll({ timeoutMs: 0 }), []); // a read is under way
  const polling = poll.poll({ timeoutMs: 20 });
  poll.unregister(server);
  await client.sendAll(octets("x"));
  assertEquals(await polling, []);
  assertEquals(text(await server.receive(undefined, LIMIT)), "x");
});

Deno.test("Poll.modify() and unregister() refuse a source that they do not know", () => {
  using poll = new Poll();
  const source = new Wakeup();
  for (const known of [false, true]) {
    if (known) poll.register(source, POLLIN);
    if (known) poll.unregister(source);
    assertThrows(() => poll.modify(source, POLLIN), Deno.errors.NotFound);
    assertThrows(
      () => poll.unregister(source),
      Deno.errors.NotFound,
      "Cannot unregister a source of the Poll: it is not registered",
    );
  }
});

Deno.test("Poll.register() refuses events that are none, and what is no source", () => {
  using poll = new Poll();
  const source = new Wakeup();
  for (const events of [-1, 0.5, NaN, POLLERR, 0x4000_0000, 2 ** 32]) {
    assertThrows(() => poll.register(source, events), RangeError);
  }
  assertThrows(
    () => poll.register({} as unknown as Waitable),
    TypeError,
    "Cannot wait for Object: it is no source",
  );
  assertEquals(poll.size, 0);
});

Deno.test("Poll.modify() that is refused leaves the source as it was", async () => {
  using poll = new Poll();
  const source = new Fake(POLLIN);
  poll.register(source, POLLIN);
  assertThrows(() => poll.modify(source, -1), RangeError);
  assertEquals(await poll.poll(), [[source, POLLIN]]);
});

Deno.test("Poll.poll() answers nothing when the time is over", async () => {
  using poll = new Poll();
  assertEquals(await poll.poll({ timeoutMs: 1 }), []);
  poll.register(new Wakeup(), POLLIN);
  assertEquals(await poll.poll({ timeoutMs: 1 }), []);
  assertEquals(await poll.poll({ timeoutMs: 0 }), []);
  await assertRejects(() => poll.poll({ timeoutMs: -1 }), RangeError);
});

Deno.test("Poll.poll() throws the reason of its signal, and waits again", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using poll = new Poll();
  poll.register(server, POLLIN);
  const early = poll.poll({ signal: AbortSignal.abort("early") });
  assertEquals(await early.catch((reason) => reason), "early");
  const controller = new AbortController();
  const polling = poll.poll({ signal: controller.signal });
  const reason = new Error("any");
  controller.abort(reason);
  assertStrictEquals(await polling.catch((error) => error), reason);
  await client.sendAll(octets("x"));
  assertEquals(await poll.poll(LIMIT), [[server, POLLIN]]);
});

Deno.test("Poll.close() ends the waits with nothing, and refuses new ones", async () => {
  const poll = new Poll();
  const source = new Fake();
  poll.register(source, POLLIN);
  const polling = [poll.poll(), poll.poll(LIMIT)];
  poll.close();
  poll.close();
  assertEquals(await Promise.all(polling), [[], []]);
  assertEquals([poll.size, source.watchers.size], [0, 0]);
  const { BadResource } = Deno.errors;
  await assertRejects(() => poll.poll(), BadResource);
  assertThrows(() => poll.register(source), BadResource);
});

Deno.test("Poll.poll() tells the end, then that both sides are done", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using poll = new Poll();
  poll.register(server, ALL);
  await client.closeWrite();
  assertEquals(await poll.poll({ timeoutMs: 0 }), [[server, ALL]]);
  poll.modify(server, 0); // what is always told
  assertEquals(await poll.poll({ timeoutMs: 0 }), []);
  await server.closeWrite();
  assertEquals(await poll.poll(LIMIT), [[server, POLLHUP]]);
});

Deno.test("Poll.poll() tells POLLRDHUP to those only who ask for it", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using poll = new Poll();
  poll.register(server, POLLIN);
  await client.closeWrite();
  assertEquals(await poll.poll(LIMIT), [[server, POLLIN]]);
  poll.modify(server, POLLRDHUP);
  assertEquals(await poll.poll(LIMIT), [[server, POLLRDHUP]]);
});

Deno.test("Poll.poll() tells POLLRDHUP once what came before is taken", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using poll = new Poll();
  poll.register(server, POLLRDHUP);
  await client.sendAll(octets("bye"));
  await client.closeWrite();
  const polling = poll.poll(LIMIT);
  assertEquals(text(await server.receiveExactly(3, LIMIT)), "bye");
  assertEquals(await polling, [[server, POLLRDHUP]]);
});

Deno.test("Poll.poll() tells that a connection was reset", async () => {
  using listener = listen();
  const { hostname, port } = listener.addr as Deno.NetAddr;
  const client = createConnection({ host: hostname, port });
  const closed = once(client, "close");
  using server = await listener.accept(LIMIT);
  using poll = new Poll();
  poll.register(server, POLLIN);
  assertEquals(await poll.poll({ timeoutMs: 0 }), []);
  client.resetAndDestroy();
  await closed;
  const gone = POLLIN | POLLERR | POLLHUP;
  assertEquals(await poll.poll(LIMIT), [[server, gone]]);
  assertThrows(() => server.tryReceive(), Deno.errors.ConnectionReset);
});

Deno.test("Poll.poll() tells POLLNVAL for what is closed, before and while it waits", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using poll = new Poll();
  client.close();
  poll.register(client, POLLIN);
  assertEquals(await poll.poll(LIMIT), [[client, POLLNVAL]]);
  poll.unregister(client);
  poll.register(server, 0);
  const polling = poll.poll(LIMIT);
  server.close();
  assertEquals(await polling, [[server, POLLNVAL]]);
  poll.unregister(server);
  assertEquals(poll.size, 0);
});

Deno.test("Poll.poll() tells POLLOUT again when what was sent is on its way", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using poll = new Poll();
  poll.register(client, POLLOUT);
  const large = client.sendAll(new Uint8Array(16_777_216)); // nobody reads
  assertEquals(await poll.poll({ timeoutMs: 0 }), []);
  assertEquals(client.trySend(octets("x")), undefined);
  const polling = poll.poll(LIMIT);
  for (let count = 0; count < 16_777_216;) {
    count += (await server.receive(undefined, LIMIT))!.length;
  }
  await large;
  assertEquals(await polling, [[client, POLLOUT]]);
  assertEquals(client.trySend(octets("x")), 1);
});

Deno.test("Poll.poll() does not report octets that somebody else waits for", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using poll = new Poll();
  poll.register(server, POLLIN);
  const controller = new AbortController();
  const { signal } = controller;
  const ten = server.receiveExactly(10, { signal }).catch((reason) => reason);
  await client.sendAll(octets("three"));
  await until(() => server.traffic.received === 5);
  assertEquals(await poll.poll({ timeoutMs: 0 }), []);
  const polling = poll.poll(LIMIT);
  controller.abort("enough");
  assertEquals(await ten, "enough");
  assertEquals(await polling, [[server, POLLIN]]);
  assertEquals(text(server.tryReceive()), "three");
});

Deno.test("Poll.poll() does not keep timers and sockets waiting for a source that is ignored", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using timer = new TimerSource(2);
  using poll = new Poll<Waitable>();
  const ignored = new Fake(POLLIN);
  poll.register(ignored, POLLIN);
  poll.register(timer, POLLIN);
  poll.register(server, POLLIN);
  setTimeout(() => client.sendAll(octets("x")), 2);
  const seen = new Set<Waitable>();
  for (let turn = 0; seen.size < 3; turn++) {
    assert(turn < 1_000_000, "starved");
    for (const [source] of await poll.poll()) seen.add(source);
  }
  assert(seen.has(server) && seen.has(timer));
});

Deno.test("Poll.poll() looks at no more sources than changed or are ready", async () => {
  using poll = new Poll();
  const idle = Array.from({ length: 10_000 }, () => new Fake());
  const busy = Array.from({ length: 100 }, () => new Fake());
  for (const source of [...idle, ...busy]) poll.register(source, POLLIN);
  assertEquals(await poll.poll({ timeoutMs: 0 }), []);
  const looks = (sources: Fake[]) => sources.reduce((n, it) => n + it.looks, 0);
  const before = [looks(idle), looks(busy)] as const;
  for (let wait = 0; wait < 20; wait++) {
    for (const source of busy) source.comes();
    assertEquals((await poll.poll(LIMIT)).length, 100);
    for (const source of busy) source.goes();
  }
  assertEquals(looks(idle), before[0]);
  const each = (looks(busy) - before[1]) / 20 / 100;
  assert(each <= 4, `each was looked at ${each} times in a wait`);
});

Deno.test("Poll.poll() waits for connections to be accepted", async () => {
  using listener = listen();
  using poll = new Poll();
  poll.register(listener, POLLIN);
  const polling = poll.poll(LIMIT);
  using client = await connect(listener.addr);
  assertEquals(await polling, [[listener, POLLIN]]);
  using server = listener.tryAccept();
  assertEquals(server?.remoteAddr, client.localAddr);
  assertEquals(await poll.poll({ timeoutMs: 0 }), []);
});
