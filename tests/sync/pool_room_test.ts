import { assert, assertEquals, assertRejects } from "@std/assert";
import { Event } from "../../sync/event.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { noted } from "./_pool_bodies.ts";
import { LIMIT, reasonOf, turns, warmPool, withPool } from "./_pool_use.ts";
import { until } from "./_until.ts";

const withoutQueue = await warmPool({ maxQueue: 0 });

for (const [size, maxQueue] of [[1, 0], [1, 1], [2, 0], [2, 3]] as const) {
  Deno.test(`ThreadPool of ${size} with maxQueue ${maxQueue} is full with ${size + maxQueue} tasks`, async () => {
    await withPool({ size, maxQueue }, async (pool) => {
      const gate = new Event();
      const tasks: Promise<number>[] = [];
      for (;;) {
        assertEquals(pool.ready, tasks.length < size + maxQueue);
        const task = pool.trySubmit("hold", [gate, tasks.length]);
        if (task === undefined) break;
        tasks.push(task);
      }
      await until(() => gate.waiting === size);
      assertEquals([tasks.length, pool.ready], [size + maxQueue, false]);
      const { running, queued } = pool.stats();
      assertEquals([running, queued], [size, maxQueue]);
      gate.set();
      assertEquals(await Promise.all(tasks), tasks.map((_, i) => i));
      assertEquals(pool.ready, true);
    });
  });
}

Deno.test("ThreadPool.submit() waits for room, in the order of the calls", async () => {
  await withPool({ maxQueue: 1 }, async (pool) => {
    const [gate, log] = [new Event(), new SharedArray("i32", 19)];
    const held = pool.submit("hold", [gate]);
    const tasks = Array.from(
      { length: 10 },
      (_, i) => pool.submit("note", [log, i]),
    );
    await until(() => gate.waiting === 1);
    assertEquals(noted(log), []);
    gate.set();
    await Promise.all([held, ...tasks]);
    assertEquals(noted(log), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

Deno.test("ThreadPool.submit() reads the arguments when there is room", async () => {
  await withoutQueue(async (pool) => {
    const gate = new Event();
    const held = pool.submit("hold", [gate]);
    const numbers = [1];
    const waits = pool.submit("giveBack", [numbers]);
    numbers.push(2);
    gate.set();
    await held;
    assertEquals(await waits, [[1, 2]]);
    const now = pool.submit("giveBack", [numbers]);
    numbers.push(3);
    assertEquals(await now, [[1, 2]]);
  });
});

Deno.test("ThreadPool.trySubmit() rejects as submit() does", async () => {
  await withPool({}, async (pool) => {
    assertEquals(await pool.trySubmit("add", [1, 2]), 3);
    assertEquals(await pool.trySubmit((n: number) => n, [4]), 4);
    await assertRejects(() => pool.trySubmit("fail", ["thin"])!, Error, "thin");
    pool.close();
    const closed = async () => await pool.trySubmit("add", [1, 2]);
    await assertRejects(closed, TypeError);
  });
});

Deno.test("ThreadPool.trySubmit() takes nothing if the pool is full", async () => {
  await withoutQueue(async (pool) => {
    const [gate, moved] = [new Event(), new ArrayBuffer(8)];
    const held = pool.submit("hold", [gate]);
    const { signal } = new AbortController();
    const options = { transfer: [moved], signal, onError: () => {} };
    assertEquals(pool.trySubmit("inspect", [moved], options), undefined);
    assertEquals(moved.byteLength, 8);
    const { queued, running, failed } = pool.stats();
    assertEquals([queued + running, failed], [1, 0]);
    gate.set();
    await held;
  });
});

Deno.test("ThreadPool.whenReady() waits until there is room", async () => {
  await withoutQueue(async (pool) => {
    const gate = new Event();
    await pool.whenReady(LIMIT);
    const held = pool.submit("hold", [gate]);
    let isReady = false;
    const ready = pool.whenReady(LIMIT).then(() => isReady = true);
    const also = pool.whenReady(LIMIT);
    await turns();
    assertEquals([isReady, pool.ready], [false, false]);
    gate.set();
    await held;
    await Promise.all([ready, also]);
    assert(pool.ready);
  });
});

Deno.test("ThreadPool.whenReady() is not called while others wait for room", async () => {
  await withoutQueue(async (pool) => {
    const [gate, second] = [new Event(), new Event()];
    const held = pool.submit("hold", [gate]);
    const waits = pool.submit("hold", [second]);
    let isReady = false;
    const ready = pool.whenReady(LIMIT).then(() => isReady = true);
    gate.set();
    await until(() => second.waiting === 1);
    await turns();
    assertEquals([isReady, pool.ready], [false, false]);
    second.set();
    await Promise.all([held, waits, ready]);
  });
});

Deno.test("ThreadPool.whenReady() that is aborted or times out changes nothing", async () => {
  await withoutQueue(async (pool) => {
    const gate = new Event();
    const held = pool.submit("hold", [gate]);
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = pool.whenReady({ signal });
    const late = pool.whenReady({ timeoutMs: 5 });
    controller.abort("gone");
    assertEquals(await reasonOf(aborted), "gone");
    assertEquals((await reasonOf(late) as Error).name, "TimeoutError");
    assertEquals(await reasonOf(pool.whenReady({ signal })), "gone");
    await assertRejects(() => pool.whenReady({ timeoutMs: -1 }), RangeError);
    const ready = pool.whenReady(LIMIT);
    gate.set();
    await Promise.all([held, ready]);
    controller.abort("late");
  });
});

Deno.test("ThreadPool.whenReady() resolves when a task is ended by its signal", async () => {
  await withPool({ maxQueue: 1 }, async (pool) => {
    const gate = new Event();
    const held = pool.submit("hold", [gate]);
    const controller = new AbortController();
    const { signal } = controller;
    const queued = pool.submit("nothing", [], { signal, onError: () => {} });
    const ready = pool.whenReady(LIMIT);
    controller.abort();
    await ready;
    await reasonOf(queued);
    assert(pool.ready);
    gate.set();
    await held;
  });
});

Deno.test("ThreadPool.whenReady() resolves when the pool is terminated", async () => {
  await withPool({ maxQueue: 0 }, async (pool) => {
    const shut = new Event();
    const held = pool.submit("hold", [shut], { onError: () => {} });
    const ready = pool.whenReady(LIMIT);
    await pool.terminate();
    await ready;
    await reasonOf(held);
    await pool.whenReady(LIMIT);
  });
});
