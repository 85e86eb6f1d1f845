import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { QueueCore } from "../../sync/_queue_core.ts";
import { Event } from "../../sync/event.ts";
import { Thread } from "../../sync/thread.ts";
import { ThreadError } from "../../sync/thread_error.ts";
import { isAlive, reasonOf, warmPool, withPool } from "./_pool_use.ts";
import { until } from "./_until.ts";

const withOne = await warmPool({ maxQueue: 1 });
const withTwo = await warmPool({ size: 2 });

Deno.test("ThreadPool.submit() calls onResult with the result, before the promise resolves", async () => {
  await withTwo(async (pool) => {
    const seen: unknown[] = [];
    const onError = () => seen.push("error");
    const onResult = (sum: number) => seen.push(sum);
    const options = { onResult, onError };
    const promise = pool.submit("add", [1, 2], options);
    promise.then(() => seen.push("resolved"));
    await promise;
    assertEquals(seen, [3, "resolved"]);
  });
});

Deno.test("ThreadPool.submit() calls onResult as the results come, not in the order of the calls", async () => {
  await withTwo(async (pool) => {
    const seen: number[] = [];
    const onResult = (n: number) => void seen.push(n);
    const gate = new Event();
    const held = pool.submit("hold", [gate, 1], { onResult });
    await pool.submit("add", [1, 1], { onResult });
    gate.set();
    await held;
    assertEquals(seen, [2, 1]);
  });
});

Deno.test("ThreadPool.submit() calls onError with the error; nobody has to see the promise then", async () => {
  await withOne(async (pool) => {
    const seen: unknown[] = [];
    const onError = (error: unknown) => seen.push(error);
    const onResult = () => seen.push("result");
    pool.submit("fail", ["unseen"], { onResult, onError }); // no catch
    const promise = pool.submit("fail", ["seen"], { onResult, onError });
    const reason = await reasonOf(promise);
    assertEquals(seen.length, 2);
    assertEquals((seen[0] as Error).message, "unseen");
    assertStrictEquals(seen[1], reason);
  });
});

Deno.test("ThreadPool.submit() calls onError also if the task is ended before it runs", async () => {
  await withTwo(async (pool) => {
    const seen: unknown[] = [];
    const onError = (error: unknown) => void seen.push(error);
    const signal = AbortSignal.abort("gone");
    const reason = await reasonOf(
      (async () => await pool.submit("add", [1, 2], { signal, onError }))(),
    );
    assertEquals(reason, "gone");
    const controller = new AbortController();
    const options = { signal: controller.signal, onError };
    const queued = pool.submit("add", [1, 2], options);
    controller.abort("later");
    assertEquals(await reasonOf(queued), "later");
    assertEquals(seen.at(-1), "later");
  });
});

for (const which of ["onResult", "onError"] as const) {
  Deno.test(`ThreadPool reports what ${which} throws, and goes on`, async () => {
    const reported: unknown[] = [];
    const report = (event: ErrorEvent) => {
      event.preventDefault();
      reported.push(event.error);
    };
    addEventListener("error", report);
    try {
      await withTwo(async (pool) => {
        const error = new Error(`thrown by ${which}`);
        const bad = {
          [which]: () => {
            throw error;
          },
        };
        const task = which === "onResult"
          ? pool.submit("add", [1, 2], bad)
          : pool.submit("failLater", ["failed"], bad);
        const next = pool.submit("add", [3, 4]);
        const [end] = await Promise.allSettled([task]);
        if (end.status === "fulfilled") assertEquals(end.value, 3);
        else assertEquals((end.reason as Error).message, "failed");
        assertEquals(await next, 7);
        assertEquals(reported, [error]);
        assertEquals(end.status === "fulfilled", which === "onResult");
      });
    } finally {
      removeEventListener("error", report);
    }
  });
}

Deno.test("ThreadPool.submit() resolves though its thread ends while a callback runs", async () => {
  await withPool({ size: 2, tasksPerThread: 1 }, async (pool) => {
    const before = Thread.all().length;
    const [first, second] = [new Event(), new Event()];
    const exit = (gate: Event) => {
      gate.waitSync({ timeoutMs: 20_000 });
      Deno.exit(0);
    };
    const other = { id: 0 };
    const onError = () => {
      second.set();
      while (isAlive(other.id));
    };
    const exits = pool.submit(exit, [first], { onError });
    await until(() => first.waiting === 1);
    const returns = pool.submit("hold", [second, 7]);
    await until(() => second.waiting === 1);
    other.id = Thread.all()[before + 1]!.id;
    first.set();
    assertEquals((await reasonOf(exits) as Error).name, "ThreadError");
    assertEquals(await returns, 7);
  });
});

Deno.test("ThreadPool runs 65,600 tasks that are submitted at once", async () => {
  await withPool({}, async (pool) => {
    const gate = new Event();
    const held = pool.submit("hold", [gate]);
    const tasks = Array.from(
      { length: 65_600 },
      (_, i) => pool.submit("add", [i, 1]),
    );
    assertEquals(pool.ready, false);
    gate.set();
    await held;
    const sums = await Promise.all(tasks);
    assertEquals(sums.findIndex((sum, i) => sum !== i + 1), -1);
    assertEquals(pool.stats().done, 65_601);
  });
});

Deno.test("ThreadPool takes tasks from callbacks", async () => {
  await withTwo(async (pool) => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const onResult = (n: number) => {
      if (n >= 64) resolve(n);
      else pool.submit("add", [n, n], { onResult });
    };
    pool.submit("add", [1, 1], { onResult });
    assertEquals(await promise, 64);
  });
});

