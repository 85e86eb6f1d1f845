import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ServerLoop, type ServerSteps } from "../../mux/server.ts";
import { Source } from "../../mux/source.ts";

/** A server over numbers that the test feeds. */
function serve(
  steps: Partial<ServerSteps<number>>,
  maxInFlight = 2,
): {
  server: ServerLoop<number>;
  feed: (...items: (number | Error)[]) => void;
  log: { closed: number };
} {
  const items: (number | Error)[] = [];
  let more = Promise.withResolvers<void>();
  const log = { closed: 0 };
  const source = new Source<number>({
    action: "read a number",
    async read() {
      while (items.length === 0) await more.promise;
      const item = items.shift()!;
      if (items.length === 0) more = Promise.withResolvers<void>();
      if (typeof item === "number") return item;
      throw item;
    },
    close: () => void log.closed++,
  });
  const server = new ServerLoop<number>({
    take: (options) => source.take((item) => item, options),
    handle: () => {},
    close: () => source.close(),
    ...steps,
  }, { maxInFlight });
  const feed = (...more_: (number | Error)[]) => {
    items.push(...more_);
    more.resolve();
  };
  return { server, feed, log };
}

/** Runs all that is ready to run: microtasks, and what they lead to. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Resolves when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve())
  );
}

Deno.test("ServerLoop refuses a limit below 1", () => {
  for (const maxInFlight of [0, -1, 0.5, NaN, -Infinity]) {
    assertThrows(
      () => serve({}, maxInFlight),
      RangeError,
      undefined,
      String(maxInFlight),
    );
  }
});

Deno.test("ServerLoop takes nothing before serveForever()", async () => {
  const { server, feed } = serve({});
  feed(1);
  await settle();
  assertEquals(server.stats.taken, 0);
  await server.shutdown();
});

Deno.test("ServerLoop hands each item to the handler, in order", async () => {
  const seen: number[] = [];
  const all = Promise.withResolvers<void>();
  const { server, feed } = serve({
    handle: (item) => void (seen.push(item) === 5 && all.resolve()),
  });
  const served = server.serveForever();
  feed(1, 2, 3, 4, 5);
  await all.promise;
  assertEquals(await server.shutdown(), 0);
  await served;
  assertEquals(seen, [1, 2, 3, 4, 5]);
});

Deno.test("ServerLoop serves one after the other when maxInFlight is 1", async () => {
  const log: string[] = [];
  const all = Promise.withResolvers<void>();
  const { server, feed } = serve({
    handle: async (item) => {
      log.push(`+${item}`);
      await settle();
      if (log.push(`-${item}`) === 6) all.resolve();
    },
  }, 1);
  const served = server.serveForever();
  feed(1, 2, 3);
  await all.promise;
  await server.shutdown();
  await served;
  assertEquals(log, ["+1", "-1", "+2", "-2", "+3", "-3"]);
});

Deno.test("ServerLoop takes nothing while the limit is reached", async () => {
  const running: PromiseWithResolvers<void>[] = [];
  const { server, feed } = serve({
    handle: () => {
      const handler = Promise.withResolvers<void>();
      running.push(handler);
      return handler.promise;
    },
  }, 2);
  const served = server.serveForever();
  feed(1, 2, 3, 4);
  await settle();
  assertEquals([running.length, server.stats.taken, server.stats.inFlight], [
    2,
    2,
    2,
  ]);
  running[1]!.resolve();
  await settle();
  assertEquals([running.length, server.stats.taken, server.stats.inFlight], [
    3,
    3,
    2,
  ]);
  for (const i of [0, 2]) running[i]!.resolve();
  await settle();
  assertEquals([running.length, server.stats.inFlight], [4, 1]);
  running[3]!.resolve();
  await server.shutdown();
  await served;
});

Deno.test("ServerLoop gives what a handler throws to onError, and serves on", async () => {
  const errors: [unknown, number][] = [];
  const all = Promise.withResolvers<void>();
  const { server, feed } = serve({
    handle(item) {
      if (item === 1) throw "at once";
      if (item === 2) return Promise.reject("later");
      all.resolve();
    },
    onError: (error, item) => void errors.push([error, item]),
  }, 1);
  const served = server.serveForever();
  feed(1, 2, 3);
  await all.promise;
  await server.shutdown();
  await served;
  assertEquals(errors, [["at once", 1], ["later", 2]]);
  const { taken, handled, failed, refused, inFlight } = server.stats;
  assertEquals([taken, handled, failed, refused, inFlight], [3, 1, 2, 0, 0]);
});

Deno.test("ServerLoop serves on when onError throws", async () => {
  const all = Promise.withResolvers<void>();
  const { server, feed } = serve({
    handle(item) {
      if (item === 1) throw new Error("handler");
      all.resolve();
    },
    onError() {
      throw new Error("the hook itself (this line on stderr is expected)");
    },
  }, 1);
  const served = server.serveForever();
  feed(1, 2);
  await all.promise;
  assertEquals(await server.shutdown(), 0);
  await served;
  assertEquals([server.stats.failed, server.stats.handled], [1, 1]);
});

Deno.test("ServerLoop does not serve what verify turns away", async () => {
  const seen: number[] = [];
  const all = Promise.withResolvers<void>();
  const { server, feed } = serve({
    verify: (item) => item < 3 ? item === 2 : Promise.resolve(item === 4),
    handle: (item) => void (seen.push(item) === 2 && all.resolve()),
  });
  const served = server.serveForever();
  feed(1, 2, 3, 4);
  await all.promise;
  await server.shutdown();
  await served;
  assertEquals(seen, [2, 4]);
  assertEquals([server.stats.refused, server.stats.handled], [2, 2]);
});

Deno.test("ServerLoop counts what verify throws as failed, and does not serve it", async () => {
  const errors: unknown[] = [];
  const seen: number[] = [];
  const all = Promise.withResolvers<void>();
  const { server, feed } = serve({
    verify(item) {
      if (item === 1) throw "at once";
      return item === 2 ? Promise.reject("later") : true;
    },
    handle: (item) => {
      seen.push(item);
      all.resolve();
    },
    onError: (error) => void errors.push(error),
  }, 1);
  const served = server.serveForever();
  feed(1, 2, 3);
  await all.promise;
  await server.shutdown();
  await served;
  assertEquals([errors, seen, server.stats.failed], [
    ["at once", "later"],
    [3],
    2,
  ]);
});

Deno.test("ServerLoop.stats is a copy", async () => {
  const { server } = serve({});
  Object.assign(server.stats, { taken: 5 });
  assertEquals(server.stats.taken, 0);
  await server.shutdown();
});

Deno.test("ServerLoop.serveForever() refuses to start twice", async () => {
  const { server } = serve({});
  const served = server.serveForever();
  await assertRejects(() => server.serveForever(), TypeError);
  await server.shutdown();
  await served;
  await assertRejects(() => server.serveForever(), TypeError);
});

Deno.test("ServerLoop.shutdown() before serveForever() closes, once", async () => {
  const { server, log } = serve({});
  assertEquals([await server.shutdown(), await server.shutdown()], [0, 0]);
  assertEquals(log.closed, 1);
  await assertRejects(() => server.serveForever(), TypeError);
});

Deno.test("ServerLoop.shutdown() takes no more, drains, then closes", async () => {
  const running: PromiseWithResolvers<void>[] = [];
  const signals: AbortSignal[] = [];
  const { server, feed, log } = serve({
    handle: (_, signal) => {
      signals.push(signal);
      running.push(Promise.withResolvers<void>());
      return running.at(-1)!.promise;
    },
  });
  const served = server.serveForever();
  feed(1, 2);
  await settle();
  const down = server.shutdown({ graceMs: 60_000 });
  feed(3);
  running[0]!.resolve();
  await settle();
  assertEquals([log.closed, server.stats.taken], [0, 2]);
  assertEquals(signals.map(({ aborted }) => aborted), [false, false]);
  running[1]!.resolve();
  assertEquals(await down, 0);
  await served;
  const { taken, handled } = server.stats;
  assertEquals([log.closed, taken, handled], [1, 2, 2]);
});

Deno.test("ServerLoop.shutdown() aborts handlers when the grace is over", async () => {
  const { server, feed } = serve({ handle: (_, signal) => aborted(signal) });
  const served = server.serveForever();
  feed(1, 2);
  await settle();
  const start = performance.now();
  assertEquals(await server.shutdown({ graceMs: 10 }), 0);
  assert(performance.now() - start >= 9.5, "early");
  await served;
  assertEquals(server.stats.handled, 2);
});

Deno.test("ServerLoop.shutdown() leaves behind handlers that ignore the abort", async () => {
  const handler = Promise.withResolvers<void>();
  const { server, feed, log } = serve({ handle: () => handler.promise });
  const served = server.serveForever();
  feed(1, 2);
  await settle();
  assertEquals(await server.shutdown({ graceMs: 0 }), 2);
  await served;
  assertEquals([log.closed, server.stats.inFlight], [1, 2]);
  handler.resolve();
  await settle();
  assertEquals(server.stats.inFlight, 0);
});

Deno.test("ServerLoop.shutdown() may be hurried by a shorter grace, not slowed by a longer", async () => {
  const { server, feed, log } = serve({
    handle: (_, signal) => aborted(signal),
  });
  const served = server.serveForever();
  feed(1);
  await settle();
  const slow = server.shutdown({ graceMs: 60_000 });
  const fast = server.shutdown({ graceMs: 5 });
  const slower = server.shutdown({ graceMs: 120_000 });
  assertEquals(await Promise.all([slow, fast, slower]), [0, 0, 0]);
  await served;
  assertEquals(log.closed, 1);
});

Deno.test("ServerLoop.shutdown() aborts nobody early for a grace that no timer can hold", async () => {
  for (const graceMs of [2 ** 31, 2 ** 32 + 1, Infinity]) {
    let early = false;
    const handler = Promise.withResolvers<void>();
    const { server, feed } = serve({
      handle: async (_, signal) => {
        await handler.promise;
        early = signal.aborted;
      },
    });
    const served = server.serveForever();
    feed(1);
    await settle();
    const down = server.shutdown({ graceMs });
    for (let turn = 0; turn < 5; turn++) await settle();
    handler.resolve();
    assertEquals([await down, early], [0, false], String(graceMs));
    await served;
  }
});

/** Fails, instead of waiting for ever, if a promise does not settle. */
async function soon<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error("never settles")),
    3_000,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

