import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Event } from "../../sync/event.ts";
import type { Pool } from "../../sync/pool.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { Thread } from "../../sync/thread.ts";
import { ThreadPool } from "../../sync/thread_pool.ts";
import { BODIES, turns, warmPool, withPool } from "./_pool_use.ts";
import { until } from "./_until.ts";

const withOne = await warmPool();

Deno.test("ThreadPool.submit() runs a function of the module, in another thread", async () => {
  await withOne(async (pool) => {
    assertEquals(await pool.submit("add", [1, 2]), 3);
    assert(await pool.submit("threadId", []) !== Thread.current.id);
  });
});

Deno.test("ThreadPool.submit() awaits an asynchronous function", async () => {
  await withOne(async (pool) => {
    assertEquals(await pool.submit("addLater", [1, 2]), 3);
    assertEquals(await pool.submit("add", [3, 4]), 7);
  });
});

Deno.test("ThreadPool runs several asynchronous functions one at a time in a thread", async () => {
  await withOne(async (pool) => {
    const gate = new Event();
    const first = pool.submit("holdLater", [gate, 1]);
    const second = pool.submit("holdLater", [gate, 2]);
    await until(() => gate.waiting === 1);
    await turns();
    assertEquals([gate.waiting, pool.stats().running], [1, 1]);
    gate.set();
    assertEquals([await first, await second], [1, 2]);
  });
});

Deno.test("ThreadPool without a module runs functions by their source, and rejects a name with a TypeError", async () => {
  await withPool({ module: undefined }, async (pool) => {
    const add = async () => await pool.submit("add", [1, 2]);
    await assertRejects(add, TypeError);
    const double = (n: number) => 2 * n;
    assertEquals(await pool.submit(double, [4]), 8);
    assertEquals(await pool.submit(double, [5]), 10); // known by now
    const hello = function (name: string) {
      return `hello ${name}`;
    };
    assertEquals(await pool.submit(hello, ["you"]), "hello you");
    const later = async (n: number) => (await Promise.resolve(n)) + 1;
    assertEquals(await pool.submit(later, [1]), 2);
    const { negate } = {
      negate(n: number) {
        return -n;
      },
    };
    assertEquals(await pool.submit(negate, [3]), -3);
  });
});

Deno.test("ThreadPool runs functions of its module and by source in turn", async () => {
  await withOne(async (pool) => {
    const results = [
      pool.submit("add", [1, 2]),
      pool.submit((n: number) => n * n, [3]),
      pool.submit("square", [4]),
    ];
    assertEquals(await Promise.all(results), [3, 9, 16]);
  });
});

Deno.test("ThreadPool.apply() is submit() with the arguments one by one", async () => {
  await withOne(async (pool) => {
    assertEquals(await pool.apply("add", 1, 2), 3);
    assertEquals(await pool.apply((a: string) => a.length, "four"), 4);
    await assertRejects(() => pool.apply("fail", "thin"), Error, "thin");
  });
});

Deno.test("ThreadPool of 3 threads runs 8 tasks in three waves, never more than 3 at once", async () => {
  const before = Thread.count;
  await withPool({ size: 3 }, async (pool) => {
    const started = () => Thread.count - before;
    assertEquals([started(), pool.stats().threads], [0, 0]);
    const waves = [new Event(), new Event(), new Event()];
    const running = new SharedValue("i32", 0);
    const task = (gate: Event, running: SharedValue) => {
      const now = running.add(1) + 1;
      gate.waitSync({ timeoutMs: 20_000 });
      running.add(-1);
      return now;
    };
    const submit = (i: number) =>
      pool.submit(task, [waves[Math.floor(i / 3)]!, running]);
    const results = [submit(0)];
    await until(() => waves[0]!.waiting === 1);
    assertEquals(started(), 1); // they start as tasks come
    for (let i = 1; i < 8; i++) results.push(submit(i));
    for (const [wave, size] of [3, 3, 2].entries()) {
      await until(() => waves[wave]!.waiting === size);
      const left = [5, 2, 0][wave];
      await until(() => { // the last of the wave before have gone
        const { running: now, queued } = pool.stats();
        return now === size && queued === left && running.get() === size;
      });
      waves[wave]!.set();
    }
    const counts = await Promise.all(results);
    assertEquals([counts.length, Math.max(...counts)], [8, 3]);
    assertEquals([started(), pool.stats().threads], [3, 3]);
  });
});

Deno.test("ThreadPool keeps its threads from task to task", async () => {
  await withOne(async (pool) => {
    const first = await pool.submit("threadId", []);
    for (let i = 0; i < 5; i++) {
      assertEquals(await pool.submit("threadId", []), first);
    }
  });
});

Deno.test("ThreadPool names its threads, and takes its module as a URL", async () => {
  await withPool({ name: "painter", module: new URL(BODIES) }, async (pool) => {
    const name = await pool.submit("threadName", []);
    assert(name.startsWith("painter"), name);
  });
  await withOne(async (pool) => {
    const name = await pool.submit("threadName", []);
    assert(name.startsWith("Pool"), name);
  });
});

Deno.test("ThreadPool.size is as given, or the number of cores", () => {
  assertEquals(new ThreadPool({ size: 3 }).size, 3);
  assertEquals(new ThreadPool().size, navigator.hardwareConcurrency);
});

Deno.test("ThreadPool refuses numbers out of range", () => {
  for (
    const options of [
      { size: 0 },
      { size: -1 },
      { size: 1.5 },
      { size: NaN },
      { size: 1025 },
      { size: Infinity },
      { tasksPerThread: 0 },
      { tasksPerThread: 0.5 },
      { maxQueue: -1 },
      { maxQueue: NaN },
    ]
  ) {
    assertThrows(() => new ThreadPool(options), RangeError);
  }
  new ThreadPool({ size: 1024, maxQueue: 0, tasksPerThread: 1 });
});

Deno.test("ThreadPool with an initializer needs the module", () => {
  assertThrows(() => new ThreadPool({ initializer: "setUp" }), TypeError);
});

Deno.test("ThreadPool is a Pool, and checks names, arguments and results", async () => {
  await withOne(async (pool) => {
    const same: Pool<typeof import("./_pool_bodies.ts")> = pool;
    const sum: number = await same.submit("addLater", [1, 2]);
    const squares: number[] = await same.map("square", [1, 2]);
    assertEquals([sum, squares], [3, [1, 4]]);
    const never = () => {
      // @ts-expect-error: there is no such function
      same.submit("substract", [1, 2]);
      // @ts-expect-error: it is no function
      same.submit("NUMBER", []);
      // @ts-expect-error: it takes two
      same.submit("add", [1]);
      // @ts-expect-error: it takes numbers
      same.apply("add", "1", 2);
      // @ts-expect-error: it takes numbers
      same.map("square", ["1"]);
      // @ts-expect-error: it gives a number
      same.submit("add", [1, 2], { onResult: (_text: string) => {} });
      // @ts-expect-error: it gives a number
      const _text: string = same.applySync("add", 1, 2);
    };
    assertEquals(typeof never, "function");
  });
});
