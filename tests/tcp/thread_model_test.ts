import { assert, assertEquals, assertThrows } from "@std/assert";
import { createConnection } from "node:net";
import { Thread } from "../../sync/thread.ts";
import { ThreadError } from "../../sync/thread_error.ts";
import { connect } from "../../tcp/connect.ts";
import { TcpServer, type TcpServerOptions } from "../../tcp/server.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import { until } from "../sync/_until.ts";
import { octets, text } from "./_pair.ts";
import { heard } from "./_thread_handlers.ts";

const LIMIT = { timeoutMs: 20_000 };
const MODULE = import.meta.resolve("./_thread_handlers.ts");

/** Runs a test with a server of a few threads, and shuts it down. */
async function withThreads(
  options: Partial<TcpServerOptions>,
  test: (server: TcpServer) => Promise<void>,
): Promise<void> {
  heard.errors.length = heard.sockets.length = heard.timeouts.length = 0;
  const server = new TcpServer({
    handler: { module: MODULE, name: "obey" },
    concurrency: "threads",
    size: 1,
    ...options,
  });
  const served = server.serveForever();
  try {
    await test(server);
  } finally {
    await server.shutdown({ graceMs: 0 });
    await served;
  }
}

/** A client that has sent its first lines. */
async function ask(server: TcpServer, words: string): Promise<TcpSocket> {
  const client = await connect(server.addr);
  await client.sendAll(octets(`${words}\n`));
  return client;
}

/** All that comes until the end. */
async function rest(client: TcpSocket): Promise<string> {
  let all = "";
  for (let some; (some = await client.receive(65_536, LIMIT)) !== null;) {
    all += text(some);
  }
  return all;
}

/** What a server answers to some words. */
async function answer(server: TcpServer, words: string): Promise<string> {
  await using client = await ask(server, words);
  return await rest(client);
}

/** What one end gets back of what it sends. */
async function echoed(client: TcpSocket, message: string): Promise<string> {
  await client.sendAll(octets(message));
  return text(await client.receiveExactly(message.length, LIMIT))!;
}

Deno.test("TcpServer threads serves others while handlers block and spin", async () => {
  await withThreads({}, async (server) => {
    using _silent = await connect(server.addr); // it gets no thread
    using blocked = await ask(server, "echo");
    assertEquals(await echoed(blocked, "first"), "first");
    using spinning = await ask(server, "spin");
    await spinning.receiveExactly(1, LIMIT);

    using other = await ask(server, "echo");
    assertEquals(await echoed(other, "served"), "served");
    assertEquals(await echoed(blocked, "again"), "again");
    assertEquals(server.stats.inFlight, 4);

    assertEquals(await server.shutdown({ graceMs: 0 }), 0, "none is left");
    assertEquals(await rest(spinning), "");
    const codes = heard.errors.map((error) => (error as ThreadError).code);
    assert(codes.includes("terminated"));
  });
});

Deno.test("TcpServer threads serves with each thread one after the other", async () => {
  await withThreads({ maxConnections: 1 }, async (server) => {
    const first = await answer(server, "id");
    assert(Number(first) > 1, "not this thread");
    assertEquals(await answer(server, "id"), first, "it is warm");

    for (const how of ["echo", "echoAsync"]) {
      using client = await ask(server, how);
      for (const word of ["a", "bc", "def"]) {
        assertEquals(await echoed(client, word), word);
      }
      await client.closeWrite();
      assertEquals(await rest(client), "");
    }

    using half = await ask(server, "halfClose\nall of it");
    await half.closeWrite();
    assertEquals(await rest(half), "got all of it");
  });
});

Deno.test("TcpServer threads holds back whoever is faster than the other side", async () => {
  const count = 2 ** 20;
  await withThreads({ size: 2 }, async (server) => {
    using eager = await ask(server, "stay"); // its handler does not read
    const [held] = heard.sockets;
    const sent = eager.sendAll(new Uint8Array(count)).catch(() => {});
    await until(() => held!.traffic.received > 65_536);

    using lazy = await ask(server, `flood\n${count}`);
    await until(() => heard.sockets.at(-1)!.traffic.sent > 65_536);
    const come = await lazy.receiveExactly(count, LIMIT);
    assert(come.every((octet) => octet === 7));
    assertEquals(await rest(lazy), "end");

    using client = await ask(server, `sum\n${count}`);
    const data = new Uint8Array(count).map((_, i) => i % 251);
    const given = client.sendAll(data);
    const sum = data.reduce((a, b) => a + b, 0);
    assertEquals(await client.readLine(LIMIT), `${sum}`);
    await given;

    assert(held!.traffic.received <= 4 * 65_536, "little is read ahead");
    eager.close();
    await sent;
  });
});

