import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { currentTask } from "../../sync/task.ts";
import { Thread } from "../../sync/thread.ts";
import type { UdpConcurrency } from "../../udp/handler.ts";
import { UdpServer, type UdpServerOptions } from "../../udp/server.ts";
import { UdpSocket } from "../../udp/socket.ts";
import { until } from "../sync/_until.ts";
import { errors } from "./_handlers.ts";

const SOON = { timeoutMs: 10_000 };
const MODULE = import.meta.resolve("./_handlers.ts");
const MODELS: readonly UdpConcurrency[] = [
  "serial",
  "async",
  "coroutines",
  "threads",
];

/** Runs a test with a server and a client of it. */
async function withServer(
  name: string,
  options: Partial<UdpServerOptions>,
  test: (server: UdpServer, client: UdpSocket) => Promise<void>,
): Promise<void> {
  errors.length = 0;
  const handler = { module: MODULE, name };
  const server = new UdpServer({ handler, ...options });
  const served = server.serveForever();
  await using client = UdpSocket.bind();
  try {
    await test(server, client);
  } finally {
    await server.shutdown({ graceMs: 0 });
    await served;
  }
}

async function ask(
  client: UdpSocket,
  server: UdpServer,
  ...octets: number[]
): Promise<number[]> {
  await client.sendTo(Uint8Array.from(octets), server.addr);
  return [...(await client.receive(SOON)).data];
}

for (const concurrency of MODELS) {
  Deno.test(`UdpServer ${concurrency} answers what a handler of a module returns`, async () => {
    const options = { concurrency, size: 1 };
    await withServer("increment", options, async (server, client) => {
      await client.sendTo(Uint8Array.of(0), server.addr); // is turned away
      assertEquals(await ask(client, server, 1, 2), [2, 3]);
      await until(() => server.stats.handled === 1);
      assertEquals(server.stats.refused, 1);
    });
  });
}

Deno.test("UdpServer threads runs handlers elsewhere, and goes on when they fail or spin", async () => {
  const options = { concurrency: "threads", size: 2 } as const;
  await withServer("obey", options, async (server, client) => {
    const [id] = await ask(client, server, 1);
    assert(id! > Thread.current.id, "it is another thread");

    await client.sendTo(Uint8Array.of(2), server.addr);
    await until(() => errors.length === 1);
    assertEquals(`${errors.pop()}`, "RangeError: as 127.0.0.1 asked");

    await client.sendTo(Uint8Array.of(3), server.addr);
    assertEquals(await ask(client, server, 4, 9), [4, 9], "none to the other");

    await client.sendTo(Uint8Array.of(5), server.addr);
    assertEquals((await ask(client, server, 1)).length, 1);
    await until(() => server.stats.inFlight === 1);

    assertEquals(await server.shutdown({ graceMs: 0 }), 0, "it is stopped");
    const { handled, failed } = server.stats;
    assertEquals([handled, failed], [4, 2]);
    assertEquals((errors.pop() as Error).name, "AbortError");
  });
});

Deno.test("UdpServer threads receives nothing while maxInFlight handlers are under way", async () => {
  const options = { concurrency: "threads", size: 1, maxInFlight: 2 } as const;
  await withServer("obey", options, async (server, client) => {
    for (let i = 0; i < 4; i++) {
      await client.sendTo(Uint8Array.of(5), server.addr);
    }
    await until(() => server.stats.inFlight === 2);
    await client.sendTo(Uint8Array.of(9), client.localAddr);
    await client.receive(SOON); // so the others have arrived, too
    assertEquals(server.stats.taken, 2);
  });
});

Deno.test("UdpServer coroutines runs each handler as a task, which is cancelled", async () => {
  const options = { concurrency: "coroutines" } as const;
  await withServer("obey", options, async (server, client) => {
    assertEquals(await ask(client, server, 6), [1]);
  });
  await withServer("obey", { concurrency: "async" }, async (server, client) => {
    assertEquals(await ask(client, server, 6), [0]);
  });

  const cancelled = Promise.withResolvers<void>();
  const handler = async () => {
    const { signal } = currentTask()!;
    signal.addEventListener("abort", () => cancelled.resolve());
    await cancelled.promise;
  };
  await withServer("", { ...options, handler }, async (server, client) => {
    await client.sendTo(Uint8Array.of(1), server.addr);
    await until(() => server.stats.inFlight === 1);
    assertEquals(await server.shutdown({ graceMs: 0 }), 0);
  });
});

Deno.test("UdpServer answers what a function returns, besides reply()", async () => {
  const handler: UdpServerOptions["handler"] = async ({ data, reply }) => {
    await reply(Uint8Array.of(1));
    return data;
  };
  await withServer("", { handler }, async (server, client) => {
    assertEquals(await ask(client, server, 7), [1]);
    assertEquals([...(await client.receive(SOON)).data], [7]);
  });
});

Deno.test("UdpServer says which handlers it cannot run, and frees its port", async () => {
  const handler = { module: MODULE, name: "obey" };
  const refused: readonly [UdpServerOptions, string][] = [
    [
      { handler: () => {}, concurrency: "threads" },
      'Cannot serve by "threads": the handler must be { module, name }, as it runs elsewhere',
    ],
    [
      { handler, verify: () => true },
      "Cannot serve: the hooks of a handler in a module are exports of it",
    ],
    [
      { handler, concurrency: "epoll" as UdpConcurrency },
      'Cannot serve by "epoll": it is none of serial, async, coroutines, threads',
    ],
  ];
  for (const [options, message] of refused) {
    assertThrows(() => new UdpServer(options), TypeError, message);
  }
  for (const concurrency of ["async", "threads"] as const) {
    const missing = { module: MODULE, name: "nothing" };
    const server = new UdpServer({
      handler: missing,
      concurrency,
      size: 1,
    });
    await assertRejects(
      () => server.serveForever(),
      TypeError,
      'exports no function "nothing"',
    );
    UdpSocket.bind({ port: server.addr.port }).close();
  }
});
