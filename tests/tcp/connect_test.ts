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
} from "../../mux/event_bits.ts";
import { Poll } from "../../mux/poll.ts";
import { select } from "../../mux/select.ts";
import { connect, connectEx } from "../../tcp/connect.ts";
import { listen } from "../../tcp/listener.ts";
import { type Connecting, startConnect } from "../../tcp/start_connect.ts";
import { octets, text } from "./_pair.ts";

const LIMIT = { timeoutMs: 10_000 };

/** An address at which nobody listens. */
function nowhere(): Deno.Addr {
  using listener = listen();
  return listener.addr;
}

/** A listener that lets nobody in: its backlog is full. */
async function full() {
  const listener = Deno.listen({
    hostname: "127.0.0.1",
    port: 0,
    tcpBacklog: 1,
  });
  const { port } = listener.addr;
  const filling: Deno.Conn[] = [];
  for (;;) {
    const signal = AbortSignal.timeout(200);
    try {
      filling.push(await Deno.connect({ port, signal }));
    } catch {
      break;
    }
  }
  return {
    addr: listener.addr,
    [Symbol.dispose]() {
      for (const conn of filling) conn.close();
      listener.close();
    },
  };
}

Deno.test("connect() needs a port or a path", async () => {
  await assertRejects(() => connect({}), TypeError, "neither port nor path");
});

Deno.test("connect() to nobody is refused", async () => {
  await assertRejects(() => connect(nowhere()), Deno.errors.ConnectionRefused);
});

Deno.test("connect() finds names", async () => {
  using listener = listen();
  const { port } = listener.addr as Deno.NetAddr;
  using client = await connect({ hostname: "localhost", port, ...LIMIT });
  using server = await listener.accept(LIMIT);
  assertEquals(server.remoteAddr, client.localAddr);
});

Deno.test("connect() gives up in time", async () => {
  using busy = await full();
  const error = await assertRejects(
    () => connect({ ...busy.addr, timeoutMs: 20 }),
    DOMException,
  );
  assertEquals(error.name, "TimeoutError");
});

Deno.test("connect() is aborted before and while it connects", async () => {
  using busy = await full();
  const abort = new AbortController();
  const waiting = connect({ ...busy.addr, signal: abort.signal });
  abort.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  await assertRejects(
    () => connect({ ...busy.addr, signal: abort.signal }),
    Error,
    "enough",
  );
});

Deno.test("connect() aborted afterwards changes nothing", async () => {
  using listener = listen();
  const abort = new AbortController();
  using client = await connect({ ...listener.addr, signal: abort.signal });
  using server = await listener.accept(LIMIT);
  abort.abort();
  await client.sendAll(octets("still here\n"));
  assertEquals(await server.readLine(LIMIT), "still here");
});

Deno.test("connectEx() answers a socket, or the code of the error", async () => {
  using listener = listen();
  const { socket, code } = await connectEx(listener.addr);
  assertEquals(code, undefined);
  socket!.close();
  assertEquals((await connectEx(nowhere())).code, "ECONNREFUSED");
  assertEquals(
    (await connectEx({ path: "/tmp/lockstep_nobody" })).code,
    "ENOENT",
  );
  using busy = await full();
  const late = await connectEx({ ...busy.addr, timeoutMs: 20 });
  assertEquals(late.code, "ETIMEDOUT");
});

Deno.test("connectEx() throws what is no answer of the network", async () => {
  await assertRejects(() => connectEx({}), TypeError);
  const signal = AbortSignal.abort(new Error("enough"));
  const addr = nowhere();
  await assertRejects(() => connectEx({ ...addr, signal }), Error, "enough");
  const unknown = { hostname: "no-such-host.invalid", port: 80 };
  await assertRejects(() => connectEx(unknown), Error, "failed to lookup");
  await assertRejects(() => connectEx({ port: 65_536 }), RangeError);
});

/** Waits until it is decided, and tells how `select()` sees it. */
async function decided(connecting: Connecting): Promise<boolean[]> {
  const list = [connecting];
  const lists = await select(list, list, list, LIMIT);
  return lists.map((ready) => ready.length === 1);
}

