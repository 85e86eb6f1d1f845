import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { Queue } from "../../sync/queue.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { reasonOf, warmPool } from "./_pool_use.ts";
import { until } from "./_until.ts";

const withTwo = await warmPool({ size: 2 });

const circle: { self?: unknown } = {};
circle.self = circle;

const VALUES: Record<string, unknown> = {
  undefined,
  null: null,
  false: false,
  "-0": -0,
  NaN,
  "empty text": "",
  "text with umlauts": "ä€😀",
  bigint: -(2n ** 70n),
  "nested arrays": [[], [[1, [undefined, null]]]],
  "objects in Map and Set": new Map([[{ a: 1 }, new Set([1n, "x"])]]),
  date: new Date(0),
  expression: /a+/gi,
  bytes: new Uint8Array([1, 2, 3]),
  floats: new Float64Array([NaN, -0, 1e300]),
  "a circle": circle,
};

for (const [what, value] of Object.entries(VALUES)) {
  Deno.test(`ThreadPool.submit() takes and gives values: ${what}`, async () => {
    await withTwo(async (pool) => {
      assertEquals(await pool.submit("giveBack", [value, 1]), [value, 1]);
      assertEquals(await pool.submit((v: unknown) => v, [value]), value);
    });
  });
}

Deno.test("ThreadPool.submit() gives undefined of a function that returns nothing", async () => {
  await withTwo(async (pool) => {
    assertStrictEquals(await pool.submit("nothing", []), undefined);
  });
});

Deno.test("ThreadPool.submit() takes and gives 8 MB", async () => {
  await withTwo(async (pool) => {
    const big = await pool.submit("bytes", [8_000_000]);
    assertEquals([big.length, big[0], big.at(-1)], [8e6, 8e6 % 251, big[0]]);
    const [again] = await pool.submit("giveBack", [big]) as [Uint8Array];
    assertEquals([again.length, again.at(-1)], [big.length, big[0]]);
    const text = "ä".repeat(2_000_000);
    assertEquals(await pool.submit("giveBack", [text]), [text]);
  });
});

Deno.test("ThreadPool.submit() takes and gives sizes around the powers of two", async () => {
  await withTwo(async (pool) => {
    for (let power = 4; power <= 17; power++) {
      for (const length of [2 ** power - 1, 2 ** power, 2 ** power + 1]) {
        const expected = new Uint8Array(length).fill(length % 251);
        assertEquals(await pool.submit("bytes", [length]), expected);
        const [text] = await pool.submit("giveBack", ["x".repeat(length)]) as [
          string,
        ];
        assertEquals(text.length, length);
      }
    }
  });
});

Deno.test("ThreadPool.submit() gives typed arrays whose buffers hold nothing else", async () => {
  await withTwo(async (pool) => {
    for (const length of [3, 300, 100_000]) {
      const { buffer } = await pool.submit("bytes", [length]);
      assertInstanceOf(buffer, ArrayBuffer);
      assertEquals(buffer.byteLength, length);
    }
  });
});

Deno.test("ThreadPool takes and gives what lives in shared memory", async () => {
  await withTwo(async (pool) => {
    const [lock, total] = [new Lock(), new SharedValue("i32", 0)];
    const both = await Promise.all([
      pool.submit("addToAll", [lock, total, 500]),
      pool.submit("addToAll", [lock, total, 500]),
    ]);
    assertEquals(total.get(), 1000);
    const [sameLock, sameTotal] = both[0];
    sameTotal.set(7);
    using _held = sameLock.acquireSync();
    assertEquals([total.get(), lock.locked], [7, true]);
  });
});

Deno.test("ThreadPool takes queues, on which a task may wait", async () => {
  await withTwo(async (pool) => {
    const [from, to] = [new Queue<number>(), new Queue<number>()];
    const done = pool.submit("relay", [from, to]);
    await from.put(21);
    assertEquals(await to.get(), 42);
    await done;
  });
});

Deno.test("ThreadPool takes shared memory without copying it", async () => {
  await withTwo(async (pool) => {
    const words = new Int32Array(new SharedArrayBuffer(8));
    await pool.submit((words: Int32Array) => words.fill(5).length, [words]);
    assertEquals([...words], [5, 5]);
  });
});

Deno.test("ThreadPool.submit() copies an ArrayBuffer, or moves it", async () => {
  await withTwo(async (pool) => {
    const copied = new Uint8Array(1000).fill(3).buffer;
    assertEquals(await pool.submit("inspect", [copied]), [1000, 3]);
    assertEquals(copied.byteLength, 1000);
    const moved = new Uint8Array(1000).fill(4).buffer;
    const result = pool.submit("inspect", [moved], { transfer: [moved] });
    assertEquals(await result, [1000, 4]);
    assert(moved.detached);
  });
});

Deno.test("ThreadPool.submit() moves a MessagePort, and the port works there", async () => {
  await withTwo(async (pool) => {
    for (let i = 0; i < 3; i++) {
      const { port1, port2 } = new MessageChannel();
      const got = new Promise((resolve) => {
        port1.onmessage = ({ data }) => resolve(data);
      });
      await pool.submit("postTo", [port2, i], { transfer: [port2] });
      assertEquals(await got, i);
      port1.close();
    }
  });
});

Deno.test("ThreadPool.submit() moves what waits for its turn to the task that it is for", async () => {
  await withTwo(async (pool) => {
    const gate = new Event();
    const held = [1, 2].map(() => pool.submit("hold", [gate]));
    await until(() => gate.waiting === 2);
    const ended = new AbortController();
    const results = Array.from({ length: 9 }, (_, i) => {
      const moved = new Uint8Array(10 + i).fill(i).buffer;
      const signal = i % 3 === 1 ? ended.signal : undefined;
      const options = { transfer: [moved], signal };
      return pool.submit("inspect", [moved], options).catch((error) => error);
    });
    ended.abort("ended");
    gate.set();
    await Promise.all(held);
    assertEquals(
      await Promise.all(results),
      Array.from({ length: 9 }, (_, i) => i % 3 === 1 ? "ended" : [10 + i, i]),
    );
  });
});

Deno.test("ThreadPool.submit() rejects with a TypeError what cannot be sent, and says where", async () => {
  await withTwo(async (pool) => {
    const bad = [{ deep: () => 1 }, Symbol("no"), new WeakMap()];
    for (const value of bad) {
      await assertRejects(
        async () => await pool.submit("giveBack", [value]),
        TypeError,
      );
    }
    assertEquals(await pool.submit("add", [1, 1]), 2);
    const { queued, running } = pool.stats();
    assertEquals([queued, running], [0, 0]);
  });
});

Deno.test("ThreadPool.submit() rejects with a TypeError a result that cannot be sent", async () => {
  await withTwo(async (pool) => {
    const error = await reasonOf(pool.submit("unsendable", []));
    assertInstanceOf(error, TypeError);
    assertStringIncludes(error.message, "function");
    assertEquals(await pool.submit("add", [1, 1]), 2);
  });
});

Deno.test("ThreadPool.submit() refuses to move what cannot move, and runs nothing", async () => {
  await withTwo(async (pool) => {
    const moved = new ArrayBuffer(8);
    structuredClone(moved, { transfer: [moved] });
    await assertRejects(
      async () => await pool.submit("inspect", [moved], { transfer: [moved] }),
    );
    const transfer = [{} as unknown as Transferable];
    await assertRejects(
      async () => await pool.submit("nothing", [], { transfer }),
    );
    assertEquals(await pool.submit("add", [1, 1]), 2);
  });
});
