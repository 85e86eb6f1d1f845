import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UdpServer } from "../../udp/server.ts";
import { UdpSocket } from "../../udp/socket.ts";

const IPV6 = hasIpv6();
const SOON = { timeoutMs: 5_000 };

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

const bytes = (...values: number[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(values);

/** Runs all that is ready to run: microtasks, and what they lead to. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("UdpServer answers each datagram from its own port", async () => {
  await using server = new UdpServer({
    handler: async ({ data, reply }) =>
      void await reply(data.map((byte) => byte + 1)),
  });
  const served = server.serveForever();
  await using client = UdpSocket.bind();
  const { data, addr } = await client.request(bytes(1, 2), server.addr, SOON);
  assertEquals([data, addr], [bytes(2, 3), server.addr]);
  await server.shutdown();
  await served;
});

Deno.test("UdpServer binds 127.0.0.1 by default, and shows where", async () => {
  await using server = new UdpServer({ handler: () => {} });
  assertEquals(server.addr.hostname, "127.0.0.1");
  assert(server.addr.port > 0);
  assertEquals(server.socket.localAddr, server.addr);
});

Deno.test("UdpServer gives its socket back when it refuses its options", () => {
  using probe = UdpSocket.bind();
  const { port } = probe.localAddr;
  probe.close();
  for (const maxInFlight of [0, -1, NaN]) {
    assertThrows(
      () => new UdpServer({ port, maxInFlight, handler: () => {} }),
      RangeError,
    );
  }
  UdpSocket.bind({ port }).close();
});

Deno.test("UdpServer tells by onListen where it serves, once", async () => {
  const heard: Deno.NetAddr[] = [];
  await using server = new UdpServer({
    handler: () => {},
    onListen: (addr) => void heard.push(addr),
  });
  const served = server.serveForever();
  await settle();
  await server.shutdown();
  await served;
  assertEquals(heard, [server.addr]);
});

Deno.test("UdpServer keeps datagrams apart that are handled at once", async () => {
  const all = Promise.withResolvers<void>();
  let running = 0;
  await using server = new UdpServer({
    handler: async ({ data, reply }) => {
      if (++running === 3) all.resolve();
      await all.promise;
      await reply(data);
    },
  });
  const served = server.serveForever();
  await using client = UdpSocket.bind();
  const asked = [1, 2, 3].map((i) =>
    client.request(bytes(i), server.addr, {
      match: ({ data }) => data[0] === i,
      ...SOON,
    })
  );
  assertEquals((await Promise.all(asked)).map(({ data }) => data[0]), [
    1,
    2,
    3,
  ]);
  await server.shutdown();
  await served;
});

Deno.test("UdpServer serves one after the other when it is serial", async () => {
  const log: string[] = [];
  const all = Promise.withResolvers<void>();
  await using server = new UdpServer({
    concurrency: "serial",
    maxInFlight: 8,
    handler: async ({ data }) => {
      log.push(`+${data[0]}`);
      await settle();
      if (log.push(`-${data[0]}`) === 6) all.resolve();
    },
  });
  const served = server.serveForever();
  await using client = UdpSocket.bind();
  for (const i of [1, 2, 3]) await client.sendTo(bytes(i), server.addr);
  await all.promise;
  await server.shutdown();
  await served;
  assertEquals(log, ["+1", "-1", "+2", "-2", "+3", "-3"]);
});

Deno.test("UdpServer receives nothing while maxInFlight handlers run, and loses nothing", async () => {
  const running: PromiseWithResolvers<void>[] = [];
  const seen: number[] = [];
  let begun = Promise.withResolvers<void>();
  await using server = new UdpServer({
    maxInFlight: 2,
    handler: ({ data }) => {
      const handler = Promise.withResolvers<void>();
      running.push(handler);
      if (seen.push(data[0]!) === 2 || seen.length === 4) begun.resolve();
      return handler.promise;
    },
  });
  const served = server.serveForever();
  await using client = UdpSocket.bind();
  for (const i of [1, 2, 3, 4]) await client.sendTo(bytes(i), server.addr);
  await begun.promise;
  await settle();
  assertEquals([seen, server.stats.inFlight], [[1, 2], 2]);
  begun = Promise.withResolvers<void>();
  for (const handler of running) handler.resolve();
  await begun.promise;
  assertEquals(seen, [1, 2, 3, 4]);
  for (const handler of running) handler.resolve();
  await server.shutdown();
  await served;
});

Deno.test("UdpServer serves on after a handler that throws", async () => {
  const errors: [unknown, number][] = [];
  await using server = new UdpServer({
    handler: async ({ data, reply }) => {
      if (data[0] === 1) throw "broken";
      await reply(data);
    },
    onError: (error, datagram) => void errors.push([error, datagram.data[0]!]),
  });
  const served = server.serveForever();
  await using client = UdpSocket.bind();
  await client.sendTo(bytes(1), server.addr);
  assertEquals(
    (await client.request(bytes(2), server.addr, SOON)).data,
    bytes(2),
  );
  await server.shutdown();
  await served;
  assertEquals([errors, server.stats.failed, server.stats.handled], [
    [["broken", 1]],
    1,
    1,
  ]);
});

Deno.test("UdpServer serves only whom verify lets in", async () => {
  await using server = new UdpServer({
    handler: async ({ data, reply }) => void await reply(data),
    verify: ({ data }) => Promise.resolve(data[0] !== 1),
  });
  const served = server.serveForever();
  await using client = UdpSocket.bind();
  await client.sendTo(bytes(1), server.addr);
  assertEquals(
    (await client.request(bytes(2), server.addr, SOON)).data,
    bytes(2),
  );
  await server.shutdown();
  await served;
  assertEquals([server.stats.refused, server.stats.handled], [1, 1]);
});

Deno.test("UdpServer.shutdown() lets a handler answer, then frees the port", async () => {
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const server = new UdpServer({
    handler: async ({ data, reply }) => {
      begun.resolve();
      await end.promise;
      await reply(data);
    },
  });
  const served = server.serveForever();
  await using client = UdpSocket.bind();
  const asked = client.request(bytes(1), server.addr, SOON);
  await begun.promise;
  const down = server.shutdown();
  await settle();
  end.resolve();
  assertEquals([await down, (await asked).data], [0, bytes(1)]);
  await served;
  UdpSocket.bind({ port: server.addr.port }).close();
});

Deno.test("UdpServer.shutdown() aborts the signal of requests when the grace is over", async () => {
  const begun = Promise.withResolvers<AbortSignal>();
  const server = new UdpServer({
    handler: ({ signal }) => {
      begun.resolve(signal);
      return new Promise((resolve) =>
        signal.addEventListener("abort", () => resolve())
      );
    },
  });
  const served = server.serveForever();
  await using client = UdpSocket.bind();
  await client.sendTo(bytes(1), server.addr);
  const signal = await begun.promise;
  const down = server.shutdown({ graceMs: 5 });
  assertEquals(signal.aborted, false);
  assertEquals([await down, signal.aborted], [0, true]);
  await served;
});

Deno.test("UdpServer.serveForever() refuses to start twice", async () => {
  await using server = new UdpServer({ handler: () => {} });
  const served = server.serveForever();
  await assertRejects(() => server.serveForever(), TypeError);
  await server.shutdown();
  await served;
});

Deno.test("UdpServer.serveForever() refuses to start after a shutdown", async () => {
  const server = new UdpServer({ handler: () => {} });
  await server.shutdown();
  await assertRejects(() => server.serveForever(), TypeError);
  UdpSocket.bind({ port: server.addr.port }).close();
});

Deno.test("UdpServer.serveForever() rejects when its socket is closed by others", async () => {
  await using server = new UdpServer({ handler: () => {} });
  const served = server.serveForever();
  await settle();
  server.socket.close();
  await assertRejects(() => served, Deno.errors.Interrupted);
});

Deno.test("UdpServer gives its port back at the end of its block", async () => {
  let port = 0;
  for (let round = 0; round < 5; round++) {
    await using server = new UdpServer({ port, handler: () => {} });
    port = server.addr.port;
  }
  UdpSocket.bind({ port }).close();
});

Deno.test("UdpServer gives its port back at the end of its block, though it served", async () => {
  let port = 0;
  for (let round = 0; round < 5; round++) {
    await using server = new UdpServer({ port, handler: () => {} });
    port = server.addr.port;
    server.serveForever();
    await settle();
  }
  UdpSocket.bind({ port }).close();
});

Deno.test("UdpServer.shutdown() resolves when the port can be bound again", async () => {
  for (let round = 0; round < 5; round++) {
    const server = new UdpServer({ handler: () => {} });
    const served = server.serveForever();
    await settle();
    await server.shutdown();
    UdpSocket.bind({ port: server.addr.port }).close();
    await served;
  }
});

Deno.test("UdpServer does not tell by onListen that it serves when it does not", async () => {
  let heard = 0;
  await using server = new UdpServer({
    handler: () => {},
    onListen: () => heard++,
  });
  const served = server.serveForever();
  await assertRejects(() => server.serveForever(), TypeError);
  await server.shutdown();
  await served;
  await assertRejects(() => server.serveForever(), TypeError);
  assertEquals(heard, 1);
});

Deno.test("UdpServer.serveForever() rejects with what onListen throws", async () => {
  await using server = new UdpServer({
    handler: () => {},
    onListen: () => {
      throw new SyntaxError("the hook");
    },
  });
  await assertRejects(() => server.serveForever(), SyntaxError, "the hook");
});

Deno.test({
  name: "UdpServer serves IPv6, and IPv4 in the usual form by the same socket",
  ignore: !IPV6,
  fn: async () => {
    await using server = new UdpServer({
      hostname: "::",
      handler: async ({ addr, reply }) =>
        void await reply(new TextEncoder().encode(addr.hostname)),
    });
    const served = server.serveForever();
    for (const hostname of ["::1", "127.0.0.1"]) {
      await using client = UdpSocket.bind({ hostname });
      const { data } = await client.request(bytes(), {
        hostname,
        port: server.addr.port,
      }, SOON);
      assertEquals(new TextDecoder().decode(data), hostname);
    }
    await server.shutdown();
    await served;
  },
});

Deno.test("UdpServer[Symbol.dispose]() aborts the handlers under way", async () => {
  const begun = Promise.withResolvers<AbortSignal>();
  const end = Promise.withResolvers<void>();
  const server = new UdpServer({
    handler: ({ signal }) => {
      begun.resolve(signal);
      return end.promise;
    },
  });
  const served = server.serveForever();
  await using client = UdpSocket.bind();
  await client.sendTo(bytes(1), server.addr);
  const signal = await begun.promise;
  server[Symbol.dispose]();
  assertEquals([signal.aborted, server.socket.closed], [true, true]);
  end.resolve();
  await served;
});

Deno.test("UdpServer.close() gives the port back at once, as often as one likes", async () => {
  const server = new UdpServer({ handler: () => {} });
  const { port } = server.addr;
  server.close();
  server.close();
  UdpSocket.bind({ port }).close();
  await assertRejects(() => server.serveForever(), TypeError);
});

Deno.test("UdpServer.close() ends serveForever()", async () => {
  const server = new UdpServer({ handler: () => {} });
  const served = server.serveForever();
  await settle();
  server.close();
  await served;
  assert(server.socket.closed);
});