Deno.test("startConnect() is writable when connected", async () => {
  using listener = listen();
  using connecting = startConnect(listener.addr);
  assertEquals(connecting.tryFinish(), undefined);
  assertEquals(await decided(connecting), [false, true, false]);
  using client = connecting.tryFinish()!;
  using server = await listener.accept(LIMIT);
  await client.sendAll(octets("hello"));
  assertEquals(text(await server.receive(undefined, LIMIT)), "hello");
});

Deno.test("startConnect() is exceptional when refused, and whoever waits to send learns it", async () => {
  using connecting = startConnect(nowhere());
  assertEquals(await decided(connecting), [true, true, true]);
  assertThrows(() => connecting.tryFinish(), Deno.errors.ConnectionRefused);
  assertThrows(
    () => connecting.tryFinish(),
    Deno.errors.BadResource,
    "Cannot connect: it is closed",
  );
  using other = startConnect(nowhere());
  assertEquals(await select([], [other], [], LIMIT), [[], [other], []]);
});

Deno.test("startConnect() answers at once, whatever becomes of it", async () => {
  const reason = new Error("any");
  const none = {} as { port: number };
  for (
    const [options, expected] of [
      [none, TypeError],
      [{ ...nowhere(), signal: AbortSignal.abort(reason) }, Error],
      [{ ...nowhere(), timeoutMs: -1 }, RangeError],
    ] as const
  ) {
    using connecting = startConnect(options);
    assertEquals(await decided(connecting), [true, true, true]);
    assertThrows(() => connecting.tryFinish(), expected);
  }
});

Deno.test("startConnect() has the events of poll", async () => {
  using listener = listen();
  using poll = new Poll<Connecting>();
  const [made, refused] = [
    startConnect(listener.addr),
    startConnect(nowhere()),
  ];
  poll.register(made, POLLOUT);
  poll.register(refused, POLLOUT);
  const events = new Map<Connecting, number>();
  while (events.size < 2) {
    const ready = await poll.poll(LIMIT);
    assert(ready.length > 0);
    for (const [source, bits] of ready) events.set(source, bits);
  }
  assertEquals(events.get(made), POLLOUT);
  assertEquals(events.get(refused), POLLERR | POLLHUP);
  poll.unregister(refused);
  made.close();
  made.close();
  assertEquals(await poll.poll(LIMIT), [[made, POLLNVAL]]);
  assertThrows(() => made.tryFinish(), Deno.errors.BadResource);
  using _server = await listener.accept(LIMIT);
});

Deno.test("startConnect() gives up at an abort, with its reason", async () => {
  using listener = listen();
  const controller = new AbortController();
  const { signal } = controller;
  using connecting = startConnect({ ...listener.addr, signal });
  const reason = { any: "value" };
  controller.abort(reason);
  assertEquals(await decided(connecting), [true, true, true]);
  try {
    connecting.tryFinish();
    throw new Error("connected");
  } catch (error) {
    assertStrictEquals(error, reason);
  }
});

Deno.test("startConnect() that is closed closes what was connected, before and after", async () => {
  using listener = listen();
  using poll = new Poll();
  poll.register(listener, POLLIN);
  for (const isLate of [false, true]) {
    const connecting = startConnect(listener.addr);
    if (isLate) await decided(connecting);
    connecting.close();
  }
  // Whoever is accepted is gone already; one may never have come.
  using last = startConnect(listener.addr);
  await decided(last);
  using client = last.tryFinish()!;
  for (;;) {
    using server = await listener.accept(LIMIT);
    const { port } = server.remoteAddr as Deno.NetAddr;
    if (port === (client.localAddr as Deno.NetAddr).port) break;
    assertEquals(await server.receive(1, LIMIT), null);
  }
});

Deno.test("startConnect() lets many be under way at once", async () => {
  using listener = listen();
  const all = [nowhere(), listener.addr, nowhere(), listener.addr]
    .map((addr) => startConnect(addr));
  const outcomes: string[] = [];
  const open = new Set(all);
  while (open.size > 0) {
    const [, decided] = await select([], open, [], LIMIT);
    assert(decided.length > 0);
    for (const connecting of decided) {
      open.delete(connecting);
      try {
        using _socket = connecting.tryFinish();
        outcomes.push("connected");
      } catch (error) {
        outcomes.push((error as Error).name);
      }
    }
  }
  assertEquals(outcomes.sort(), [
    "ConnectionRefused",
    "ConnectionRefused",
    "connected",
    "connected",
  ]);
});
