import { assertEquals } from "@std/assert";
import { SharedValue } from "../../sync/shared_value.ts";
import { Thread } from "../../sync/thread.ts";
import { isAlive, withPool } from "./_pool_use.ts";
import { until } from "./_until.ts";

/** Lengths of the runs of equal numbers. */
function runsOf(ids: readonly number[]): number[] {
  const lengths: number[] = [];
  ids.forEach((id, i) => {
    if (id === ids[i - 1]) lengths[lengths.length - 1]!++;
    else lengths.push(1);
  });
  return lengths;
}

for (const tasksPerThread of [1, 3]) {
  Deno.test(`ThreadPool replaces a thread after ${tasksPerThread} tasks`, async () => {
    await withPool({ tasksPerThread }, async (pool) => {
      const ids = await Promise.all(
        Array.from({ length: 7 }, () => pool.submit("threadId", [])),
      );
      const expected = [];
      for (let left = 7; left > 0; left -= tasksPerThread) {
        expected.push(Math.min(left, tasksPerThread));
      }
      assertEquals(runsOf(ids), expected);
      assertEquals(new Set(ids).size, expected.length);
      await until(() => ids.slice(0, 6 - 6 % 3).filter(isAlive).length === 0);
    });
  });
}

Deno.test("ThreadPool replaces a thread after tasks that failed, too", async () => {
  await withPool({ tasksPerThread: 2 }, async (pool) => {
    const first = await pool.submit("threadId", []);
    await pool.submit("fail", ["thin"]).catch(() => {});
    assertEquals(await pool.submit("threadId", []) === first, false);
  });
});

Deno.test("ThreadPool does not count tasks that were cancelled in the queue", async () => {
  await withPool({ tasksPerThread: 2 }, async (pool) => {
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
  });
});

Deno.test("ThreadPool calls the initializer in threads that replace others", async () => {
  const calls = new SharedValue("i32", 0);
  const initializerArgs = ["green", calls];
  const options = { tasksPerThread: 2, initializer: "setUp", initializerArgs };
  await withPool(options, async (pool) => {
    const marks = await Promise.all(
      Array.from({ length: 6 }, () => pool.submit("marked", [])),
    );
    assertEquals(marks, Array(6).fill("green"));
    assertEquals(calls.get(), 3);
  });
});

Deno.test("ThreadPool that replaces all its threads loses no task", async () => {
  const before = Thread.count;
  await withPool({ size: 2, tasksPerThread: 3 }, async (pool) => {
    const squares = await pool.map(
      "square",
      Array.from({ length: 14 }, (_, i) => i),
      { chunkSize: 1 },
    );
    assertEquals(squares, Array.from({ length: 14 }, (_, i) => i * i));
    await until(() => Thread.count - before <= 2);
    assertEquals(pool.stats().done, 14);
  });
});
