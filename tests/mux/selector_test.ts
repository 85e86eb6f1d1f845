import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  EVENT_READ,
  EVENT_WRITE,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
} from "../../mux/event_bits.ts";
import type { Waitable } from "../../mux/readiness.ts";
import { Selector } from "../../mux/selector.ts";
import { Wakeup } from "../../mux/wakeup.ts";
import { octets, pair, text } from "../tcp/_pair.ts";
import { Fake, LIMIT } from "./_fake.ts";

const NOW = { timeoutMs: 0 };
const BOTH = EVENT_READ | EVENT_WRITE;

Deno.test("Selector.register() answers a key with source, events and data", () => {
  using selector = new Selector<string>();
  const source = new Wakeup();
  const key = selector.register(source, EVENT_READ, "data");
  assertEquals(key, { source, events: EVENT_READ, data: "data" });
  assertStrictEquals(selector.getKey(source), key);
  assertStrictEquals(selector.map.get(source), key);
});

Deno.test("Selector.register() refuses a source twice, events that are none, and what is no source", () => {
  using selector = new Selector<number>();
  const source = new Wakeup();
  selector.register(source, EVENT_READ, 1);
  assertThrows(
    () => selector.register(source, EVENT_READ, 1),
    Deno.errors.AlreadyExists,
    "Cannot register a source with the Selector: it is registered already",
  );
  for (const events of [0, 999, -1, NaN]) {
    const other = new Wakeup();
    assertThrows(() => selector.register(other, events, 1), RangeError);
    assertThrows(() => selector.modify(source, events, 1), RangeError);
  }
  const none = {} as unknown as Waitable;
  assertThrows(() => selector.register(none, EVENT_READ, 1), TypeError);
  assertEquals(selector.map.size, 1);
});

Deno.test("Selector.unregister() answers the key, once", () => {
  using selector = new Selector<number>();
  const source = new Wakeup();
  const key = selector.register(source, EVENT_READ, 1);
  assertStrictEquals(selector.unregister(source), key);
  const { NotFound } = Deno.errors;
  assertThrows(() => selector.unregister(source), NotFound);
  assertThrows(() => selector.getKey(source), NotFound);
  assertThrows(
    () => selector.modify(source, EVENT_READ, 1),
    NotFound,
    "Cannot look up a source of the Selector: it is not registered",
  );
});

Deno.test("Selector.unregister() works after the source was closed", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using selector = new Selector<string>();
  selector.register(client, BOTH, "client");
  selector.register(server, EVENT_READ, "server");
  client.close();
  server.close();
  assertEquals(await selector.select(NOW), []);
  assertEquals(selector.map.size, 2);
  assertEquals(selector.unregister(client).data, "client");
  assertEquals(selector.unregister(server).data, "server");
});

Deno.test("Selector.select() does not report a source that is closed while it waits", async () => {
  using selector = new Selector<number>();
  const [closed, other] = [new Wakeup(), new Wakeup()];
  selector.register(closed, EVENT_READ, 1);
  const key = selector.register(other, EVENT_READ, 2);
  const selecting = selector.select(LIMIT);
  closed.close();
  assertEquals(await selector.select({ timeoutMs: 5 }), []);
  other.wake();
  assertEquals(await selecting, [[key, EVENT_READ]]);
});

Deno.test("Selector.modify() changes events, or data, and answers the new key", async () => {
  using selector = new Selector<string>();
  const source = new Fake(POLLOUT);
  selector.register(source, EVENT_READ, "a");
  assertEquals(await selector.select(NOW), []);
  const key = selector.modify(source, EVENT_WRITE, "a");
  assertEquals(key, { source, events: EVENT_WRITE, data: "a" });
  assertEquals(await selector.select(NOW), [[key, EVENT_WRITE]]);
  const other = selector.modify(source, EVENT_WRITE, "b");
  assertStrictEquals(selector.getKey(source), other);
  assertEquals(await selector.select(NOW), [[other, EVENT_WRITE]]);
});

Deno.test("Selector.map is a live view, to be read only", () => {
  const selector = new Selector<number>();
  const { map } = selector;
  assertEquals(map.size, 0);
  const sources: Waitable[] = [new Wakeup(), new Wakeup()];
  const keys = sources.map((source, i) =>
    selector.register(source, EVENT_READ, i)
  );
  assertEquals([...map], sources.map((source, i) => [source, keys[i]]));
  assertEquals([...map.keys()], sources);
  assertEquals([...map.values()], keys);
  assertEquals([...map.entries()], [...map]);
  const seen: unknown[] = [];
  map.forEach((key, source, whole) => seen.push(key, source, whole));
  assertEquals(seen.length, 6);
  assertStrictEquals(seen[0], keys[0]);
  assertStrictEquals(seen[1], sources[0]);
  assertStrictEquals(seen[2], map);
  assertEquals([map.has(sources[0]!), map.has(new Wakeup())], [true, false]);
  assertEquals(map.get(new Wakeup()), undefined);
  for (const name of ["set", "delete", "clear"]) {
    assertEquals(name in map, false);
  }
  selector.close();
  assertEquals([map.size, [...map].length], [0, 0]);
});

