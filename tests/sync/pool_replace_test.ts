import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { Thread } from "../../sync/thread.ts";
import { ThreadError } from "../../sync/thread_error.ts";
import { isAlive, LIMIT, reasonOf, warmPool, withPool } from "./_pool_use.ts";
import { until } from "./_until.ts";

const withOne = await warmPool();
const withTwo = await warmPool({ size: 2 });

/** Tasks that take their thread with them, and the code of the error. */
const DEADLY = [
  ["exitByDeno", "exited"],
  ["exitByProcess", "exited"],
  ["rejectUnhandled", "died"],
  ["throwInTimer", "died"],
] as const;

/** Lengths of the runs of equal numbers. */
function runsOf(ids: readonly number[]): number[] {
  const lengths: number[] = [];
  ids.forEach((id, i) => {
    if (id === ids[i - 1]) lengths[lengths.length - 1]!++;
    else lengths.push(1);
  });
  return lengths;
}

for (const [name, code] of DEADLY) {
  Deno.test(`ThreadPool replaces a thread that dies, and loses no other task: ${name}()`, async () => {
    await withTwo(async (pool) => {
      const before = pool.stats().failed;
      const gate = new Event();
      const neighbour = pool.submit("hold", [gate, 5]);
      await until(() => gate.waiting === 1);
      const id = await pool.submit("threadId", []);
      const dead = pool.submit(name, []);
      const queued = Array.from(
        { length: 9 },
        (_, i) => pool.submit("square", [i]),
      );
      const error = await reasonOf(dead);
      assertInstanceOf(error, ThreadError);
      assertEquals(error.code, code);
      if (name === "rejectUnhandled") { // what killed it
        assertInstanceOf(error.cause, RangeError);
        assertEquals(error.cause.message, "nobody cares");
      }
      assertEquals((await Promise.all(queued)).at(-1), 64);
      assert(!isAlive(id));
      assert(await pool.submit("threadId", []) !== id);
      assertEquals(gate.waiting, 1);
      gate.set();
      assertEquals(await neighbour, 5);
      const { threads, failed } = pool.stats();
      assertEquals([threads, failed - before], [2, 1]);
    });
  });
}

Deno.test("ThreadPool goes on after a task that leaves an unhandled rejection behind", async () => {
  await withPool({}, async (pool) => {
    for (let i = 0; i < 2; i++) {
      const [end] = await Promise.allSettled([pool.submit("leaveBomb", [])]);
      const after = pool.submit("add", [i, 1]);
      const [next] = await Promise.allSettled([after]);
      if (end.status === "fulfilled") assertEquals(end.value, "left");
      else assertInstanceOf(end.reason, ThreadError);
      if (next.status === "fulfilled") assertEquals(next.value, i + 1);
      else assertInstanceOf(next.reason, ThreadError);
    }
    await until(() => pool.stats().running === 0);
    const { done, failed } = pool.stats();
    assertEquals(done + failed, 4);
  });
});

Deno.test("ThreadPool replaces a thread that runs out of memory", async () => {
  const resourceLimits = { maxOldGenerationSizeMb: 16 };
  await withPool({ resourceLimits }, async (pool) => {
    const error = await reasonOf(pool.submit("eatMemory", []));
    assertInstanceOf(error, ThreadError);
    assertEquals(error.code, "died");
    assertEquals(await pool.submit("add", [1, 2]), 3);
  });
});

Deno.test("ThreadPool replaces a thread that somebody else terminates while it runs a task", async () => {
  await withOne(async (pool) => {
    const [id, counter] = [
      new SharedValue("i32", 0),
      new SharedValue("i32", 0),
    ];
    const spins = pool.submit("spin", [id, counter]);
    const queued = pool.submit("add", [1, 2]);
    await until(() => id.get() !== 0);
    const thread = Thread.all().find((thread) => thread.id === id.get())!;
    await thread.terminate(LIMIT);
    const error = await reasonOf(spins);
    assertInstanceOf(error, ThreadError);
    assertEquals(error.code, "terminated");
    assertEquals(await queued, 3);
  });
});

