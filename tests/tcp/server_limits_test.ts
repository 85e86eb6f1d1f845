import { assert, assertEquals, assertThrows } from "@std/assert";
import { connect } from "../../tcp/connect.ts";
import { TcpServer, type TcpServerOptions } from "../../tcp/server.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import { until } from "../sync/_until.ts";
import { LIMIT, muted, withServer } from "./_model_suite.ts";
import { octets, text } from "./_pair.ts";

/** Sends back whatever comes, however long it takes. */
async function echo(socket: TcpSocket): Promise<void> {
  for (;;) {
    const received = await socket.receive();
    if (received === null) return;
    await socket.sendAll(received);
  }
}

Deno.test("TcpServer idleTimeoutMs closes who is silent, and tells the hook", async () => {
  const told: [TcpSocket, string][] = [];
  const seen: TcpSocket[] = [];
  const options: TcpServerOptions = {
    handler: (socket) => {
      seen.push(socket);
      return echo(socket);
    },
    idleTimeoutMs: 100,
    onTimeout: (socket, limit) => void told.push([socket, limit]),
  };
  await withServer(options, async (server) => {
    using silent = await connect(server.addr);
    using talks = await connect(server.addr);
    const ended = silent.receive(1, LIMIT);
    let isOver = false;
    ended.then(() => isOver = true);
    while (!isOver) { // whoever talks meanwhile is served on
      await talks.sendAll(octets("x"));
      assertEquals(text(await talks.receiveExactly(1, LIMIT)), "x");
    }
    assertEquals(await ended, null);
    assertEquals(told, [[seen[0], "idle"]]);
    await until(() => server.stats.inFlight === 1);
    assertEquals(server.stats.failed, 0); // the hook was told, not onError
  });
});

Deno.test("TcpServer requestTimeoutMs ends a handler that takes too long, however busy", async () => {
  const told: string[] = [];
  const reasons: unknown[] = [];
  const options: TcpServerOptions = {
    handler: async (socket, { signal }) => {
      signal.addEventListener("abort", () => reasons.push(signal.reason));
      await echo(socket);
    },
    requestTimeoutMs: 60,
    onTimeout: (_, limit) => void told.push(limit),
  };
  await withServer(options, async (server) => {
    using client = await connect(server.addr);
    let last: Uint8Array | null = new Uint8Array(1);
    while (last !== null) {
      await client.sendAll(octets("x")).catch(() => {});
      last = await client.receive(1, LIMIT).catch(() => null);
    }
    await until(() => server.stats.inFlight === 0);
    assertEquals(told, ["request"]);
    assertEquals(
      reasons.map((reason) => (reason as DOMException).name),
      ["TimeoutError"],
    );
  });
});

Deno.test("TcpServer goes on when the hook of timeouts throws", async () => {
  const options: TcpServerOptions = {
    handler: echo,
    idleTimeoutMs: 20,
    onTimeout: () => {
      throw new RangeError("no time");
    },
  };
  await withServer(options, async (server) => {
    using quiet = muted();
    using client = await connect(server.addr);
    assertEquals(await client.receive(1, LIMIT), null);
    assert(quiet.said.some((error) => /no time/.test(String(error))));
    assertEquals(server.stats.taken, 1);
  });
});

Deno.test("TcpServer refuses limits that are none", () => {
  for (const limits of [{ idleTimeoutMs: 0 }, { requestTimeoutMs: -1 }]) {
    const port = 0;
    assertThrows(
      () => new TcpServer({ handler: echo, port, ...limits }),
      RangeError,
      "must be above 0",
    );
  }
});

Deno.test("TcpServer signals shut it down, with a drain", async () => {
  const options: TcpServerOptions = { handler: echo, signals: ["SIGUSR2"] };
  const server = new TcpServer(options);
  const served = server.serveForever();
  using client = await connect(server.addr);
  await client.sendAll(octets("before"));
  assertEquals(text(await client.receiveExactly(6, LIMIT)), "before");
  const { promise: came, resolve } = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGUSR2", resolve);
  Deno.kill(Deno.pid, "SIGUSR2");
  await came;
  Deno.removeSignalListener("SIGUSR2", resolve);
  await client.sendAll(octets("still"));
  assertEquals(text(await client.receiveExactly(5, LIMIT)), "still");
  client.close();
  await served;
});
