import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { LifoQueue } from "../../sync/lifo_queue.ts";
import { PriorityQueue } from "../../sync/priority_queue.ts";
import { Queue } from "../../sync/queue.ts";
import { Hands } from "./_hands.ts";
import { assertIdle, drain, LIMIT, range } from "./_queue_ways.ts";
import { random, withSeed } from "./_random.ts";
import { until } from "./_until.ts";

const bodies = new Hands<typeof import("./_queue_bodies.ts")>(
  import.meta.resolve("./_queue_bodies.ts"),
  2,
);

Deno.test("PriorityQueue gives the item with the lowest priority", async () => {
  const queue = new PriorityQueue<string>();
  assertInstanceOf(queue, Queue);
  queue.putSync("b", { priority: 2 });
  await queue.put("c", { priority: 3 });
  queue.tryPut("a", { priority: 1 });
  assertEquals(queue.getSync(), "a");
  queue.putSync("first", { priority: -1 });
  assertEquals([await queue.get(), queue.tryGet()], ["first", "b"]);
  queue.putSync("last", { priority: 3 });
  assertEquals(drain(queue), ["c", "last"]);
});

Deno.test("PriorityQueue takes any number for a priority", () => {
  const sorted = [
    -Infinity,
    -Number.MAX_VALUE,
    -(2 ** 53),
    -1.5,
    -1,
    -Number.MIN_VALUE,
    0,
    Number.MIN_VALUE,
    0.1,
    0.1 + Number.EPSILON,
    2 ** 31,
    2 ** 32 + 1,
    2 ** 53,
    Infinity,
  ];
  for (const order of [sorted, sorted.toReversed()]) {
    const queue = new PriorityQueue<number>();
    for (const priority of order) queue.putSync(priority, { priority });
    assertEquals(drain(queue), sorted);
  }
});

Deno.test("PriorityQueue gives equal priorities in order, 0 by default", () => {
  const queue = new PriorityQueue<number>();
  const priorities = [undefined, 0, -0, undefined, -0, 0];
  for (const [item, priority] of priorities.entries()) {
    queue.putSync(item, { priority });
    queue.putSync(100 + item, { priority: 1 });
  }
  queue.putSync(6);
  queue.putSync(-1, { priority: -1 });
  const expected = [-1, ...range(0, 7), ...range(100, 106)];
  assertEquals(drain(queue), expected);
});

Deno.test("PriorityQueue keeps 20,000 equal items in order", () => {
  const queue = new PriorityQueue<number>();
  for (const item of range(0, 20_000)) queue.putSync(item, { priority: 7 });
  assertEquals(drain(queue), range(0, 20_000));
});

Deno.test("PriorityQueue keeps order among any items", async () => {
  await withSeed(3, (seed) => {
    const next = random(seed);
    const queue = new PriorityQueue<Uint8Array>();
    const model: { priority: number; item: Uint8Array }[] = [];
    for (let step = 0; step < 2000; step++) {
      if (next(5) < 3) {
        const priority = next(20) / 4 - 2;
        const item = new Uint8Array(next(3) * next(100)).fill(step);
        queue.putSync(item, { priority });
        const index = model.findIndex((other) => other.priority > priority);
        const end = index < 0 ? model.length : index;
        model.splice(end, 0, { priority, item });
      } else assertEquals(queue.tryGet(), model.shift()?.item);
    }
    assertEquals(drain(queue), model.map(({ item }) => item));
    return Promise.resolve();
  });
});

Deno.test("PriorityQueue refuses what is no number for a priority", async () => {
  const queue = new PriorityQueue<number>();
  for (const wrong of [NaN, "1", 1n, null, {}, [1]]) {
    const options = { priority: wrong as number };
    assertThrows(() => queue.putSync(1, options), RangeError, "priority");
    assertThrows(() => queue.tryPut(1, options), RangeError, "priority");
    await assertRejects(() => queue.put(1, options), RangeError, "priority");
  }
  assertIdle(queue);
  const { message } = assertThrows(
    () => queue.putSync(1, { priority: NaN }),
    RangeError,
  );
  assertEquals(
    message,
    "Cannot put with the priority NaN: it must be a number",
  );
});