Deno.test("ServerLoop serves what was taken before the shutdown, and closes after that", async () => {
  const log: string[] = [];
  const server: ServerLoop<number> = new ServerLoop<number>({
    take: () => Promise.resolve(1),
    handle: async () => {
      log.push("begun");
      await settle();
      log.push("ended");
    },
    close: () => void log.push("closed"),
  }, { maxInFlight: 1 });
  const served = server.serveForever(); // has taken, but not yet seen, an item
  assertEquals(await server.shutdown(), 0);
  await served;
  assertEquals(log, ["begun", "ended", "closed"]);
});

Deno.test("ServerLoop[Symbol.dispose]() ends a shutdown that waits for its handlers", async () => {
  const handler = Promise.withResolvers<void>();
  const { server, feed } = serve({ handle: () => handler.promise });
  const served = server.serveForever();
  feed(1);
  await settle();
  const down = server.shutdown({ graceMs: 60_000 });
  server[Symbol.dispose]();
  try {
    assertEquals(await soon(down), 1);
  } finally {
    handler.resolve();
    await served;
  }
});

Deno.test("ServerLoop survives an onError that rejects", async () => {
  const unhandled: unknown[] = [];
  const listener = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  addEventListener("unhandledrejection", listener);
  const { server, feed } = serve({
    handle: () => Promise.reject("handler"),
    onError: () =>
      Promise.reject("the hook itself (this line on stderr is expected)"),
  });
  const served = server.serveForever();
  feed(1);
  await settle();
  await server.shutdown();
  await served;
  await settle();
  removeEventListener("unhandledrejection", listener);
  assertEquals(unhandled, [], "ends the process");
});

