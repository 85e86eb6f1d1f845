import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { Event } from "../../sync/event.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { noted } from "./_pool_bodies.ts";
import { reasonOf, warmPool } from "./_pool_use.ts";
import { until } from "./_until.ts";

const withOne = await warmPool({ maxQueue: 1 });
const withTwo = await warmPool({ size: 2 });

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

Deno.test("ThreadPool.map() gives the results in the order of the items", async () => {
  await withTwo(async (pool) => {
    for (const length of [0, 1, 2, 12, 13, 100]) {
      const items = range(length);
      const squares = items.map((n) => n * n);
      assertEquals(await pool.map("square", items), squares);
      assertEquals(await pool.map((n: number) => n + 1, items), [
        ...range(length + 1).slice(1),
      ]);
    }
  });
});

Deno.test("ThreadPool.map() gives each task chunkSize items, or each thread four tasks", async () => {
  await withTwo(async (pool) => {
    const tasks = async (length: number, chunkSize?: number) => {
      const before = pool.stats().done;
      const results = await pool.map("square", range(length), { chunkSize });
      assertEquals(results, range(length).map((n) => n * n));
      return pool.stats().done - before;
    };
    assertEquals(await tasks(10, 1), 10);
    assertEquals(await tasks(10, 3), 4);
    assertEquals(await tasks(10, 10), 1);
    assertEquals(await tasks(10, 11), 1);
    assertEquals(await tasks(10, Infinity), 1);
    assertEquals(await tasks(80), 8);
    assertEquals(await tasks(3), 3);
    assertEquals(await tasks(0), 0);
  });
});

Deno.test("ThreadPool.map() takes whatever can be iterated", async () => {
  await withTwo(async (pool) => {
    const next = (n: number) => n + 1;
    function* generate() {
      yield* [1, 2, 3];
    }
    const inputs = [
      generate(),
      new Set([1, 2, 3]),
      new Map([[1, 2], [2, 3], [3, 4]]).keys(),
      new Float64Array([1, 2, 3]),
      new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4),
      Object.freeze([1, 2, 3]),
    ];
    for (const items of inputs) {
      assertEquals(await pool.map(next, items, { chunkSize: 2 }), [2, 3, 4]);
    }
    const text = await pool.map((c: string) => c + c, "ab");
    assertEquals(text, ["aa", "bb"]);
  });
});

Deno.test("ThreadPool.map() calls the function with the item alone, and awaits it", async () => {
  await withOne(async (pool) => {
    const count = (...args: unknown[]) => Promise.resolve(args.length);
    const items = ["a", "b", "c"];
    assertEquals(await pool.map(count, items, { chunkSize: 2 }), [1, 1, 1]);
    const mixed = (n: number) => n % 2 === 0 ? n : Promise.resolve(-n);
    assertEquals(await pool.map(mixed, range(5)), [0, -1, 2, -3, 4]);
  });
});

Deno.test("ThreadPool.map() gives results that are lists, or nothing, as they are", async () => {
  await withOne(async (pool) => {
    const pairs = await pool.map("pair", [1, 2, 3], { chunkSize: 2 });
    assertEquals(pairs, [[1, undefined], [2, undefined], [3, undefined]]);
    const nothing = await pool.map((_: number) => {}, range(3));
    assertEquals(nothing, [undefined, undefined, undefined]);
    const deep = await pool.map((n: number) => [[n]], range(2));
    assertEquals(deep, [[[0]], [[1]]]);
  });
});

Deno.test("ThreadPool.map() of more tasks than there is room for", async () => {
  await withOne(async (pool) => {
    const squares = await pool.map("square", range(50), { chunkSize: 1 });
    assertEquals(squares, range(50).map((n) => n * n));
  });
});

Deno.test("ThreadPool.map() rejects as soon as one call fails; what has not begun never will", async () => {
  await withTwo(async (pool) => {
    const ended = () => pool.stats().done + pool.stats().failed;
    const before = ended();
    const [gate, log] = [new Event(), new SharedArray("i32", 99)];
    const held = pool.submit("hold", [gate]);
    await until(() => gate.waiting === 1);
    const items = range(20).map((n) => ({ n, log, gate, fails: n === 3 }));
    delete (items[3] as { gate?: Event }).gate;
    const mapped = pool.map("step", items.slice(3), { chunkSize: 1 });
    const error = await reasonOf(mapped);
    assertInstanceOf(error, RangeError);
    assertEquals(error.message, "step 3 fails");
    gate.set();
    await held;
    assertEquals(await pool.submit("add", [1, 2]), 3);
    await until(() => ended() - before === 2 + 17);
    const ran = noted(log).length;
    assertEquals(ran <= 2, true, `${ran} ran`);
  });
});

