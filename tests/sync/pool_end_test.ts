import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { Event } from "../../sync/event.ts";
import { PoolError } from "../../sync/pool_error.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { Thread } from "../../sync/thread.ts";
import { ThreadPool } from "../../sync/thread_pool.ts";
import { BODIES, LIMIT, reasonOf, turns, withPool } from "./_pool_use.ts";
import { until } from "./_until.ts";

Deno.test("ThreadPool.close() lets run what was submitted, and refuses more; terminate() does nothing then", async () => {
  await withPool({ maxQueue: 2 }, async (pool) => {
    const gate = new Event();
    const held = pool.submit("hold", [gate, 0]);
    const tasks = [1, 2, 3, 4].map((n) => pool.submit("square", [n]));
    await assertRejects(() => pool.join({ timeoutMs: 0 }), TypeError);
    pool.close();
    pool.close();
    const refused = [
      async () => await pool.submit("add", [1, 2]),
      async () => await pool.apply("add", 1, 2),
      async () => await pool.map("square", [1]),
      async () => await pool.imap("square", [1]).next(),
      async () => await pool.imapUnordered("square", [1]).next(),
    ];
    for (const submit of refused) await assertRejects(submit, TypeError);
    gate.set();
    assertEquals(await held, 0);
    assertEquals(await Promise.all(tasks), [1, 4, 9, 16]);
    await pool.join(LIMIT);
    await pool.terminate();
    const { done, failed } = pool.stats();
    assertEquals([done, failed], [5, 0]);
  });
});

Deno.test("ThreadPool.join() is a TypeError before close(), and at once of a pool that was never used", async () => {
  await withPool({}, async (pool) => {
    await assertRejects(() => pool.join(LIMIT), TypeError);
    pool.close();
    await pool.join(LIMIT);
    await pool.join({ timeoutMs: 1000 });
  });
});

Deno.test("ThreadPool.join() waits until all tasks and threads have ended; if aborted or late, it changes nothing", async () => {
  const before = Thread.count;
  await withPool({ size: 2 }, async (pool) => {
    const gate = new Event();
    const tasks = Array.from({ length: 5 }, () => pool.submit("hold", [gate]));
    await until(() => gate.waiting === 2);
    pool.close();
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = pool.join({ signal });
    const late = pool.join({ timeoutMs: 5 });
    controller.abort("gone");
    assertEquals(await reasonOf(aborted), "gone");
    assertEquals((await reasonOf(late) as Error).name, "TimeoutError");
    assertEquals(await reasonOf(pool.join({ signal })), "gone");
    await assertRejects(() => pool.join({ timeoutMs: NaN }), RangeError);
    let joined = false;
    const join = pool.join(LIMIT).then(() => joined = true);
    const unheard = new AbortController();
    const also = pool.join({ ...LIMIT, signal: unheard.signal });
    await turns();
    assertEquals(joined, false);
    gate.set();
    await Promise.all([join, also]);
    unheard.abort("late");
    assertEquals(Thread.count, before);
    await Promise.all(tasks);
    await pool.join(LIMIT);
    const { threads, queued, running, done } = pool.stats();
    assertEquals([threads, queued, running, done], [0, 0, 0, 5]);
  });
});

Deno.test("ThreadPool.terminate() ends what runs, is queued and waits for room, and all threads; also when called twice", async () => {
  const before = Thread.count;
  await withPool({ size: 2, maxQueue: 1 }, async (pool) => {
    const [id, counter] = [
      new SharedValue("i32", 0),
      new SharedValue("i32", 0),
    ];
    const shut = new Event();
    const tasks: Promise<unknown>[] = [
      pool.submit("spin", [id, counter]),
      pool.submit("hold", [shut]),
      pool.submit("nothing", []),
      pool.submit("nothing", []),
      pool.map("square", [1, 2, 3], { chunkSize: 1 }),
      pool.imap("square", [1]).next(),
    ];
    const reasons = tasks.map(reasonOf);
    await until(() => id.get() !== 0 && shut.waiting === 1);
    await Promise.all([pool.terminate(), pool.terminate()]);
    assertEquals(Thread.count, before);
    for (const error of await Promise.all(reasons)) {
      assertInstanceOf(error, PoolError);
      assertEquals(error.code, "terminated");
    }
    const next = async () => await pool.submit("nothing", []);
    await assertRejects(next, PoolError);
    const { threads, queued, running } = pool.stats();
    assertEquals([threads, queued, running], [0, 0, 0]);
    await pool.terminate();
    await pool.join(LIMIT);
  });
});

Deno.test("ThreadPool.terminate() ends a join() that waits, and waits for the threads of tasks that were ended before", async () => {
  const before = Thread.count;
  await withPool({ size: 2 }, async (pool) => {
    const [id, counter] = [
      new SharedValue("i32", 0),
      new SharedValue("i32", 0),
    ];
    const shut = new Event();
    const held = reasonOf(pool.submit("hold", [shut]));
    const controller = new AbortController();
    const { signal } = controller;
    const spins = reasonOf(pool.submit("spin", [id, counter], { signal }));
    await until(() => id.get() !== 0 && shut.waiting === 1);
    pool.close();
    const join = pool.join(LIMIT);
    controller.abort();
    await pool.terminate();
    assertEquals(Thread.count, before);
    await join;
    assertInstanceOf(await held, PoolError);
    await spins;
  });
});

Deno.test("ThreadPool is closed and joined at the end of a block", async () => {
  const before = Thread.count;
  const results: Promise<number>[] = [];
  {
    await using pool = new ThreadPool<typeof import("./_pool_bodies.ts")>({
      size: 2,
      module: BODIES,
    });
    for (let n = 0; n < 20; n++) results.push(pool.submit("square", [n]));
  }
  assertEquals(Thread.count, before);
  const squares = await Promise.all(results);
  assertEquals(squares, Array.from({ length: 20 }, (_, n) => n * n));
});

Deno.test("ThreadPool whose threads have ended by close() leaves none, whatever they ran", async () => {
  const before = Thread.count;
  await withPool({ size: 3 }, async (pool) => {
    const tasks = [
      pool.submit("addLater", [1, 2]),
      pool.submit("add", [1, 2]),
      pool.submit("leaveBomb", []),
    ];
    await Promise.allSettled(tasks);
    pool.close();
    await pool.join(LIMIT);
    assert(Thread.count <= before, `${Thread.count} threads`);
  });
});