Deno.test("Queue and LifoQueue refuse a priority", async () => {
  for (const Class of [Queue, LifoQueue]) {
    const queue = new Class<number>();
    for (const priority of [0, 1, NaN]) {
      const message =
        `Cannot put with a priority: the ${Class.name} knows none`;
      const options = { priority };
      assertThrows(() => queue.putSync(1, options), TypeError, message);
      assertThrows(() => queue.tryPut(1, options), TypeError, message);
      await assertRejects(() => queue.put(1, options), TypeError, message);
    }
    assertIdle(queue);
    queue.putSync(1, { priority: undefined });
    assertEquals(drain(queue), [1]);
  }
});

Deno.test("PriorityQueue orders what several threads put", async () => {
  const queue = new PriorityQueue<[number, number, number]>();
  const crew = [1, 2].map((producer) =>
    bodies.start("produceByPriority", [queue, producer, 1000])
  );
  await Promise.all(crew.map((thread) => thread.join(LIMIT)));
  const items = drain(queue);
  assertEquals(items.length, 2000);
  const last = new Map<string, number>();
  let before = -Infinity;
  for (const [priority, producer, time] of items) {
    assertEquals(Math.max(before, priority), priority);
    before = priority;
    const key = `${priority}/${producer}`; // of equal ones, as it put them
    assertEquals((last.get(key) ?? -1) < time, true, key);
    last.set(key, time);
  }
});

Deno.test("PriorityQueue lets those put first who waited first, whatever they put", async () => {
  const queue = new PriorityQueue<string>({ maxSize: 1 });
  queue.putSync("there", { priority: 9 });
  const late = queue.put("late", { priority: 5, ...LIMIT });
  const urgent = queue.put("urgent", { priority: 1, ...LIMIT });
  await until(() => queue.waitingToPut === 2);
  assertEquals(queue.getSync(), "there");
  await late;
  assertEquals(queue.waitingToPut, 1);
  assertEquals(queue.getSync(), "late");
  await urgent;
  assertEquals(drain(queue), ["urgent"]);
});

Deno.test("PriorityQueue gives whoever waits what comes, whatever its priority", async () => {
  const queue = new PriorityQueue<number>();
  const waits = [queue.get(LIMIT), queue.get(LIMIT)];
  await until(() => queue.waitingToGet === 2);
  queue.putSync(9, { priority: 9 });
  assertEquals(await waits[0], 9);
  queue.putSync(1, { priority: 1 });
  assertEquals(await waits[1], 1);
});

Deno.test("LifoQueue gives the item that was put last", async () => {
  const stack = new LifoQueue<number>();
  assertInstanceOf(stack, Queue);
  stack.putSync(1);
  await stack.put(2);
  stack.tryPut(3);
  assertEquals(stack.getSync(), 3);
  stack.putSync(4);
  assertEquals([await stack.get(), stack.tryGet()], [4, 2]);
  stack.putSync(5);
  assertEquals(drain(stack), [5, 1]);
});

Deno.test("LifoQueue keeps order through growth, and items of all sizes", () => {
  const stack = new LifoQueue<Uint8Array>();
  const sizes = range(0, 300).map((index) => index * 7919 % 5000);
  for (const size of sizes) stack.putSync(new Uint8Array(size).fill(size));
  for (const size of sizes.toReversed()) {
    assertEquals(stack.getSync(), new Uint8Array(size).fill(size));
  }
});

Deno.test("LifoQueue gives what another thread put, the last one first", async () => {
  const stack = new LifoQueue<number>();
  await bodies.start("produce", [stack, 0, 1000]).join(LIMIT);
  assertEquals(drain(stack), range(0, 1000).toReversed());
});

Deno.test("LifoQueue serves those who wait to get in order of arrival", async () => {
  const stack = new LifoQueue<number>();
  const waits = [1, 2, 3].map(() => stack.get(LIMIT));
  await until(() => stack.waitingToGet === 3);
  for (const item of [1, 2, 3]) {
    stack.putSync(item);
    assertEquals(await waits[item - 1], item);
  }
});

Deno.test("LifoQueue puts what waited for room on top, the first to wait first", async () => {
  const stack = new LifoQueue<number>({ maxSize: 2 });
  stack.putSync(1);
  stack.putSync(2);
  const puts = [3, 4].map((item) => stack.put(item, LIMIT));
  await until(() => stack.waitingToPut === 2);
  assertEquals(stack.getSync(), 2);
  await puts[0];
  assertEquals(stack.getSync(), 3);
  await puts[1];
  assertEquals(drain(stack), [4, 1]);
});