Deno.test("ServerLoop.shutdown() may be called by a handler", async () => {
  const { server, feed } = serve({ handle: () => void server.shutdown() });
  const served = server.serveForever();
  feed(1, 2);
  await served;
  assertEquals(server.stats.handled, 1);
});

Deno.test("ServerLoop.serveForever() rejects when the source fails, after the drain", async () => {
  const handler = Promise.withResolvers<void>();
  const { server, feed, log } = serve({ handle: () => handler.promise });
  let over = false;
  const served = server.serveForever().finally(() => over = true);
  feed(1, new Deno.errors.ConnectionReset("the source"));
  await settle();
  assertEquals([over, log.closed], [false, 0]);
  handler.resolve();
  await assertRejects(() => served, Deno.errors.ConnectionReset, "the source");
  assertEquals([log.closed, server.stats.handled], [1, 1]);
  assertEquals(await server.shutdown(), 0);
});

Deno.test("ServerLoop[Symbol.dispose]() aborts and closes without waiting", async () => {
  const signals: AbortSignal[] = [];
  const { server, feed, log } = serve({
    handle: (_, signal) => {
      signals.push(signal);
      return aborted(signal);
    },
  });
  const served = server.serveForever();
  feed(1);
  await settle();
  server[Symbol.dispose]();
  assertEquals([log.closed, signals[0]!.aborted], [1, true]);
  await served;
});

