import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertThrows,
} from "@std/assert";
import { Event } from "../../sync/event.ts";
import { PoolError } from "../../sync/pool_error.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import type { ThreadPoolOptions } from "../../sync/thread_pool.ts";
import { LIMIT, reasonOf, withPool } from "./_pool_use.ts";
import { until } from "./_until.ts";

const NO_PAINT = () => new SharedValue("i32", 1);

/** Pools whose threads cannot begin, and the name of the cause. */
const BROKEN: Record<string, [() => ThreadPoolOptions, string]> = {
  "module that does not exist": [
    () => ({ module: import.meta.resolve("./no_such_module.ts") }),
    "TypeError",
  ],
  "module that throws": [
    () => ({ module: "data:text/javascript,throw new RangeError('loads')" }),
    "RangeError",
  ],
  "initializer that throws": [
    () => ({ initializer: "setUpTimes", initializerArgs: [0, NO_PAINT()] }),
    "PaintError",
  ],
  "initializer that rejects": [
    () => ({ initializer: "failLater", initializerArgs: ["later"] }),
    "RangeError",
  ],
  "initializer that is not exported": [
    () => ({ initializer: "noSuchFunction" }),
    "TypeError",
  ],
};

function assertBroken(error: unknown): PoolError {
  assertInstanceOf(error, PoolError);
  assertEquals(error.code, "broken");
  return error;
}

for (const [what, [options, cause]] of Object.entries(BROKEN)) {
  Deno.test(`ThreadPool is broken by a ${what}: all tasks end, and no more are taken`, async () => {
    await withPool({ size: 2, ...options() }, async (pool) => {
      const tasks = Array.from({ length: 9 }, () => pool.submit("nothing", []));
      for (const reason of await Promise.all(tasks.map(reasonOf))) {
        assertInstanceOf(assertBroken(reason).cause, Error);
        assertEquals((assertBroken(reason).cause as Error).name, cause);
      }
      const next = async () => await pool.submit("nothing", []);
      assertBroken(await reasonOf(next()));
      const map = async () => await pool.map("square", [1, 2]);
      assertBroken(await reasonOf(map()));
      assertBroken(assertThrows(() => pool.applySync("nothing")));
      await pool.whenReady(LIMIT); // for ever, otherwise
      pool.close();
      await pool.join(LIMIT);
      const { threads, queued, running } = pool.stats();
      assertEquals([threads, queued, running], [0, 0, 0]);
    });
  });
}

Deno.test("ThreadPool.applySync() throws if the pool breaks by its task", async () => {
  await withPool({ initializer: "noSuchFunction" }, (pool) => {
    assertBroken(assertThrows(() => pool.applySync("nothing")));
    return Promise.resolve();
  });
});

Deno.test("ThreadPool.imap() throws if the pool breaks", async () => {
  await withPool({ initializer: "noSuchFunction" }, async (pool) => {
    assertBroken(await reasonOf(pool.imap("square", [1, 2]).next()));
    const results = pool.imapUnordered("square", [1, 2]);
    assertBroken(await reasonOf(results.next()));
  });
});

Deno.test("ThreadPool that breaks ends also what waits for room, and what runs", async () => {
  const initializerArgs = [1, new SharedValue("i32", 0)];
  const initializer = "setUpTimes"; // works in the first thread
  const options = { size: 2, maxQueue: 1, initializer, initializerArgs };
  await withPool(options, async (pool) => {
    const shut = new Event();
    const runs = pool.submit("hold", [shut]);
    await until(() => shut.waiting === 1);
    const seen = runs.catch((error) => error);
    const rest = Array.from({ length: 5 }, () => pool.submit("hold", [shut]));
    const reasons = await Promise.all(rest.map(reasonOf));
    reasons.forEach(assertBroken);
    assertBroken(await seen);
    await until(() => shut.waiting === 0);
  });
});

Deno.test("ThreadPool is broken if a thread cannot be replaced", async () => {
  const initializerArgs = [1, new SharedValue("i32", 0)];
  await withPool(
    { initializer: "setUpTimes", initializerArgs },
    async (pool) => {
      assertEquals(await pool.submit("add", [1, 2]), 3);
      const error = await reasonOf(pool.submit("exitByDeno", []));
      assertEquals((error as Error).name, "ThreadError");
      const next = async () => await pool.submit("add", [1, 2]);
      assertBroken(await reasonOf(next()));
    },
  );
});

for (const initializer of ["exitByDeno", "rejectUnhandled"] as const) {
  Deno.test(`ThreadPool settles all if the initializer kills the thread: ${initializer}()`, async () => {
    await withPool({ initializer }, async (pool) => {
      const tasks = [pool.submit("nothing", []), pool.submit("nothing", [])];
      for (const task of tasks) assert(await reasonOf(task) instanceof Error);
    });
  });
}

Deno.test("ThreadPool.terminate() while the initializer runs ends all", async () => {
  const shut = new Event();
  const options = { initializer: "setUpLater", initializerArgs: [shut] };
  await withPool(options, async (pool) => {
    const task = pool.submit("nothing", []);
    const seen = task.catch((error) => error);
    await until(() => shut.waiting === 1);
    await pool.terminate();
    const error = await seen;
    assertInstanceOf(error, PoolError);
    assertEquals([error.code, shut.waiting], ["terminated", 0]);
  });
});

Deno.test("ThreadPool runs no task before the initializer has ended", async () => {
  const gate = new Event();
  const options = { initializer: "setUpLater", initializerArgs: [gate] };
  await withPool(options, async (pool) => {
    const marked = pool.submit("marked", []);
    await until(() => gate.waiting === 1);
    gate.set();
    assertEquals(await marked, "later");
  });
});
