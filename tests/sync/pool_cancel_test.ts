import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { sleep } from "../../sync/sleep.ts";
import { Thread } from "../../sync/thread.ts";
import { noted } from "./_pool_bodies.ts";
import {
  isAlive,
  LIMIT,
  reasonOf,
  turns,
  warmPool,
  withPool,
} from "./_pool_use.ts";
import { random, STRESS, withSeed } from "./_random.ts";
import { until } from "./_until.ts";

const withOne = await warmPool({ maxQueue: 2 });
const withTwo = await warmPool({ size: 2 });

function assertTimeout(error: unknown): void {
  assertInstanceOf(error, DOMException);
  assertEquals(error.name, "TimeoutError");
}

Deno.test("ThreadPool.submit() with a signal that is aborted runs nothing", async () => {
  const log = new SharedArray("i32", 9);
  const signal = AbortSignal.abort("gone");
  await withPool({}, async (pool) => {
    const before = Thread.count;
    const submit = async () => await pool.submit("note", [log, 1], { signal });
    assertEquals(await reasonOf(submit()), "gone");
    assertEquals(Thread.count, before);
  });
  await withOne(async (pool) => {
    const submit = async () => await pool.submit("note", [log, 1], { signal });
    assertEquals(await reasonOf(submit()), "gone");
    await pool.submit("note", [log, 2]);
    assertEquals(noted(log), [2]);
  });
});

Deno.test("ThreadPool.submit() that is aborted while it waits for room runs nothing", async () => {
  await withOne(async (pool) => {
    const [gate, log] = [new Event(), new SharedArray("i32", 9)];
    const held = pool.submit("hold", [gate]);
    const queued = [1, 2].map((n) => pool.submit("note", [log, n]));
    await until(() => gate.waiting === 1);
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = pool.submit("note", [log, 3], { signal });
    const next = pool.submit("note", [log, 4]);
    controller.abort("gone");
    assertEquals(await reasonOf(aborted), "gone");
    assertEquals([gate.waiting, pool.ready], [1, false]);
    gate.set();
    await Promise.all([held, ...queued, next]);
    assertEquals(noted(log), [1, 2, 4]);
  });
});

Deno.test("ThreadPool.submit() that is aborted while it is queued runs nothing, and makes room", async () => {
  await withOne(async (pool) => {
    const [gate, log] = [new Event(), new SharedArray("i32", 9)];
    const held = pool.submit("hold", [gate]);
    await until(() => gate.waiting === 1);
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = pool.submit("note", [log, 1], { signal });
    const kept = pool.submit("note", [log, 2]);
    const waiting = pool.submit("note", [log, 3]);
    assertEquals(pool.ready, false);
    controller.abort("gone");
    assertEquals(await reasonOf(aborted), "gone");
    assertEquals(gate.waiting, 1); // the one that runs is not disturbed
    gate.set();
    await Promise.all([held, kept, waiting]);
    assertEquals(noted(log), [2, 3]);
  });
});

for (const way of ["spins", "blocks", "awaits"] as const) {
  Deno.test(`ThreadPool stops a running task that ${way}, and no other`, async () => {
    await withTwo(async (pool) => {
      const [id, counter] = [
        new SharedValue("i32", 0),
        new SharedValue("i32", 0),
      ];
      const [gate, shut] = [new Event(), new Event()];
      const controller = new AbortController();
      const { signal } = controller;
      const neighbour = pool.submit("hold", [gate, 5]);
      await until(() => gate.waiting === 1);
      const endless: Promise<unknown> = way === "spins"
        ? pool.submit("spin", [id, counter], { signal })
        : way === "blocks"
        ? pool.submit("hold", [shut], { signal })
        : pool.submit("turnForEver", [id], { signal });
      await until(() => id.get() !== 0 || shut.waiting === 1);
      const queued = Array.from(
        { length: 20 },
        (_, i) => pool.submit("square", [i]),
      );
      controller.abort("enough");
      assertEquals(await reasonOf(endless), "enough");
      assertEquals(
        await Promise.all(queued),
        Array.from({ length: 20 }, (_, i) => i * i),
      );
      await until(() => !isAlive(id.get()) && shut.waiting === 0);
      const last = counter.get();
      await turns();
      assertEquals(counter.get(), last);
      assertEquals([gate.waiting, pool.stats().threads], [1, 2]);
      gate.set();
      assertEquals(await neighbour, 5);
    });
  });
}

