import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Thread } from "../../sync/thread.ts";
import { connect } from "../../tcp/connect.ts";
import { listen } from "../../tcp/listener.ts";
import { TcpServer, type TcpServerOptions } from "../../tcp/server.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import { until } from "../sync/_until.ts";
import { octets, text } from "./_pair.ts";
import { ask } from "./_thread_handlers.ts";

const LIMIT = { timeoutMs: 20_000 };
const MODULE = import.meta.resolve("./_thread_handlers.ts");
const ignore = Deno.build.os !== "linux"; // others share no port

function poolOf(options: Partial<TcpServerOptions> = {}): TcpServer {
  return new TcpServer({
    handler: { module: MODULE, name: "obeyAsync" },
    concurrency: "pool",
    size: 2,
    ...options,
  });
}

/** A client that gets back what it sends. */
async function echoing(server: TcpServer): Promise<TcpSocket> {
  const client = await connect(server.addr);
  await client.sendAll(octets("echo\n"));
  await echoed(client, "hello");
  return client;
}

async function echoed(client: TcpSocket, message: string): Promise<void> {
  await client.sendAll(octets(message));
  const back = await client.receiveExactly(message.length, LIMIT);
  assertEquals(text(back), message);
}

Deno.test({
  name: "TcpServer pool serves by several threads, also while this one blocks",
  ignore,
  async fn() {
    const heard = Promise.withResolvers<Deno.Addr>();
    const server = poolOf({ onListen: (addr) => heard.resolve(addr) });
    const addr = server.addr as Deno.NetAddr;

    // Who comes early is served, too.
    const early = await Promise.all(
      Array.from({ length: 20 }, () => connect(addr)),
    );
    const served = server.serveForever();
    await Promise.all(early.map(async (client, i) => {
      await client.sendAll(octets("echo\n"));
      await echoed(client, `early ${i}`);
      await client.closeWrite();
      assertEquals(await client.receive(1, LIMIT), null);
      client.close();
    }));
    assertEquals(await heard.promise, addr);

    const asking = Thread.start(MODULE, "ask", [addr, "id", 40]);
    const ids = new Set(asking.joinSync(LIMIT) as string[]);
    assertEquals(ids.size, 2, "two threads have served");
    assert(!ids.has(`${Thread.current.id}`));

    const { taken, handled, failed } = server.stats;
    assertEquals([taken, failed], [60, 0]);
    assert(handled <= 60); // the last ones may be about to return
    await until(() => server.stats.handled === 60);
    await server.shutdown({ graceMs: 0 });
    await served;
    assertEquals(server.stats.handled, 60);
    await assertRejects(() => connect(addr), Deno.errors.ConnectionRefused);
  },
});

Deno.test({
  name: "TcpServer pool outlives its threads, and drains",
  ignore,
  async fn() {
    const server = poolOf({ size: 1 });
    const served = server.serveForever();
    using doomed = await echoing(server);
    const [before] = await ask(server.addr as Deno.NetAddr, "id", 1);

    using killer = await connect(server.addr);
    await killer.sendAll(octets("exit\n"));
    assertEquals(await doomed.receive(1, LIMIT).catch(() => null), null);
    await until(() => server.stats.failed === 2);
    const after = await whenThere(server);
    assert(after !== before, "another thread has taken its place");

    await ask(server.addr as Deno.NetAddr, "fail", 1);
    await until(() => server.stats.failed === 3);
    using last = await echoing(server);
    const down = server.shutdown();
    await echoed(last, "still here");
    await last.closeWrite();
    assertEquals(await down, 0);
    await served;
    assertEquals(server.stats.inFlight, 0);
  },
});

/** Who answers, once somebody listens. */
async function whenThere(server: TcpServer): Promise<string> {
  for (;;) {
    try {
      const [id] = await ask(server.addr as Deno.NetAddr, "id", 1);
      return id!;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

Deno.test({
  name: "TcpServer pool ends threads that spin",
  ignore,
  async fn() {
    const server = poolOf({ size: 1 });
    const served = server.serveForever();
    using client = await connect(server.addr);
    await client.sendAll(octets("spin\n"));
    await client.receiveExactly(1, LIMIT);
    assertEquals(await server.shutdown({ graceMs: 0 }), 1);
    await served;
    assertEquals(server.stats.failed, 1);
  },
});

Deno.test({
  name: "TcpServer pool gives back its port, whether it has served or not",
  ignore,
  async fn() {
    const server = poolOf();
    const { port } = server.addr as Deno.NetAddr;
    await server.shutdown();
    listen({ port }).close();

    using taken = listen();
    assertThrows(
      () => poolOf({ port: (taken.addr as Deno.NetAddr).port }),
      Deno.errors.AddrInUse,
    );
    await until(() => Thread.count === 1);
  },
});

Deno.test({
  name: "TcpServer pool says what it cannot do",
  ignore,
  fn() {
    const refused: readonly [Partial<TcpServerOptions>, string][] = [
      [{ handler: () => {} }, "the handler must be { module, name }"],
      [{ path: "/tmp/lockstep_server" }, 'a path, use "threads"'],
      [{ verify: () => true }, "are exports of it"],
    ];
    for (const [options, message] of refused) {
      assertThrows(() => poolOf(options), TypeError, message);
    }
  },
});

Deno.test({
  name: "TcpServer pool tells what is wrong with its module",
  ignore,
  async fn() {
    const handler = { module: MODULE, name: "nothing" };
    const server = poolOf({ handler, size: 1 });
    await assertRejects(
      () => server.serveForever(),
      TypeError,
      'exports no function or class "nothing"',
    );
  },
});