Deno.test("Selector.select() tells both ways of a socket", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using selector = new Selector<string>();
  const reading = selector.register(server, EVENT_READ, "reads");
  const writing = selector.register(client, EVENT_WRITE, "writes");
  assertEquals(await selector.select(LIMIT), [[writing, EVENT_WRITE]]);
  await client.sendAll(octets("x"));
  const ready = new Map(await selector.select(NOW));
  assertEquals([ready.get(reading), ready.get(writing)], [
    EVENT_READ,
    EVENT_WRITE,
  ]);
  const both = selector.modify(server, BOTH, "both");
  selector.unregister(client);
  assertEquals(await selector.select(NOW), [[both, BOTH]]);
  assertEquals(text(server.tryReceive()), "x");
  assertEquals(await selector.select(NOW), [[both, EVENT_WRITE]]);
});

Deno.test("Selector.select() makes the end and errors ready for whatever is waited for", async () => {
  using selector = new Selector<number>();
  const failed = new Fake(POLLERR | POLLHUP);
  const [reading, writing] = [new Fake(), new Fake()];
  selector.register(failed, BOTH, 0);
  selector.register(reading, EVENT_READ, 1);
  selector.register(writing, EVENT_WRITE, 2);
  reading.comes(POLLIN | POLLHUP);
  writing.comes(POLLERR);
  const ready = (await selector.select(LIMIT)).map(([{ data }, events]) => [
    data,
    events,
  ]);
  assertEquals(ready.sort(), [[0, BOTH], [1, EVENT_READ], [2, EVENT_WRITE]]);
});

Deno.test("Selector.select() answers nothing when the time is over, and throws the reason of its signal", async () => {
  using selector = new Selector<number>();
  assertEquals(await selector.select({ timeoutMs: 1 }), []);
  const key = selector.register(new Fake(POLLIN), EVENT_READ, 1);
  const early = selector.select({ signal: AbortSignal.abort("early") });
  assertEquals(await early.catch((reason) => reason), "early");
  assertEquals(await selector.select(), [[key, EVENT_READ]]);
  await assertRejects(() => selector.select({ timeoutMs: NaN }), RangeError);
});

Deno.test("Selector.select() sees what is registered, and what not any more, while it waits", async () => {
  using selector = new Selector<string>();
  const [gone, come] = [new Fake(), new Fake(POLLIN)];
  selector.register(gone, EVENT_READ, "gone");
  const selecting = selector.select(LIMIT);
  selector.unregister(gone);
  gone.comes();
  const key = selector.register(come, EVENT_READ, "come");
  assertEquals(await selecting, [[key, EVENT_READ]]);
});

Deno.test("Selector.close() ends the waits with nothing, and refuses new ones", async () => {
  const selector = new Selector<number>();
  const source = new Fake();
  selector.register(source, EVENT_READ, 1);
  const selecting = selector.select();
  selector.close();
  selector.close();
  assertEquals(await selecting, []);
  assertEquals([selector.closed, source.watchers.size], [true, 0]);
  const { BadResource, NotFound } = Deno.errors;
  await assertRejects(() => selector.select(), BadResource);
  assertThrows(() => selector.register(source, EVENT_READ, 1), BadResource);
  assertThrows(() => selector.modify(source, EVENT_READ, 1), BadResource);
  assertThrows(() => selector.getKey(source), NotFound);
});

Deno.test("Selector.select() closes a source while others wait for it too", async () => {
  using sockets = await pair();
  const { client, server } = sockets;
  using first = new Selector<number>();
  using second = new Selector<number>();
  const keys = [first, second].map((it) => it.register(server, EVENT_READ, 1));
  const both = [first.select(LIMIT), second.select(LIMIT)];
  await client.sendAll(octets("x"));
  assertEquals(await Promise.all(both), keys.map((key) => [[key, EVENT_READ]]));
});

// As test_above_fd_setsize of CPython.
Deno.test("Selector.select() waits for more than 1024 sockets", async () => {
  const pairs = await Promise.all(Array.from({ length: 550 }, () => pair()));
  const sockets = pairs.flatMap(({ client, server }) => [client, server]);
  try {
    using selector = new Selector<number>();
    sockets.forEach((it, i) => selector.register(it, BOTH, i));
    assertEquals((await selector.select(LIMIT)).length, 1100);
    for (const socket of sockets) selector.modify(socket, EVENT_READ, 0);
    assertEquals(await selector.select(NOW), []);
    for (const socket of sockets) await socket.sendAll(octets("x"));
    const seen = new Set<Waitable>();
    while (seen.size < 1100) {
      const ready = await selector.select(LIMIT);
      assert(ready.length > 0, `${seen.size} came`);
      for (const [{ source }] of ready) {
        seen.add(source);
        selector.unregister(source);
      }
    }
  } finally {
    for (const socket of sockets) socket.close();
  }
});
