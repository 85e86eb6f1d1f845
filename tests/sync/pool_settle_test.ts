import { assert, assertEquals } from "@std/assert";
import { QueueCore } from "../../sync/_queue_core.ts";
import { Event } from "../../sync/event.ts";
import { Thread } from "../../sync/thread.ts";
import { isAlive, reasonOf, withPool } from "./_pool_use.ts";
import { until } from "./_until.ts";

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

Deno.test("ThreadPool runs 70,000 tasks that are submitted at once", async () => {
  await withPool({}, async (pool) => {
    const gate = new Event();
    const held = pool.submit("hold", [gate]);
    const tasks = Array.from(
      { length: 70_000 },
      (_, i) => pool.submit("add", [i, 1]),
    );
    assertEquals(pool.ready, false);
    gate.set();
    await held;
    const sums = await Promise.all(tasks);
    assertEquals(sums.findIndex((sum, i) => sum !== i + 1), -1);
    assertEquals(pool.stats().done, 70_001);
  });
});

Deno.test("ThreadPool takes tasks from callbacks", async () => {
  await withPool({}, async (pool) => {
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
  await withPool({ maxQueue: 0 }, async (pool) => {
    const gate = new Event();
    const held = pool.submit("hold", [gate]);
    await until(() => gate.waiting === 1);
    let failed = 0;
    const onError = () => void failed++;
    for (let i = 0; i < 20_000; i++) {
      pool.submit("giveBack", [() => {}], { onError });
    }
    const last = pool.submit("add", [1, 2]);
    gate.set();
    await held;
    assertEquals(await last, 3);
    assertEquals(failed, 20_000);
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
