import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createConnection } from "node:net";
import { connect, connectEx } from "../../tcp/connect.ts";
import type { TcpContext } from "../../tcp/handler.ts";
import { TcpServer, type TcpServerOptions } from "../../tcp/server.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import { until } from "../sync/_until.ts";
import { bytes } from "./_framing.ts";
import { octets, text } from "./_pair.ts";

const LIMIT = { timeoutMs: 10_000 };

/** Sends back whatever comes. */
async function echo(socket: TcpSocket): Promise<void> {
  for (;;) {
    const received = await socket.receive();
    if (received === null) return;
    await socket.sendAll(received);
  }
}

/** Runs a test with a server, and shuts it down. */
async function withServer(
  options: TcpServerOptions,
  test: (server: TcpServer) => Promise<void>,
): Promise<void> {
  const server = new TcpServer(options);
  const served = server.serveForever();
  try {
    await test(server);
  } finally {
    await server.shutdown({ graceMs: 0 });
    await served;
  }
}

/** What comes back of a text. */
async function echoed(
  server: TcpServer,
  message: string,
): Promise<string | null> {
  await using client = await connect(server.addr);
  await client.sendAll(octets(message));
  return text(await client.receiveExactly(message.length, LIMIT));
}

Deno.test("TcpServer serial lets a client wait for the one before", async () => {
  await withServer({ handler: echo, concurrency: "serial" }, async (server) => {
    const first = await connect(server.addr);
    await first.sendAll(octets("first"));
    assertEquals(text(await first.receiveExactly(5, LIMIT)), "first");
    await using second = await connect(server.addr);
    await second.sendAll(octets("second"));
    await assertRejects(
      () => second.receive(1, { timeoutMs: 50 }),
      DOMException,
    );
    first.close();
    assertEquals(text(await second.receiveExactly(6, LIMIT)), "second");
  });
});

Deno.test("TcpServer accepts no more than maxConnections, and goes on when there is room", async () => {
  await withServer({ handler: echo, maxConnections: 2 }, async (server) => {
    const clients: TcpSocket[] = [];
    for (let i = 0; i < 3; i++) {
      clients.push(await connect(server.addr));
      await clients[i]!.sendAll(octets("x"));
    }
    assertEquals((await clients[1]!.receive(1, LIMIT))?.length, 1);
    assertEquals(server.stats.taken, 2);
    clients[0]!.close();
    assertEquals((await clients[2]!.receive(1, LIMIT))?.length, 1);
    for (const client of clients) client.close();
  });
});

Deno.test("TcpServer goes on after a handler that failed, and tells onError", async () => {
  const errors: unknown[] = [];
  const handler = async (socket: TcpSocket) => {
    const line = await socket.readLine();
    if (line === "fail") throw new RangeError("as asked");
    await socket.sendAll(octets(`${line}\n`));
  };
  const onError = (error: unknown) => void errors.push(error);
  await withServer({ handler, onError }, async (server) => {
    for (const word of ["fail", "go", "fail", "on"]) {
      await using client = await connect(server.addr);
      await client.sendAll(octets(`${word}\n`));
      const answer = await client.readLine(LIMIT);
      assertEquals(answer, word === "fail" ? null : word);
    }
    assertEquals(server.stats.failed, 2);
  });
  assertEquals(
    errors.map((error) => `${error}`),
    Array(2).fill("RangeError: as asked"),
  );
});

Deno.test("TcpServer closes whom verify turns away, also if it throws", async () => {
  let answer: () => boolean = () => false;
  const onError = () => {};
  const verify = () => answer();
  await withServer({ handler: echo, verify, onError }, async (server) => {
    for (
      const how of [() => false, () => {
        throw new Error("no idea");
      }]
    ) {
      answer = how;
      await using client = await connect(server.addr);
      assertEquals(await client.receive(1, LIMIT), null);
    }
    answer = () => true;
    assertEquals(await echoed(server, "welcome"), "welcome");
    assertEquals(server.stats.refused, 1);
  });
});

Deno.test("TcpServer outlives clients that reset their connections", async () => {
  await withServer({ handler: echo }, async (server) => {
    const { port } = server.addr as Deno.NetAddr;
    for (let round = 0; round < 10; round++) {
      await Promise.all(
        Array.from({ length: 50 }, () =>
          new Promise<void>((resolve) => {
            const socket = createConnection(port, "127.0.0.1");
            socket.on("connect", () => {
              socket.write("x");
              socket.resetAndDestroy();
            });
            socket.on("error", () => {});
            socket.on("close", () => resolve());
          })),
      );
      assertEquals(await echoed(server, "polite"), "polite");
    }
    await until(() => server.stats.inFlight === 0);
  });
});

