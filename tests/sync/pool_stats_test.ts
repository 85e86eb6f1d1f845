import { assert, assertEquals } from "@std/assert";
import { Event } from "../../sync/event.ts";
import { sleep } from "../../sync/sleep.ts";
import { Thread } from "../../sync/thread.ts";
import { LIMIT, reasonOf, withPool } from "./_pool_use.ts";
import { until } from "./_until.ts";

const NONE = { p50: 0, p90: 0, p99: 0, max: 0 };

Deno.test("ThreadPool.stats() of a pool that has done nothing", async () => {
  await withPool({}, (pool) => {
    assertEquals(pool.stats(), {
      threads: 0,
      queued: 0,
      running: 0,
      done: 0,
      failed: 0,
      utilization: 0,
      latencyMs: NONE,
    });
    return Promise.resolve();
  });
});

Deno.test("ThreadPool.stats() counts what is queued, waits for room, runs, is done and failed", async () => {
  await withPool({ size: 2, maxQueue: 1 }, async (pool) => {
    const counts = () => {
      const { threads, queued, running, done, failed } = pool.stats();
      return { threads, queued, running, done, failed };
    };
    const gate = new Event();
    const tasks: Promise<unknown>[] = [
      pool.submit("hold", [gate]),
      pool.submit("hold", [gate]),
      pool.submit("add", [1, 2]),
      pool.submit("fail", ["thin"]),
    ];
    const controller = new AbortController();
    const { signal } = controller;
    tasks.push(pool.submit("add", [1, 2], { signal }));
    const ends = Promise.allSettled(tasks);
    await until(() => gate.waiting === 2);
    const expected = { threads: 2, queued: 3, running: 2, done: 0, failed: 0 };
    assertEquals(counts(), expected);
    controller.abort();
    assertEquals(counts(), { ...expected, queued: 2, failed: 1 });
    gate.set();
    await ends;
    assertEquals(counts(), {
      threads: 2,
      queued: 0,
      running: 0,
      done: 3,
      failed: 2,
    });
  });
});

Deno.test("ThreadPool.stats() counts no thread that is gone", async () => {
  await withPool({}, async (pool) => {
    const id = await pool.submit("threadId", []);
    assertEquals(pool.stats().threads, 1);
    await Thread.all().find((thread) => thread.id === id)!.terminate(LIMIT);
    await until(() => pool.stats().threads === 0);
    assertEquals(await pool.submit("add", [1, 2]), 3);
    assertEquals(pool.stats().threads, 1);
    await reasonOf(pool.submit("exitByDeno", []));
    await until(() => pool.stats().threads === 0);
  });
});

Deno.test("ThreadPool.stats() gives the part of the time in which tasks ran", async () => {
  await withPool({}, async (pool) => {
    const gate = new Event();
    const held = pool.submit("hold", [gate]);
    await until(() => gate.waiting === 1);
    await until(() => pool.stats().utilization > 0.5); // while they run
    gate.set();
    await held;
    const busy = pool.stats().utilization;
    assert(busy > 0.3 && busy <= 1, `${busy}`);
    await until(() => pool.stats().utilization < busy / 2); // it does nothing
  });
});

Deno.test("ThreadPool.stats() gives percentiles of the latency of what returned", async () => {
  await withPool({}, async (pool) => {
    await reasonOf(pool.submit("fail", ["thin"]));
    assertEquals(pool.stats().latencyMs, NONE);
    for (let i = 0; i < 60; i++) await pool.submit("nothing", []);
    const { p50, p90, p99, max } = pool.stats().latencyMs;
    assert(p50 > 0 && p50 <= p90 && p90 <= p99 && p99 <= 1.06 * max);
    const gate = new Event();
    const since = performance.now();
    const held = pool.submit("hold", [gate]);
    await sleep(2 * max + 20);
    gate.set();
    await held;
    const atMost = performance.now() - since;
    const after = pool.stats().latencyMs;
    assert(after.max >= 2 * max + 19 && after.max <= atMost, `${after.max}`);
    assert(after.p50 <= 1.06 * max, `${after.p50} of ${max}`);
  });
});

Deno.test("ThreadPool.stats() counts the time in the queue to the latency", async () => {
  await withPool({ maxQueue: 1 }, async (pool) => {
    const gate = new Event();
    const held = pool.submit("hold", [gate]);
    await until(() => gate.waiting === 1);
    const tasks = [1, 2, 3].map((n) => pool.submit("square", [n]));
    await sleep(40);
    gate.set();
    await Promise.all([held, ...tasks]);
    assert(pool.stats().latencyMs.p50 >= 0.94 * 40);
  });
});
