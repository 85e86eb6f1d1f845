import { assertEquals, assertRejects } from "@std/assert";
import { connect, connectEx } from "../../tcp/connect.ts";
import { listen } from "../../tcp/listener.ts";
import { octets } from "./_pair.ts";

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