Deno.test("ThreadPool is aborted and terminated from callbacks", async () => {
  await withPool({ size: 2 }, async (pool) => {
    const shut = new Event();
    const controller = new AbortController();
    const { signal } = controller;
    const endless = pool.submit("hold", [shut], { signal });
    await until(() => shut.waiting === 1);
    const onResult = () => controller.abort("by a callback");
    await pool.submit("add", [1, 2], { onResult });
    assertEquals(await reasonOf(endless), "by a callback");
    const more = [pool.submit("hold", [shut]), pool.submit("hold", [shut])];
    const seen = more.map(reasonOf);
    await until(() => shut.waiting === 2);
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const end = new AbortController();
    const onError = () => pool.terminate().then(resolve);
    const options = { signal: end.signal, onError };
    pool.submit("add", [1, 2], options);
    end.abort();
    await ended;
    for (const error of await Promise.all(seen)) {
      assertEquals((error as Error).name, "PoolError");
    }
  });
});

Deno.test("ThreadPool settles many tasks that waited for room and cannot be sent", async () => {
  await withOne(async (pool) => {
    const gate = new Event();
    const held = pool.submit("hold", [gate]);
    await until(() => gate.waiting === 1);
    let failed = 0;
    const onError = () => void failed++;
    for (let i = 0; i < 10_000; i++) {
      pool.submit("giveBack", [() => {}], { onError });
    }
    const last = pool.submit("add", [1, 2]);
    gate.set();
    await held;
    assertEquals(await last, 3);
    assertEquals(failed, 10_000);
  });
});

Deno.test("ThreadPool.apply() one after the other lets the event loop turn", async () => {
  const { look } = QueueCore.prototype;
  QueueCore.prototype.look = function () { // never in vain
    while (!this.isReady);
    return true;
  };
  try {
    await withPool({}, async (pool) => {
      await pool.apply("nothing"); // its thread has started
      let fired = false;
      const timer = setTimeout(() => fired = true, 0);
      for (let left = 20_000; left > 0 && !fired; left--) {
        await pool.apply("nothing");
      }
      clearTimeout(timer);
      assert(fired, "no timer fires");
    });
  } finally {
    QueueCore.prototype.look = look;
  }
});

Deno.test("ThreadPool.applySync() blocks until the function has returned", async () => {
  await withTwo((pool) => {
    assertEquals(pool.applySync("add", 1, 2), 3);
    assertEquals(pool.applySync("addLater", 3, 4), 7);
    assertEquals(pool.applySync((a: string) => a.length, "four"), 4);
    assertStrictEquals(pool.applySync("nothing"), undefined);
    return Promise.resolve();
  });
});

Deno.test("ThreadPool.applySync() throws what the function threw", async () => {
  await withTwo((pool) => {
    const fail = () => pool.applySync("fail", "thin");
    assertEquals(assertThrows(fail, Error, "thin").name, "PaintError");
    assertThrows(() => pool.applySync("failLater", "later"), RangeError);
    let thrown: unknown = "nothing";
    try {
      pool.applySync("throwValue", undefined);
    } catch (value) {
      thrown = value;
    }
    assertStrictEquals(thrown, undefined);
    assertThrows(() => pool.applySync("giveBack", () => 1), TypeError);
    assertEquals(pool.applySync("add", 1, 2), 3);
    return Promise.resolve();
  });
});

Deno.test("ThreadPool.applySync() throws if the thread dies", async () => {
  await withTwo((pool) => {
    assertThrows(() => pool.applySync("exitByDeno"), ThreadError);
    assertThrows(() => pool.applySync("rejectUnhandled"), ThreadError);
    assertEquals(pool.applySync("add", 1, 2), 3);
    return Promise.resolve();
  });
});

Deno.test("ThreadPool.applySync() waits for its turn and for room", async () => {
  await withOne(async (pool) => {
    const order: number[] = [];
    const onResult = (n: number) => void order.push(n);
    const tasks = [1, 2, 3, 4].map((n) =>
      pool.submit("square", [n], { onResult })
    );
    assertEquals(pool.applySync("add", 2, 3), 5);
    assertEquals(order, [1, 4, 9, 16]);
    assertEquals(await Promise.all(tasks), [1, 4, 9, 16]);
  });
});

Deno.test("ThreadPool.applySync() loses no result of others", async () => {
  await withTwo(async (pool) => {
    const gate = new Event();
    const held = pool.submit("hold", [gate, 7]);
    const fails = pool.submit("fail", ["thin"]);
    const seen = reasonOf(fails);
    for (let i = 0; i < 50; i++) {
      assertEquals(pool.applySync("square", i), i * i);
    }
    pool.applySync((gate: Event) => gate.set(), gate);
    assertEquals(await held, 7);
    assertInstanceOf(await seen, Error);
  });
});

Deno.test("ThreadPool.applySync() works in a callback", async () => {
  await withTwo(async (pool) => {
    let sum = 0;
    const onResult = (n: number) => {
      sum = pool.applySync("add", n, 10);
    };
    const more = [1, 2, 3].map((n) => pool.submit("square", [n]));
    assertEquals(await pool.submit("add", [1, 2], { onResult }), 3);
    assertEquals(sum, 13);
    assertEquals(await Promise.all(more), [1, 4, 9]);
  });
});

Deno.test("ThreadPool.applySync() throws once the pool is closed or terminated", async () => {
  await withPool({}, async (pool) => {
    pool.close();
    assertThrows(() => pool.applySync("add", 1, 2), TypeError);
    await pool.terminate();
    assertThrows(() => pool.applySync("add", 1, 2), Error);
  });
});
