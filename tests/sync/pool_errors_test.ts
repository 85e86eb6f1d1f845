import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Event } from "../../sync/event.ts";
import { PoolError } from "../../sync/pool_error.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import type { ThreadPoolOptions } from "../../sync/thread_pool.ts";
import { BODIES, LIMIT, reasonOf, warmPool, withPool } from "./_pool_use.ts";
import { until } from "./_until.ts";

const withOne = await warmPool();

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
    () => ({
      size: 2,
      initializer: "setUpTimes",
      initializerArgs: [0, NO_PAINT()],
    }),
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

Deno.test("ThreadPool.submit() rejects with what the function threw: class, code, cause, stack", async () => {
  await withOne(async (pool) => {
    const error = await reasonOf(pool.submit("fail", ["the paint is thin"]));
    assertInstanceOf(error, Error);
    const { code } = error as unknown as { code: string };
    assertEquals([error.name, error.message, code], [
      "PaintError",
      "the paint is thin",
      "too-thin",
    ]);
    assertInstanceOf(error.cause, SyntaxError);
    assertEquals(error.cause.message, "inner");
    assertStringIncludes(error.stack!, BODIES);
  });
});

Deno.test("ThreadPool.submit() rejects with what an asynchronous function threw", async () => {
  await withOne(async (pool) => {
    const error = await reasonOf(pool.submit("failLater", ["later"]));
    assertInstanceOf(error, RangeError);
    assertEquals(error.message, "later");
  });
});

Deno.test("ThreadPool.submit() rejects with what is no error as it is", async () => {
  await withOne(async (pool) => {
    for (const value of [undefined, null, 0, "text", [new Map([[1, 2]])]]) {
      assertEquals(await reasonOf(pool.submit("throwValue", [value])), value);
    }
  });
});

Deno.test("ThreadPool goes on in the same thread after a task that failed", async () => {
  await withOne(async (pool) => {
    const id = await pool.submit("threadId", []);
    const bad = [pool.submit("fail", ["a"]), pool.submit("failLater", ["b"])];
    const after = pool.submit("threadId", []);
    const reasons = (await Promise.allSettled(bad)).map(({ status }) => status);
    assertEquals(reasons, ["rejected", "rejected"]);
    assertEquals(await after, id);
  });
});

Deno.test("ThreadPool.submit() rejects with a TypeError that names what the module does not export", async () => {
  await withOne(async (pool) => {
    for (const name of ["noSuchFunction", "NUMBER", "toString", "default"]) {
      const error = await reasonOf(pool.submit(name as "nothing", []));
      assertInstanceOf(error, TypeError);
      assertStringIncludes(error.message, `"${name}"`);
    }
    assertEquals(await pool.submit("add", [1, 1]), 2);
  });
});

Deno.test("ThreadPool.submit() rejects a function by source that uses what is around it", async () => {
  await withOne(async (pool) => {
    const around = Date.now();
    const error = await reasonOf(pool.submit(() => around, []));
    assertInstanceOf(error, ReferenceError);
    assertStringIncludes(error.message, "around");
    assertEquals(await pool.submit("add", [1, 1]), 2);
  });
});

Deno.test("ThreadPool.submit() rejects a function that has no source with a TypeError", async () => {
  await withOne(async (pool) => {
    const bound = function (n: number) {
      return n;
    }.bind(null);
    for (const fn of [Math.sqrt, bound]) {
      await assertRejects(async () => await pool.submit(fn, [4]), TypeError);
      await assertRejects(async () => await pool.map(fn, [4]), TypeError);
    }
    assertEquals(await pool.submit("add", [1, 1]), 2);
  });
});

Deno.test("ThreadPool.submit() rejects, and does not throw, whatever is wrong", async () => {
  await withOne(async (pool) => {
    const bad = [
      pool.submit("nothing", [], { timeoutMs: -1 }),
      pool.submit("nothing", [], { priority: NaN }),
      pool.submit("nothing", [], { signal: AbortSignal.abort("gone") }),
      pool.submit(Math.sqrt, [4]),
      pool.submit("giveBack", [() => 1]),
      pool.apply(Math.sqrt, 4),
    ];
    const names = (await Promise.all(bad.map(reasonOf))).map((reason) =>
      reason instanceof Error ? reason.name : reason
    );
    const expected = ["RangeError", "RangeError", "gone", "TypeError"];
    assertEquals(names, [...expected, "TypeError", "TypeError"]);
  });
});

for (const [what, [options, cause]] of Object.entries(BROKEN)) {
  Deno.test(`ThreadPool is broken by a ${what}: all tasks end, and no more are taken`, async () => {
    await withPool(options(), async (pool) => {
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
