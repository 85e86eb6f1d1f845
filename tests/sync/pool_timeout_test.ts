import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { Event } from "../../sync/event.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { sleep } from "../../sync/sleep.ts";
import { noted } from "./_pool_bodies.ts";
import { isAlive, reasonOf, withPool } from "./_pool_use.ts";
import { until } from "./_until.ts";

function assertTimeout(error: unknown): void {
  assertInstanceOf(error, DOMException);
  assertEquals(error.name, "TimeoutError");
}

Deno.test("ThreadPool.submit() stops a task that runs longer than timeoutMs, and no other", async () => {
  await withPool({ size: 2 }, async (pool) => {
    const id = new SharedValue("i32", 0);
    const counter = new SharedValue("i32", 0);
    const gate = new Event();
    const neighbour = pool.submit("hold", [gate, 5]);
    const spins = pool.submit("spin", [id, counter], { timeoutMs: 20 });
    assertTimeout(await reasonOf(spins));
    await until(() => !isAlive(id.get()));
    assertEquals(await pool.submit("add", [1, 2]), 3);
    gate.set();
    assertEquals(await neighbour, 5);
    assertEquals(pool.stats().failed, 1);
  });
});

Deno.test("ThreadPool.submit() stops an asynchronous task that runs longer than timeoutMs", async () => {
  await withPool({}, async (pool) => {
    const id = new SharedValue("i32", 0);
    const turns = pool.submit("turnForEver", [id], { timeoutMs: 20 });
    assertTimeout(await reasonOf(turns));
    await until(() => !isAlive(id.get()));
    assertEquals(await pool.submit("addLater", [1, 2]), 3);
  });
});

Deno.test("ThreadPool.submit() with timeoutMs does not count the time in the queue", async () => {
  await withPool({ maxQueue: 1 }, async (pool) => {
    const gate = new Event();
    const held = pool.submit("hold", [gate]);
    await until(() => gate.waiting === 1);
    const limit = { timeoutMs: 500 };
    const queued = pool.submit("add", [1, 2], limit);
    const waits = pool.submit("add", [3, 4], limit); // for room
    await sleep(600);
    gate.set();
    await held;
    assertEquals([await queued, await waits], [3, 7]);
  });
});

Deno.test("ThreadPool.submit() with timeoutMs does not count the start of the thread", async () => {
  const gate = new Event();
  const options = { initializer: "setUpLater", initializerArgs: [gate] };
  await withPool(options, async (pool) => {
    const marked = pool.submit("marked", [], { timeoutMs: 500 });
    await until(() => gate.waiting === 1);
    await sleep(600);
    gate.set();
    assertEquals(await marked, "later");
  });
});

Deno.test("ThreadPool.submit() that ends in time leaves no timeout behind", async () => {
  await withPool({}, async (pool) => {
    const id = await pool.submit("threadId", [], { timeoutMs: 500 });
    const gate = new Event();
    const held = pool.submit("hold", [gate, 1]); // longer than the first
    await sleep(600);
    gate.set();
    assertEquals(await held, 1);
    assertEquals(await pool.submit("threadId", []), id);
  });
});

Deno.test("ThreadPool.submit() takes a timeoutMs that no timer can hold as none", async () => {
  await withPool({}, async (pool) => {
    for (const timeoutMs of [2 ** 31, 1e12, Infinity]) {
      const gate = new Event();
      const held = pool.submit("hold", [gate, 1], { timeoutMs });
      await until(() => gate.waiting === 1);
      await sleep(5);
      gate.set();
      assertEquals(await held, 1);
    }
  });
});

Deno.test("ThreadPool.submit() refuses a timeoutMs that is negative or no number", async () => {
  await withPool({}, async (pool) => {
    const log = new SharedArray("i32", 9);
    for (const timeoutMs of [-1, NaN]) {
      const submit = async () =>
        await pool.submit("note", [log, 1], { timeoutMs });
      await assertRejects(submit, RangeError);
      const map = async () =>
        await pool.map((_: number) => {}, [1], { timeoutMs });
      await assertRejects(map, RangeError);
    }
    await pool.submit("note", [log, 2]);
    assertEquals(noted(log), [2]);
  });
});

Deno.test("ThreadPool.submit() ends by what comes first, timeout or signal", async () => {
  await withPool({}, async (pool) => {
    const shut = new Event();
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = pool.submit("hold", [shut], { signal, timeoutMs: 60_000 });
    await until(() => shut.waiting === 1);
    controller.abort("gone");
    assertEquals(await reasonOf(aborted), "gone");
    const late = new AbortController();
    const limits = { signal: late.signal, timeoutMs: 10 };
    const timedOut = pool.submit("hold", [shut], limits);
    assertTimeout(await reasonOf(timedOut));
    late.abort("late");
    assertEquals(await pool.submit("add", [1, 2]), 3);
  });
});
