import {
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Event } from "../../sync/event.ts";
import { ThreadError } from "../../sync/thread_error.ts";
import { threads } from "../../sync/threads.ts";
import { BODIES, LIMIT, reasonOf, warmPool, withPool } from "./_pool_use.ts";

const withTwo = await warmPool({ size: 2 });

const nested = threads<typeof import("./_pool_nested_bodies.ts")>(
  import.meta.resolve("./_pool_nested_bodies.ts"),
);

Deno.test("ThreadPool.applySync() blocks until the function has returned", async () => {
  await withTwo((pool) => {
    assertEquals(pool.applySync("add", 1, 2), 3);
    assertEquals(pool.applySync("addLater", 3, 4), 7);
    assertEquals(pool.applySync((a: string) => a.length, "four"), 4);
    assertStrictEquals(pool.applySync("nothing"), undefined);
    return Promise.resolve();
  });
});

Deno.test("ThreadPool.applySync() throws what the function threw", async () => {
  await withTwo((pool) => {
    const fail = () => pool.applySync("fail", "thin");
    assertEquals(assertThrows(fail, Error, "thin").name, "PaintError");
    assertThrows(() => pool.applySync("failLater", "later"), RangeError);
    let thrown: unknown = "nothing";
    try {
      pool.applySync("throwValue", undefined);
    } catch (value) {
      thrown = value;
    }
    assertStrictEquals(thrown, undefined);
    assertThrows(() => pool.applySync("giveBack", () => 1), TypeError);
    assertEquals(pool.applySync("add", 1, 2), 3);
    return Promise.resolve();
  });
});

Deno.test("ThreadPool.applySync() throws if the thread dies", async () => {
  await withPool({}, (pool) => {
    assertThrows(() => pool.applySync("exitByDeno"), ThreadError);
    assertThrows(() => pool.applySync("rejectUnhandled"), ThreadError);
    assertEquals(pool.applySync("add", 1, 2), 3);
    return Promise.resolve();
  });
});

Deno.test("ThreadPool.applySync() waits for its turn and for room", async () => {
  await withPool({ maxQueue: 1 }, async (pool) => {
    const order: number[] = [];
    const onResult = (n: number) => void order.push(n);
    const tasks = [1, 2, 3, 4].map((n) =>
      pool.submit("square", [n], { onResult })
    );
    assertEquals(pool.applySync("add", 2, 3), 5);
    assertEquals(order, [1, 4, 9, 16]);
    assertEquals(await Promise.all(tasks), [1, 4, 9, 16]);
  });
});

Deno.test("ThreadPool.applySync() loses no result of others", async () => {
  await withTwo(async (pool) => {
    const gate = new Event();
    const held = pool.submit("hold", [gate, 7]);
    const fails = pool.submit("fail", ["thin"]);
    const seen = reasonOf(fails);
    for (let i = 0; i < 50; i++) {
      assertEquals(pool.applySync("square", i), i * i);
    }
    pool.applySync((gate: Event) => gate.set(), gate);
    assertEquals(await held, 7);
    assertInstanceOf(await seen, Error);
  });
});

Deno.test("ThreadPool.applySync() works in a callback", async () => {
  await withTwo(async (pool) => {
    let sum = 0;
    const onResult = (n: number) => {
      sum = pool.applySync("add", n, 10);
    };
    const more = [1, 2, 3].map((n) => pool.submit("square", [n]));
    assertEquals(await pool.submit("add", [1, 2], { onResult }), 3);
    assertEquals(sum, 13);
    assertEquals(await Promise.all(more), [1, 4, 9]);
  });
});

Deno.test("ThreadPool.applySync() throws once the pool is closed or terminated", async () => {
  await withPool({}, async (pool) => {
    pool.close();
    assertThrows(() => pool.applySync("add", 1, 2), TypeError);
    await pool.terminate();
    assertThrows(() => pool.applySync("add", 1, 2), Error);
  });
});

Deno.test("ThreadPool.applySync() works in another thread, also while the main thread blocks", async () => {
  const thread = nested.start("useSync", [BODIES, 5]);
  assertEquals(thread.joinSync(LIMIT), [25, "PaintError"]);
  const other = nested.start("useSync", [BODIES, 6]);
  assertEquals(await other.join(LIMIT), [36, "PaintError"]);
});
