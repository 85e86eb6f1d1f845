import { assertEquals, assertRejects } from "@std/assert";
import { Event } from "../../sync/event.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { noted } from "./_pool_bodies.ts";
import { withPool } from "./_pool_use.ts";
import { random, withSeed } from "./_random.ts";
import { until } from "./_until.ts";

Deno.test("ThreadPool runs tasks in the order of their submission", async () => {
  await withPool({}, async (pool) => {
    const log = new SharedArray("i32", 101);
    const tasks = Array.from(
      { length: 100 },
      (_, i) => pool.submit("note", [log, i]),
    );
    await Promise.all(tasks);
    assertEquals(noted(log), Array.from({ length: 100 }, (_, i) => i));
  });
});

Deno.test("ThreadPool runs first what has the lowest priority, of equals what came first", async () => {
  await withSeed(1, async (seed) => {
    const next = random(seed);
    await withPool({}, async (pool) => {
      const [gate, log] = [new Event(), new SharedArray("i32", 101)];
      const held = pool.submit("hold", [gate]);
      await until(() => gate.waiting === 1);
      const wanted = Array.from({ length: 100 }, (_, i) => {
        const priority = [-Infinity, -1, 0, 0.5, 3, Infinity][next(6)]!;
        return { i, priority: i % 10 === 0 ? undefined : priority };
      });
      const tasks = wanted.map(({ i, priority }) =>
        pool.submit("note", [log, i], { priority })
      );
      gate.set();
      await Promise.all([held, ...tasks]);
      const sorted = wanted.toSorted((a, b) => {
        const [first, second] = [a.priority ?? 0, b.priority ?? 0];
        return first === second ? a.i - b.i : first - second;
      });
      assertEquals(noted(log), sorted.map(({ i }) => i));
    });
  });
});

Deno.test("ThreadPool gives room first to what has the lowest priority", async () => {
  await withPool({ maxQueue: 1 }, async (pool) => {
    const [gate, log] = [new Event(), new SharedArray("i32", 9)];
    const held = pool.submit("hold", [gate]);
    await until(() => gate.waiting === 1);
    const tasks = [pool.submit("note", [log, 0], { priority: -9 })];
    assertEquals(pool.ready, false);
    for (const [n, priority] of [[3, 5], [1, -1], [4, 5], [2, 1]] as const) {
      tasks.push(pool.submit("note", [log, n], { priority }));
    }
    gate.set();
    await Promise.all([held, ...tasks]);
    assertEquals(noted(log), [0, 1, 2, 3, 4]);
  });
});

Deno.test("ThreadPool.map() and imap() run their tasks by priority", async () => {
  await withPool({}, async (pool) => {
    const [gate, log] = [new Event(), new SharedArray("i32", 9)];
    const held = pool.submit("hold", [gate]);
    await until(() => gate.waiting === 1);
    const steps = (...ns: number[]) => ns.map((n) => ({ n, log }));
    const late = pool.map("step", steps(5, 6), { chunkSize: 1, priority: 2 });
    const results = pool.imap("step", steps(3, 4), { priority: 1 });
    const first = results.next();
    await until(() => pool.stats().queued === 4);
    const soon = pool.map("step", steps(1, 2), { chunkSize: 1, priority: -1 });
    gate.set();
    await Promise.all([held, late, first, soon]);
    await results.return();
    assertEquals(noted(log), [1, 2, 3, 4, 5, 6]);
  });
});

Deno.test("ThreadPool refuses a priority that is no number", async () => {
  await withPool({}, async (pool) => {
    for (const priority of [NaN, "1" as unknown as number]) {
      const submit = async () => await pool.submit("nothing", [], { priority });
      await assertRejects(submit, RangeError);
    }
  });
});
