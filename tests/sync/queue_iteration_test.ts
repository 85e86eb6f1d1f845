import { assert, assertEquals, assertRejects } from "@std/assert";
import { Queue } from "../../sync/queue.ts";
import { Hands } from "./_hands.ts";
import { CLASSES, drain, LIMIT, range } from "./_queue_ways.ts";
import { until } from "./_until.ts";

const bodies = new Hands<typeof import("./_queue_bodies.ts")>(
  import.meta.resolve("./_queue_bodies.ts"),
  3,
);

for (const Class of CLASSES) {
  const { name } = Class;

  Deno.test(`${name} is iterated until it is shut down and empty`, async () => {
    const queue = new Class<number>();
    for (const item of [1, 2, 3]) queue.putSync(item);
    queue.shutdown();
    const items: number[] = [];
    for await (const item of queue) items.push(item);
    assertEquals(items, name === "LifoQueue" ? [3, 2, 1] : [1, 2, 3]);
    for await (const item of queue) throw new Error(`there is still ${item}`);
    assertEquals(queue.unfinished, 3); // whoever iterates reports by itself
  });

  Deno.test(`${name} is iterated as items come`, async () => {
    const queue = new Class<number>();
    const items: number[] = [];
    const loop = (async () => {
      for await (const item of queue) items.push(item);
    })();
    for (const item of [1, 2, 3]) {
      await until(() => queue.waitingToGet === 1);
      queue.putSync(item);
      await until(() => items.length === item);
    }
    await until(() => queue.waitingToGet === 1);
    queue.shutdown();
    await loop;
    assertEquals([items, queue.waitingToGet], [[1, 2, 3], 0]);
  });

  Deno.test(`${name} that is left in the middle keeps the rest`, async () => {
    const queue = new Class<number>();
    for (const item of range(0, 5)) queue.putSync(item);
    const items: number[] = [];
    for (const way of ["break", "throw", "return"] as const) {
      const loop = async () => {
        for await (const item of queue) {
          items.push(item);
          if (way === "break") break;
          if (way === "throw") throw new RangeError("thrown");
          return;
        }
      };
      if (way === "throw") await assertRejects(loop, RangeError, "thrown");
      else await loop();
    }
    assertEquals([items.length, queue.size, queue.waitingToGet], [3, 2, 0]);
    items.push(...drain(queue));
    assertEquals(items.sort(), range(0, 5));
    assert(!queue.closed);
  });
}

Deno.test("Queue shares its items among loops of one thread", async () => {
  const queue = new Queue<number>({ maxSize: 2 });
  const lists = range(0, 4).map(async () => {
    const items: number[] = [];
    for await (const item of queue) {
      items.push(item);
      await null;
    }
    return items;
  });
  for (const item of range(0, 200)) await queue.put(item, LIMIT);
  queue.shutdown();
  const all = await Promise.all(lists);
  assertEquals(all.flat().toSorted((a, b) => a - b), range(0, 200));
  for (const items of all) {
    assert(items.length > 0, "a loop got nothing");
    assertEquals(items, items.toSorted((a, b) => a - b));
  }
});

Deno.test("Queue shares its items among loops of threads", async () => {
  const queue = new Queue<number>({ maxSize: 10 });
  const loops = range(0, 2).map(() => bodies.start("consumeAsync", [queue, 2]));
  await bodies.start("produce", [queue, 0, 500]).join(LIMIT);
  for (const item of range(500, 1000)) await queue.put(item, LIMIT);
  await queue.join(LIMIT);
  queue.shutdown();
  const lists = await Promise.all(loops.map((loop) => loop.join(LIMIT)));
  const items = lists.flat(2).toSorted((a, b) => a - b);
  assertEquals(items, range(0, 1000));
});

Deno.test("Queue ends loops when it is shut down at once, whatever is in it", async () => {
  const queue = new Queue<number>();
  const items: number[] = [];
  for (const item of range(0, 5)) queue.putSync(item);
  for await (const item of queue) {
    items.push(item);
    if (item === 1) queue.shutdown({ immediate: true });
  }
  assertEquals([items, queue.unfinished], [[0, 1], 2]);
});

Deno.test("Queue gives an iterator that is left before its first item nothing", async () => {
  const queue = new Queue<number>();
  queue.putSync(1);
  const iterator = queue[Symbol.asyncIterator]();
  await iterator.return!();
  assertEquals(await iterator.next(), { done: true, value: undefined });
  assertEquals(drain(queue), [1]);
});

Deno.test("Queue passes on what else goes wrong while it is iterated", async () => {
  const queue = new Queue<number>();
  queue.get = () => Promise.reject(new RangeError("broken"));
  const loop = async () => {
    for await (const item of queue) throw new Error(`there is ${item}`);
  };
  await assertRejects(loop, RangeError, "broken");
});

Deno.test("Queue that is left by return() while a loop waits keeps what comes", async () => {
  const queue = new Queue<number>();
  const items = queue[Symbol.asyncIterator]();
  const next = items.next();
  await until(() => queue.waitingToGet === 1);
  const done = { done: true, value: undefined } as const;
  assertEquals(await items.return!(), done);
  assertEquals(await next, done);
  queue.putSync(5);
  assertEquals(await items.next(), done);
  assertEquals([drain(queue), queue.waitingToGet], [[5], 0]);
});