Deno.test("ThreadPool replaces a thread that somebody else terminates while it has no task", async () => {
  await withOne(async (pool) => {
    const before = pool.stats().failed;
    const id = await pool.submit("threadId", []);
    const thread = Thread.all().find((thread) => thread.id === id)!;
    await thread.terminate(LIMIT);
    assert(await pool.submit("threadId", []) !== id);
    assertEquals(pool.stats().failed, before);
  });
});

Deno.test("ThreadPool calls the initializer in each thread, also in those that replace others", async () => {
  const calls = new SharedValue("i32", 0);
  const initializerArgs = ["blue", calls];
  const options = { initializer: "setUp", initializerArgs };
  await withPool(options, async (pool) => {
    assertEquals(await pool.submit("marked", []), "blue");
    assertEquals(await pool.submit("marked", []), "blue");
    assertEquals(calls.get(), 1);
    await reasonOf(pool.submit("exitByDeno", []));
    assertEquals(await pool.submit("marked", []), "blue");
    assertEquals(calls.get(), 2);
  });
});

Deno.test("ThreadPool lets each of many tasks kill its thread, and recovers what that held", async () => {
  await withTwo(async (pool) => {
    const lock = new Lock();
    const keep = (lock: Lock) => {
      lock.acquireSync();
      Deno.exit(0);
    };
    const dead = [
      pool.submit(keep, [lock]),
      pool.submit("exitByDeno", []),
      pool.submit("exitByDeno", []),
    ];
    for (const error of await Promise.all(dead.map(reasonOf))) {
      assertInstanceOf(error, ThreadError);
      assertEquals(error.code, "exited");
    }
    assertEquals(await pool.submit("add", [1, 2]), 3);
    using _held = await lock.acquire(LIMIT);
    assert(lock.ownerDied);
  });
});

for (const [tasksPerThread, tasks] of [[1, 3], [3, 4]] as const) {
  Deno.test(`ThreadPool replaces a thread after ${tasksPerThread} tasks, and calls the initializer in each`, async () => {
    const calls = new SharedValue("i32", 0);
    const initializerArgs = ["green", calls];
    const options = { tasksPerThread, initializer: "setUp", initializerArgs };
    await withPool(options, async (pool) => {
      const ids = await Promise.all(
        Array.from({ length: tasks }, () => pool.submit("threadId", [])),
      );
      const expected = [];
      for (let left = tasks; left > 0; left -= tasksPerThread) {
        expected.push(Math.min(left, tasksPerThread));
      }
      assertEquals(runsOf(ids), expected);
      assertEquals(new Set(ids).size, expected.length);
      assertEquals(calls.get(), expected.length);
      const full = tasks - tasks % tasksPerThread;
      await until(() => ids.slice(0, full).filter(isAlive).length === 0);
    });
  });
}

Deno.test("ThreadPool counts tasks that failed, but none that were cancelled in the queue, before it replaces a thread", async () => {
  await withPool({ tasksPerThread: 3 }, async (pool) => {
    const first = pool.submit("threadId", []);
    const controller = new AbortController();
    const { signal } = controller;
    const ended = Array.from(
      { length: 5 },
      () => pool.submit("threadId", [], { signal }).catch(() => {}),
    );
    controller.abort();
    await Promise.all(ended);
    const second = pool.submit("threadId", []);
    assertEquals(await second, await first);
    await pool.submit("fail", ["thin"]).catch(() => {});
    assertEquals(await pool.submit("threadId", []) === await first, false);
  });
});

Deno.test("ThreadPool that replaces all its threads loses no task", async () => {
  const before = Thread.count;
  await withPool({ size: 2, tasksPerThread: 3 }, async (pool) => {
    const squares = await pool.map(
      "square",
      Array.from({ length: 8 }, (_, i) => i),
      { chunkSize: 1 },
    );
    assertEquals(squares, Array.from({ length: 8 }, (_, i) => i * i));
    await until(() => Thread.count - before <= 2);
    assertEquals(pool.stats().done, 8);
  });
});
