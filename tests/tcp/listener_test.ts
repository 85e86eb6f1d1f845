import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { connect } from "../../tcp/connect.ts";
import { listen } from "../../tcp/listener.ts";
import { STRESS } from "../sync/_random.ts";
import { withDescriptors } from "./_descriptors.ts";
import { octets, text } from "./_pair.ts";
import { rude } from "./_rude.ts";

const LIMIT = { timeoutMs: 10_000 };

Deno.test("TcpListener.accept() brings clients in order, with both addresses", async () => {
  using listener = listen();
  using one = await connect(listener.addr);
  using two = await connect(listener.addr);
  using first = await listener.accept(LIMIT);
  using second = await listener.accept(LIMIT);
  assertEquals(first.remoteAddr, one.localAddr);
  assertEquals(second.remoteAddr, two.localAddr);
  assertEquals(first.localAddr, listener.addr);
});

Deno.test("TcpListener.accept() that timed out or was aborted loses nobody", async () => {
  using listener = listen();
  await assertRejects(() => listener.accept({ timeoutMs: 5 }), DOMException);
  const abort = new AbortController();
  const waiting = listener.accept({ signal: abort.signal });
  abort.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  using client = await connect(listener.addr);
  using server = await listener.accept(LIMIT);
  assertEquals(server.remoteAddr, client.localAddr);
});

Deno.test("TcpListener.tryAccept() never waits", async () => {
  using listener = listen();
  assertEquals(listener.tryAccept(), undefined);
  using client = await connect(listener.addr);
  let server = listener.tryAccept();
  while (server === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    server = listener.tryAccept();
  }
  assertEquals(server.remoteAddr, client.localAddr);
  server.close();
});

Deno.test("TcpListener goes on, whoever resets connections", async () => {
  using listener = listen();
  const addr = listener.addr as Deno.NetAddr;
  const served: string[] = [];
  const serving = (async () => {
    for await (const socket of listener) {
      try {
        const line = await socket.readLine();
        if (line !== null) served.push(line);
      } catch (error) {
        assert(error instanceof Deno.errors.ConnectionReset, `${error}`);
      } finally {
        socket.close();
      }
    }
  })();
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 50 }, () => rude(addr)));
    await using client = await connect(listener.addr);
    await client.sendAll(octets(`polite ${round}\n`));
    assertEquals(await client.receive(1, LIMIT), null);
  }
  listener.close();
  await serving;
  assertEquals(served.length, 20);
});

Deno.test("TcpListener waits for descriptors when there are none left", async () => {
  const source = `
    import { connect } from "./tcp/connect.ts";
    import { listen } from "./tcp/listener.ts";
    const listener = listen();
    const files = [];
    const accepted = listener.accept();
    const client = await connect(listener.addr);
    (await accepted).close();
    for (;;) { // nothing is left then
      try { files.push(Deno.openSync("deno.json")); } catch { break; }
    }
    files.pop().close(); // but one, for the next client
    const next = await connect(listener.addr);
    const waiting = listener.accept();
    while (listener.stats.exhausted < 2) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    for (const file of files) file.close();
    const server = await waiting;
    await next.sendAll(new TextEncoder().encode("back again\\n"));
    console.log(await server.readLine());
    for (const each of [client, next, server, listener]) each.close();
  `;
  const { stdout, stderr } = await withDescriptors(128, source);
  assertEquals(stdout, "back again\n", stderr);
});

Deno.test("TcpListener.close() rejects those who accept, and ends the loop", async () => {
  const listener = listen();
  const waiting = listener.accept();
  const loop = (async () => {
    for await (const socket of listener) socket.close();
  })();
  listener.close();
  listener.close();
  await assertRejects(() => waiting, Deno.errors.Interrupted);
  await loop;
  assert(listener.closed);
  await assertRejects(() => listener.accept(), Deno.errors.BadResource);
  assertThrows(() => listener.tryAccept(), Deno.errors.BadResource);
});

Deno.test("TcpListener can be bound again at once, after await using", async () => {
  let port = 0;
  for (let round = 0; round < 5; round++) {
    await using listener = listen({ port });
    port = (listener.addr as Deno.NetAddr).port;
    await assertRejects(() => listener.accept({ timeoutMs: 1 }), DOMException);
    using client = await connect(listener.addr);
    using server = await listener.accept(LIMIT);
    assertEquals(server.remoteAddr, client.localAddr);
  }
});

Deno.test("listen() says that a port is taken", () => {
  using listener = listen();
  const { port } = listener.addr as Deno.NetAddr;
  assertThrows(() => listen({ port }), Deno.errors.AddrInUse);
});

Deno.test("listen() binds Unix sockets, and removes them", async () => {
  const path = "/tmp/lockstep_listener"; // a permission names it
  {
    await using listener = listen({ path });
    await using client = await connect({ path });
    await using server = await listener.accept(LIMIT);
    await client.sendAll(octets("by path\n"));
    assertEquals(await server.readLine(LIMIT), "by path");
  }
  await assertRejects(() => Deno.lstat(path), Deno.errors.NotFound);
  assertThrows(() => listen({ path, port: 1 }), TypeError);
});

Deno.test("listen() speaks IPv6", async () => {
  using listener = listen({ hostname: "::1" });
  using client = await connect(listener.addr);
  using server = await listener.accept(LIMIT);
  await client.sendAll(octets("six"));
  assertEquals(text(await server.receive(9, LIMIT)), "six");
});

/** Clients of one round; the backlog has room for them. */
const RUDE_CLIENTS = 200;
const ROUNDS = STRESS ? 500 : 3;

Deno.test("TcpListener skips clients by the hundred that were gone when they were accepted", async () => {
  using listener = listen();
  const addr = listener.addr as Deno.NetAddr;
  for (let round = 1; round <= ROUNDS; round++) {
    await Promise.all(Array.from({ length: RUDE_CLIENTS }, () => rude(addr)));
    using client = await connect({ ...addr, ...LIMIT });
    using server = await listener.accept(LIMIT); // not before they are gone
    assertEquals(server.remoteAddr, client.localAddr);
    assertEquals(listener.stats.gone, round * RUDE_CLIENTS);
    await client.sendAll(octets(`round ${round}\n`));
    assertEquals(await server.readLine(LIMIT), `round ${round}`);
  }
});