Deno.test("TcpServer threads tells what handlers throw, and goes on when their thread dies", async () => {
  await withThreads({}, async (server) => {
    assertEquals(await answer(server, "fail"), "");
    assertEquals(`${heard.errors.pop()}`, "RangeError: as asked");

    assertEquals((await answer(server, "failLate")).length, 100_000);
    assertEquals(`${heard.errors.pop()}`, "RangeError: after all was sent");

    assertEquals(await answer(server, "exit"), "");
    const exited = heard.errors.pop();
    assert(exited instanceof ThreadError);
    assertEquals(exited.code, "exited");
    assertEquals(
      exited.message,
      "Cannot serve the connection: its thread exited",
    );

    assertEquals(await answer(server, "uncaught"), "");
    const died = heard.errors.pop();
    assert(died instanceof ThreadError);
    assertEquals(died.code, "died");
    assertEquals(`${died.cause}`, "RangeError: nobody caught it");

    assertEquals(await answer(server, "close"), "");
    await until(() => server.stats.inFlight === 0);
    const { handled, failed } = server.stats;
    assertEquals([handled, failed], [1, 4]);
  });
});

Deno.test("TcpServer threads outlives clients that reset, and lets others finish", async () => {
  await withThreads({}, async (server) => {
    const { port } = server.addr as Deno.NetAddr;
    for (const words of ["", "echo\n", "flood\n1000000\n"]) {
      await new Promise<void>((resolve) => {
        const socket = createConnection(port, "127.0.0.1");
        socket.on("connect", () => {
          if (words === "") socket.resetAndDestroy();
          else socket.write(words, () => socket.resetAndDestroy());
        });
        socket.on("error", () => {});
        socket.on("close", () => resolve());
      });
    }
    await until(() => server.stats.inFlight === 0);
    using client = await ask(server, "echo");
    assertEquals(await echoed(client, "polite"), "polite");

    const down = server.shutdown();
    assertEquals(await echoed(client, "after"), "after");
    await client.closeWrite();
    assertEquals(await down, 0);
  });
});

Deno.test("TcpServer threads aborts handlers that block, and those that wait", async () => {
  await withThreads({ size: 2 }, async (server) => {
    const clients: TcpSocket[] = [];
    for (const how of ["abort", "abortAsync"]) {
      const client = await ask(server, how);
      await client.receiveExactly(1, LIMIT);
      clients.push(client);
    }
    assertEquals(await server.shutdown({ graceMs: 0 }), 0);
    for (const client of clients) {
      assertEquals(await rest(client), "AbortError true");
      client.close();
    }
    assertEquals(server.stats.handled, 2);
  });
});

Deno.test("TcpServer threads ends a handler that spins when its time is over", async () => {
  await withThreads({ requestTimeoutMs: 500 }, async (server) => {
    const spinning = Number(await answered(server, "spinAs"));
    await until(() => Thread.all().every(({ id }) => id !== spinning));
    assert(heard.timeouts.includes("request"));
    assertEquals(heard.errors, [], "onTimeout was told");
    assert(Number(await answered(server, "id")) !== spinning);
  });
});

/** What a server answers once it has the time. */
async function answered(server: TcpServer, words: string): Promise<string> {
  for (;;) {
    const all = await answer(server, words);
    if (all !== "") return all;
  }
}

Deno.test("TcpServer threads refuses handlers that cannot go to a thread", () => {
  assertThrows(
    () => new TcpServer({ handler: () => {}, concurrency: "threads" }),
    TypeError,
    'Cannot serve by "threads": the handler must be { module, name }, as it runs elsewhere',
  );
  const handler = { module: MODULE, name: "obey" };
  assertThrows(
    () => new TcpServer({ handler, concurrency: "threads", size: 0 }),
    RangeError,
    "Cannot serve: size must be a whole number of at least 1, got 0",
  );
});
