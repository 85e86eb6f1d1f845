import { assert, assertEquals, assertRejects } from "@std/assert";
import { Event } from "../../sync/event.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { noted } from "./_pool_bodies.ts";
import { reasonOf, type TestPool, turns, warmPool } from "./_pool_use.ts";
import { until } from "./_until.ts";

const withOne = await warmPool();
const withTwo = await warmPool({ size: 2 });

const WAYS = ["imap", "imapUnordered"] as const;

/** Numbers, and how many of them were read; whether the reader has left. */
class Source {
  read = 0;
  left = false;
  readonly #length: number;

  constructor(length = Infinity) {
    this.#length = length;
  }

  *[Symbol.iterator](): Generator<number, void, void> {
    try {
      while (this.read < this.#length) yield this.read++;
    } finally {
      this.left = true;
    }
  }
}

async function* later(items: Iterable<number>): AsyncGenerator<number> {
  for (const item of items) {
    await null;
    yield item;
  }
}

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

for (const way of WAYS) {
  Deno.test(`ThreadPool.${way}() gives a result for each item`, async () => {
    await withTwo(async (pool) => {
      for (const length of [0, 1, 2, 50]) {
        for (const chunkSize of [undefined, 1, 7, 100]) {
          for (const items of [new Source(length), later(new Source(length))]) {
            const results = await listOf(
              pool[way]("square", items, { chunkSize }),
            );
            if (way !== "imap") results.sort((a, b) => a - b);
            assertEquals(results, Array.from({ length }, (_, i) => i * i));
          }
        }
      }
      const sources = pool[way]((n: number) => -n, [1]);
      assertEquals(await listOf(sources), [-1]);
    });
  });

  Deno.test(`ThreadPool.${way}() reads items as results are taken, so much ahead`, async () => {
    await withTwo(async (pool) => {
      for (const [ahead, most] of [[undefined, 4], [1, 1], [7, 7]] as const) {
        const source = new Source();
        const results = pool[way]("square", source, { ahead });
        for (let taken = 1; taken <= 3; taken++) {
          await results.next();
          await until(() => source.read >= taken + most);
          await until(() => pool.stats().running === 0);
          await turns();
          assertEquals(source.read, taken + most);
        }
        await results.return();
        assert(source.left);
      }
    });
  });

  Deno.test(`ThreadPool.${way}() gives a result though the next item is not there yet`, async () => {
    await withTwo(async (pool) => {
      const taken = Promise.withResolvers<void>();
      async function* items() {
        yield 2;
        await taken.promise;
        yield 3;
      }
      const results = pool[way]("square", items());
      assertEquals(await results.next(), { done: false, value: 4 });
      taken.resolve();
      assertEquals(await listOf(results), [9]);
    });
  });

  Deno.test(`ThreadPool.${way}() that is left ends what runs for it, and nothing else`, async () => {
    await withTwo(async (pool) => {
      const [gate, shut] = [new Event(), new Event()];
      const log = new SharedArray("i32", 99);
      const other = pool.submit("hold", [gate, 5]);
      await until(() => gate.waiting === 1);
      let left = false;
      function* items() {
        try {
          yield { n: 0, log };
          for (let n = 1;; n++) yield { n, log, gate: shut };
        } finally {
          left = true;
        }
      }
      for await (const n of pool[way]("step", items(), { ahead: 5 })) {
        assertEquals(n, 0);
        await until(() => shut.waiting === 1);
        break;
      }
      assert(left);
      await until(() => shut.waiting === 0);
      assertEquals(await pool.submit("add", [1, 2]), 3);
      assertEquals(noted(log).sort(), [0, 1]);
      assertEquals(gate.waiting, 1);
      gate.set();
      assertEquals(await other, 5);
    });
  });

  Deno.test(`ThreadPool.${way}() that is left by return() ends what it waits for`, async () => {
    await withOne(async (pool) => {
      const [shut, log] = [new Event(), new SharedArray("i32", 9)];
      const more = Promise.withResolvers<void>();
      async function* items() {
        yield { n: 0, log, gate: shut };
        await more.promise;
        yield { n: 1, log };
      }
      const results = pool[way]("step", items());
      const next = results.next();
      await until(() => shut.waiting === 1);
      const done = { done: true, value: undefined } as const;
      assertEquals(await results.return(), done);
      assertEquals(await next, done);
      await until(() => shut.waiting === 0);
      more.resolve(); // too late
      await turns();
      assertEquals(await pool.submit("add", [1, 2]), 3);
      assertEquals(noted(log), [0]);
    });
  });

  Deno.test(`ThreadPool.${way}() throws what a call throws, and is over then`, async () => {
    await withOne(async (pool) => {
      const log = new SharedArray("i32", 9);
      const items = [0, 1, 2, 3].map((n) => ({ n, log, fails: n === 2 }));
      const results = pool[way]("step", items, { ahead: 1 });
      assertEquals((await results.next()).value, 0);
      assertEquals((await results.next()).value, 1);
      const next = () => results.next();
      await assertRejects(next, RangeError, "step 2 fails");
      assertEquals(await results.next(), { done: true, value: undefined });
      await pool.submit("nothing", []);
      assertEquals(noted(log), [0, 1, 2]);
    });
  });

  Deno.test(`ThreadPool.${way}() throws what the items throw`, async () => {
    await withOne(async (pool) => {
      const error = new Error("no more items");
      async function* items() {
        yield 1;
        await null;
        throw error;
      }
      assertEquals(await reasonOf(listOf(pool[way]("square", items()))), error);
      assertEquals(await pool.submit("add", [1, 2]), 3);
    });
  });

  Deno.test(`ThreadPool.${way}() that is aborted ends what runs for it`, async () => {
    await withTwo(async (pool) => {
      const [shut, log] = [new Event(), new SharedArray("i32", 99)];
      const controller = new AbortController();
      const { signal } = controller;
      const items = Array.from({ length: 9 }, (_, n) => ({
        n,
        log,
        gate: shut,
      }));
      const results = pool[way]("step", items, { signal });
      const next = results.next();
      await until(() => shut.waiting === 2);
      controller.abort("gone");
      assertEquals(await reasonOf(next), "gone");
      await until(() => shut.waiting === 0);
      assertEquals(await pool.submit("add", [1, 2]), 3);
      assertEquals(noted(log).length, 2);
    });
  });

  Deno.test(`ThreadPool.${way}() that is aborted while it waits for an item throws`, async () => {
    await withOne(async (pool) => {
      const controller = new AbortController();
      const { signal } = controller;
      const asked = Promise.withResolvers<void>();
      const never: AsyncIterable<number> = {
        [Symbol.asyncIterator]: () => ({
          next() {
            asked.resolve();
            return new Promise(() => {});
          },
          return: () => Promise.resolve({ done: true, value: undefined }),
        }),
      };
      const next = pool[way]("square", never, { signal }).next();
      await asked.promise;
      controller.abort("gone");
      assertEquals(await reasonOf(next), "gone");
    });
  });

  Deno.test(`ThreadPool.${way}() ends a task that runs longer than timeoutMs`, async () => {
    await withOne(async (pool) => {
      const [shut, log] = [new Event(), new SharedArray("i32", 9)];
      const items = [{ n: 1, log, gate: shut }];
      const results = pool[way]("step", items, { timeoutMs: 20 });
      const error = await reasonOf(results.next());
      assertEquals((error as Error).name, "TimeoutError");
      assertEquals(await pool.submit("add", [1, 2]), 3);
    });
  });

  Deno.test(`ThreadPool.${way}() refuses numbers that are no whole ones of 1 or more`, async () => {
    await withOne(async (pool) => {
      for (const number of [0, -1, 1.5, NaN]) {
        for (const options of [{ chunkSize: number }, { ahead: number }]) {
          const next = async () =>
            await pool[way]("square", [1], options).next();
          await assertRejects(next, RangeError);
        }
      }
    });
  });
}

/** Lets the first item wait, and answers which results come until it may go on. */
async function slowFirst(
  pool: TestPool,
  way: (typeof WAYS)[number],
): Promise<number[]> {
  const [gate, log] = [new Event(), new SharedArray("i32", 9)];
  const items = [{ n: 0, log, gate }, { n: 1, log }, { n: 2, log }];
  const results: number[] = [];
  const before = pool.stats().done;
  const all = (async () => {
    for await (const n of pool[way]("step", items)) results.push(n);
  })();
  await until(() => pool.stats().done === before + 2);
  await turns();
  const early = results.length;
  gate.set();
  await all;
  return [early, ...results];
}

Deno.test("ThreadPool.imap() keeps the order, imapUnordered() gives first what is done first", async () => {
  await withTwo(async (pool) => {
    assertEquals(await slowFirst(pool, "imap"), [0, 0, 1, 2]);
    assertEquals(await slowFirst(pool, "imapUnordered"), [2, 1, 2, 0]);
  });
});
