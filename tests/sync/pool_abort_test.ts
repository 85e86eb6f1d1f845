import { assertEquals } from "@std/assert";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { Thread } from "../../sync/thread.ts";
import { noted } from "./_pool_bodies.ts";
import { isAlive, LIMIT, reasonOf, turns, withPool } from "./_pool_use.ts";
import { random, STRESS, withSeed } from "./_random.ts";
import { until } from "./_until.ts";

Deno.test("ThreadPool.submit() with a signal that is aborted runs nothing", async () => {
  await withPool({}, async (pool) => {
    const before = Thread.count;
    const log = new SharedArray("i32", 9);
    const signal = AbortSignal.abort("gone");
    const submit = async () => await pool.submit("note", [log, 1], { signal });
    assertEquals(await reasonOf(submit()), "gone");
    assertEquals(Thread.count, before);
    await pool.submit("note", [log, 2]);
    assertEquals(noted(log), [2]);
  });
});

Deno.test("ThreadPool.submit() that is aborted while it waits for room runs nothing", async () => {
  await withPool({ maxQueue: 1 }, async (pool) => {
    const [gate, log] = [new Event(), new SharedArray("i32", 9)];
    const held = pool.submit("hold", [gate]);
    const queued = pool.submit("note", [log, 1]);
    await until(() => gate.waiting === 1);
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = pool.submit("note", [log, 2], { signal });
    const next = pool.submit("note", [log, 3]);
    controller.abort("gone");
    assertEquals(await reasonOf(aborted), "gone");
    assertEquals([gate.waiting, pool.ready], [1, false]);
    gate.set();
    await Promise.all([held, queued, next]);
    assertEquals(noted(log), [1, 3]);
  });
});

Deno.test("ThreadPool.submit() that is aborted while it is queued runs nothing, and makes room", async () => {
  await withPool({ maxQueue: 2 }, async (pool) => {
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
    await withPool({ size: 2 }, async (pool) => {
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
  await withPool({}, async (pool) => {
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
  await withPool({}, async (pool) => {
    const controller = new AbortController();
    const { signal } = controller;
    const seen: unknown[] = [];
    const onError = (error: unknown) => void seen.push(error);
    const id = await pool.submit("threadId", [], { signal, onError });
    controller.abort("late");
    assertEquals(await pool.submit("threadId", []), id);
    const { done, failed } = pool.stats();
    assertEquals([seen, done, failed], [[], 2, 0]);
  });
});

Deno.test("ThreadPool ends all tasks of one signal", async () => {
  await withPool({ size: 2 }, async (pool) => {
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
    assertEquals([queued, running, failed], [0, 0, 8]);
  });
});

Deno.test("ThreadPool.submit() settles once, and the pool goes on, if abort and end meet", async () => {
  await withSeed(STRESS ? 20 : 1, async (seed) => {
    const next = random(seed);
    await withPool({ size: 2 }, async (pool) => {
      const counter = new SharedValue("i32", 0);
      for (let round = 0; round < (STRESS ? 40 : 10); round++) {
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