Deno.test("ServerLoop[Symbol.asyncDispose]() drains", async () => {
  const handler = Promise.withResolvers<void>();
  const { server, feed } = serve({ handle: () => handler.promise });
  const served = server.serveForever();
  feed(1);
  await settle();
  const disposed = server[Symbol.asyncDispose]();
  handler.resolve();
  await disposed;
  await served;
  assertEquals(server.stats.handled, 1);
});

Deno.test("ServerLoop.shutdown() awaited by a handler takes the grace and a second", async () => {
  const { server, feed } = serve({
    handle: async () => {
      const start = performance.now();
      const leftBehind = await server.shutdown({ graceMs: 100 });
      ended.resolve([leftBehind, performance.now() - start]);
    },
  });
  const ended = Promise.withResolvers<[number, number]>();
  const served = server.serveForever();
  feed(1);
  const [leftBehind, ms] = await ended.promise;
  await served;
  assertEquals(leftBehind, 1);
  assert(ms >= 1_098 && ms < 3_000, `${ms} ms`);
});

Deno.test("ServerLoop.close() aborts and closes without waiting, once", async () => {
  const signals: AbortSignal[] = [];
  const { server, feed, log } = serve({
    handle: (_, signal) => {
      signals.push(signal);
      return aborted(signal);
    },
  });
  const served = server.serveForever();
  feed(1);
  await settle();
  server.close();
  assertEquals([log.closed, signals[0]!.aborted], [1, true]);
  server.close();
  await served;
  server.close();
  assertEquals(log.closed, 1);
});

Deno.test("ServerLoop.close() before serveForever() and after shutdown() closes once", async () => {
  const unused = serve({});
  unused.server.close();
  unused.server.close();
  assertEquals(unused.log.closed, 1);
  await assertRejects(() => unused.server.serveForever(), TypeError);
  const { server, log } = serve({});
  await server.shutdown();
  server.close();
  assertEquals(log.closed, 1);
});