Deno.test("TcpServer.shutdown() lets handlers finish, and accepts no more", async () => {
  const gate = Promise.withResolvers<void>();
  const handler = async (socket: TcpSocket) => {
    await gate.promise;
    await socket.sendAll(octets("done"));
  };
  const server = new TcpServer({ handler });
  const served = server.serveForever();
  await using client = await connect(server.addr);
  await until(() => server.stats.inFlight === 1);
  const down = server.shutdown();
  gate.resolve();
  assertEquals(text(await client.receiveExactly(4, LIMIT)), "done");
  assertEquals(await down, 0);
  await served;
  await assertRejects(
    () => connect(server.addr),
    Deno.errors.ConnectionRefused,
  );
});

Deno.test("TcpServer.shutdown() aborts those who go on, and closes their connections", async () => {
  let aborted = false;
  const handler = async (
    socket: TcpSocket,
    { signal }: { signal: AbortSignal },
  ) => {
    signal.addEventListener("abort", () => {
      aborted = true;
      socket.close();
    });
    await socket.receive().catch(() => {});
  };
  const server = new TcpServer({ handler });
  const served = server.serveForever();
  await using client = await connect(server.addr);
  await until(() => server.stats.inFlight === 1);
  assertEquals(await server.shutdown({ graceMs: 5 }), 0);
  await served;
  assert(aborted);
  assertEquals(await client.receive(1, LIMIT), null);
});

Deno.test("TcpServer can be bound again at once, under load", async () => {
  let port = 0;
  for (let round = 0; round < 3; round++) {
    await withServer({ handler: echo, port }, async (server) => {
      port = (server.addr as Deno.NetAddr).port;
      const clients = await Promise.all(
        Array.from({ length: 20 }, () => connect(server.addr)),
      );
      for (const client of clients) await client.sendAll(octets("x"));
      for (const client of clients) await client.receive(1, LIMIT);
      for (const client of clients) client.close();
    });
  }
});

Deno.test("TcpServer refuses limits that make no sense", () => {
  assertThrows(
    () => new TcpServer({ handler: echo, maxConnections: 0 }),
    RangeError,
  );
});

const RESTARTS = 5;
const CLIENTS = 8;

/** Sends back what comes, and is done at once when the server shuts down. */
async function echoUntilAborted(
  socket: TcpSocket,
  { signal }: TcpContext,
): Promise<void> {
  signal.addEventListener("abort", () => socket.close());
  for (;;) {
    const received = await socket.receive();
    if (received === null) return;
    await socket.sendAll(received);
  }
}

Deno.test("TcpServer is bound again at once while clients come all the time", async () => {
  const serve = (port: number) => {
    const server = new TcpServer({
      handler: echoUntilAborted,
      port,
      onError: () => {},
    });
    return { server, served: server.serveForever() };
  };
  let { server, served } = serve(0);
  const addr = server.addr as Deno.NetAddr;
  let isOver = false;
  let answers = 0;
  /** Asks until it is cut off, and then comes again. */
  const client = async () => {
    while (!isOver) {
      const { socket, code } = await connectEx(addr);
      if (socket === undefined) {
        assert(code === "ECONNREFUSED" || code === "ECONNRESET", code);
        await new Promise((resolve) => setTimeout(resolve, 1));
        continue;
      }
      using _closing = socket;
      try {
        while (!isOver) {
          await socket.sendAll(bytes(7));
          if (await socket.receive(1) === null) break;
          answers++;
        }
      } catch (error) {
        const isGone = error instanceof Deno.errors.ConnectionReset ||
          error instanceof Deno.errors.BrokenPipe;
        if (!isGone) throw error;
      }
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  for (let restart = 0; restart < RESTARTS; restart++) {
    const before = answers;
    await until(() => answers > before + 10 * CLIENTS);
    assertEquals(await server.shutdown({ graceMs: 0 }), 0);
    await served;
    ({ server, served } = serve(addr.port));
  }
  const before = answers;
  await until(() => answers > before);
  isOver = true;
  await Promise.all(clients);
  await server.shutdown({ graceMs: 0 });
  await served;
});