Deno.test("ThreadPool.submit() that is aborted gives back the locks of the task", async () => {
  await withOne(async (pool) => {
    const [lock, held] = [new Lock(), new Event()];
    const controller = new AbortController();
    const { signal } = controller;
    const task = (lock: Lock, held: Event) => {
      lock.acquireSync();
      held.set();
      for (;;);
    };
    const endless = pool.submit(task, [lock, held], { signal });
    await held.wait(LIMIT);
    controller.abort("enough");
    assertEquals(await reasonOf(endless), "enough");
    using _held = await lock.acquire(LIMIT);
    assertEquals(lock.ownerDied, true);
  });
});

Deno.test("ThreadPool.submit() that is aborted after its end: nothing happens", async () => {
  await withOne(async (pool) => {
    const before = pool.stats();
    const controller = new AbortController();
    const { signal } = controller;
    const seen: unknown[] = [];
    const onError = (error: unknown) => void seen.push(error);
    const id = await pool.submit("threadId", [], { signal, onError });
    controller.abort("late");
    assertEquals(await pool.submit("threadId", []), id);
    const { done, failed } = pool.stats();
    const more = [done - before.done, failed - before.failed];
    assertEquals([seen, more], [[], [2, 0]]);
  });
});

Deno.test("ThreadPool ends all tasks of one signal", async () => {
  await withTwo(async (pool) => {
    const before = pool.stats().failed;
    const controller = new AbortController();
    const { signal } = controller;
    const gate = new Event();
    const tasks = Array.from(
      { length: 8 },
      () => pool.submit("hold", [gate], { signal }),
    );
    await until(() => gate.waiting === 2);
    controller.abort("all");
    const reasons = await Promise.all(tasks.map(reasonOf));
    assertEquals(reasons, Array(8).fill("all"));
    assertEquals(await pool.submit("add", [1, 1]), 2);
    const { queued, running, failed } = pool.stats();
    assertEquals([queued, running, failed - before], [0, 0, 8]);
  });
});

Deno.test("ThreadPool.submit() settles once, and the pool goes on, if abort and end meet", async () => {
  await withSeed(STRESS ? 20 : 1, async (seed) => {
    const next = random(seed);
    await withTwo(async (pool) => {
      const counter = new SharedValue("i32", 0);
      for (let round = 0; round < (STRESS ? 40 : 4); round++) {
        const controller = new AbortController();
        const { signal } = controller;
        const seen: unknown[] = [];
        const onResult = (n: number) => void seen.push(n);
        const onError = (error: unknown) => void seen.push(error);
        const options = { signal, onResult, onError };
        const to = next(20_000);
        const task = pool.submit("count", [to, counter], options);
        const other = pool.submit("square", [round]);
        const delay = next(4);
        if (delay > 0) await turns(delay - 1);
        else for (let i = next(50); i > 0; i--) await null;
        controller.abort("raced");
        const [end] = await Promise.allSettled([task]);
        const value = end.status === "fulfilled" ? end.value : end.reason;
        assertEquals(seen, [end.status === "fulfilled" ? to : "raced"]);
        assertEquals(seen, [value]);
        assertEquals(await other, round * round);
      }
    });
  });
});

Deno.test("ThreadPool.submit() stops a task that runs longer than timeoutMs, and no other", async () => {
  await withTwo(async (pool) => {
    const before = pool.stats().failed;
    const gate = new Event();
    const neighbour = pool.submit("hold", [gate, 5]);
    const [id, counter] = [
      new SharedValue("i32", 0),
      new SharedValue("i32", 0),
    ];
    const spins = pool.submit("spin", [id, counter], { timeoutMs: 20 });
    assertTimeout(await reasonOf(spins));
    await until(() => !isAlive(id.get()));
    assertEquals(await pool.submit("add", [1, 2]), 3);
    const waits = pool.submit("turnForEver", [id], { timeoutMs: 20 });
    assertTimeout(await reasonOf(waits));
    await until(() => !isAlive(id.get()));
    assertEquals(await pool.submit("addLater", [1, 2]), 3);
    gate.set();
    assertEquals(await neighbour, 5);
    assertEquals(pool.stats().failed - before, 2);
  });
});

Deno.test("ThreadPool.submit() with timeoutMs does not count the time in the queue", async () => {
  await withOne(async (pool) => {
    const gate = new Event();
    const held = pool.submit("hold", [gate]);
    await until(() => gate.waiting === 1);
    const limit = { timeoutMs: 500 };
    const tasks = [1, 2, 3].map((n) =>
      // the last waits for room
      pool.submit("square", [n], limit)
    );
    await sleep(600);
    gate.set();
    await held;
    assertEquals(await Promise.all(tasks), [1, 4, 9]);
  });
});

Deno.test("ThreadPool.submit() with timeoutMs does not count the start of the thread, whose initializer runs first", async () => {
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
  await withOne(async (pool) => {
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
  await withOne(async (pool) => {
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
  await withOne(async (pool) => {
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
  await withTwo(async (pool) => {
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
