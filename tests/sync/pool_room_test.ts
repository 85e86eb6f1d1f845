import { assert, assertEquals, assertRejects } from "@std/assert";
import { Event } from "../../sync/event.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { noted } from "./_pool_bodies.ts";
import {
  LIMIT,
  reasonOf,
  turns,
  type UsePool,
  warmPool,
  withPool,
} from "./_pool_use.ts";
import { random, withSeed } from "./_random.ts";
import { until } from "./_until.ts";

const withOne = await warmPool();
const withoutQueue = await warmPool({ maxQueue: 0 });
const withRoom = await warmPool({ maxQueue: 1 });

const FULL: readonly [size: number, maxQueue: number, use: UsePool][] = [
  [1, 0, withoutQueue],
  [1, 1, withRoom],
  [
    2,
    3,
    (use) =>
      withPool({ size: 2, maxQueue: 3 }, async (pool) => await use(pool)),
  ],
];

for (const [size, maxQueue, use] of FULL) {
  Deno.test(`ThreadPool of ${size} with maxQueue ${maxQueue} is full with ${size + maxQueue} tasks`, async () => {
    await use(async (pool) => {
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
  await withRoom(async (pool) => {
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
  await withOne(async (pool) => {
    assertEquals(await pool.trySubmit("add", [1, 2]), 3);
    assertEquals(await pool.trySubmit((n: number) => n, [4]), 4);
    await assertRejects(() => pool.trySubmit("fail", ["thin"])!, Error, "thin");
  });
  await withPool({}, async (pool) => {
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
  await withRoom(async (pool) => {
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

Deno.test("ThreadPool runs tasks in the order of their submission", async () => {
  await withOne(async (pool) => {
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
    await withOne(async (pool) => {
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
  await withRoom(async (pool) => {
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
  await withOne(async (pool) => {
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
  await withOne(async (pool) => {
    for (const priority of [NaN, "1" as unknown as number]) {
      const submit = async () => await pool.submit("nothing", [], { priority });
      await assertRejects(submit, RangeError);
    }
  });
});