Deno.test("ThreadPool.map() runs no further item of the chunk after one that failed", async () => {
  await withOne(async (pool) => {
    const log = new SharedArray("i32", 9);
    const items = range(5).map((n) => ({ n, log, fails: n === 2 }));
    const mapped = pool.map("step", items, { chunkSize: 5 });
    assertEquals((await reasonOf(mapped) as Error).message, "step 2 fails");
    assertEquals(noted(log), [0, 1, 2]);
  });
});

Deno.test("ThreadPool.map() that is aborted ends all its tasks, and no other", async () => {
  await withTwo(async (pool) => {
    const [gate, shut] = [new Event(), new Event()];
    const log = new SharedArray("i32", 99);
    const other = pool.submit("hold", [gate, 5]);
    await until(() => gate.waiting === 1);
    const controller = new AbortController();
    const { signal } = controller;
    const items = range(9).map((n) => ({ n, log, gate: shut }));
    const mapped = pool.map("step", items, { signal, chunkSize: 1 });
    await until(() => shut.waiting === 1);
    controller.abort("gone");
    assertEquals(await reasonOf(mapped), "gone");
    assertEquals(await pool.submit("add", [1, 2]), 3);
    gate.set();
    assertEquals(await other, 5);
    assertEquals(noted(log), [0]);
    const again = async () => await pool.map("square", [1], { signal });
    assertEquals(await reasonOf(again()), "gone");
  });
});

Deno.test("ThreadPool.map() ends if a task of it runs longer than timeoutMs", async () => {
  await withOne(async (pool) => {
    const [shut, log] = [new Event(), new SharedArray("i32", 9)];
    const items = [{ n: 1, log }, { n: 2, log, gate: shut }, { n: 3, log }];
    const options = { timeoutMs: 500, chunkSize: 1 };
    const error = await reasonOf(pool.map("step", items, options));
    assertEquals((error as Error).name, "TimeoutError");
    assertEquals(await pool.submit("add", [1, 2]), 3);
    assertEquals(noted(log), [1, 2]);
  });
});

Deno.test("ThreadPool.map() calls onResult with all results, or onError", async () => {
  await withOne(async (pool) => {
    const seen: unknown[] = [];
    const onResult = (results: number[]) => void seen.push(results);
    const onError = (error: unknown) => void seen.push((error as Error).name);
    await pool.map("square", [1, 2, 3], { onResult, onError });
    assertEquals(seen, [[1, 4, 9]]);
    await reasonOf(pool.map("fail", ["thin"], { onError }));
    assertEquals(seen, [[1, 4, 9], "PaintError"]);
  });
});

Deno.test("ThreadPool.map() reports what onResult throws, and resolves", async () => {
  const reported: unknown[] = [];
  const report = (event: ErrorEvent) => {
    event.preventDefault();
    reported.push(event.error);
  };
  addEventListener("error", report);
  try {
    await withOne(async (pool) => {
      const thrown = new Error("thrown by onResult");
      const onResult = () => {
        throw thrown;
      };
      assertEquals(await pool.map("square", [2], { onResult }), [4]);
      assertEquals(reported, [thrown]);
    });
  } finally {
    removeEventListener("error", report);
  }
});

Deno.test("ThreadPool.map() rejects with what the items throw, and runs nothing", async () => {
  await withOne(async (pool) => {
    const log = new SharedArray("i32", 9);
    function* items() {
      yield { n: 1, log };
      throw new RangeError("no more items");
    }
    const mapped = pool.map("step", items(), { chunkSize: 1 });
    await assertRejects(() => mapped, RangeError, "no more items");
    await pool.submit("nothing", []);
    assertEquals(noted(log), []);
  });
});

Deno.test("ThreadPool.map() refuses a chunkSize that is no whole number of 1 or more", async () => {
  await withOne(async (pool) => {
    for (const chunkSize of [0, -1, 1.5, NaN]) {
      const map = async () => await pool.map("square", [1], { chunkSize });
      await assertRejects(map, RangeError);
    }
  });
});
