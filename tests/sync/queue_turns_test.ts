import { assertEquals } from "@std/assert";
import { Event } from "../../sync/event.ts";
import { PriorityQueue } from "../../sync/priority_queue.ts";
import { Queue } from "../../sync/queue.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { type Call, Hands } from "./_hands.ts";
import { CLASSES, drain, LIMIT, range } from "./_queue_ways.ts";
import { until } from "./_until.ts";

const bodies = new Hands<typeof import("./_queue_bodies.ts")>(
  import.meta.resolve("./_queue_bodies.ts"),
  3,
);

/** Longer than anybody's patience, which is 1 ms. */
const LONG_MS = 5;

for (const Class of CLASSES) {
  const { name } = Class;

  Deno.test(`${name}.get() serves tasks of a thread as they came`, async () => {
    const queue = new Class<number>();
    const order: number[] = [];
    const gets = range(0, 100).map(async (me) => {
      const { signal } = new AbortController();
      const options = [LIMIT, { signal, ...LIMIT }, { signal }][me % 3]!;
      await queue.get(options);
      order.push(me);
    });
    await until(() => queue.waitingToGet === 100);
    for (const me of range(0, 100)) {
      queue.putSync(me);
      if (me % 10 === 0) await null;
    }
    await Promise.all(gets);
    assertEquals(order, range(0, 100));
  });

  Deno.test(`${name}.put() serves tasks of a thread as they came`, async () => {
    const queue = new Class<number>({ maxSize: 1 });
    const puts = range(0, 100).map((item) => queue.put(item, LIMIT));
    await until(() => queue.waitingToPut === 99);
    const items: number[] = [];
    while (items.length < 100) items.push(await queue.get(LIMIT));
    await Promise.all(puts);
    assertEquals(items, range(0, 100));
  });
}

for (const Class of [Queue, PriorityQueue]) {
  const { name } = Class;

  Deno.test(`${name}.getSync() serves threads as they came`, async () => {
    const queue = new Class<number>();
    const log = new SharedArray("i32", 4);
    const crew: Call<void>[] = [];
    for (const me of [1, 2, 3]) {
      crew.push(bodies.start("getAndRecord", [queue, log, me]));
      await until(() => queue.waitingToGet === me);
    }
    await until(() => crew.every((thread) => thread.state === "blocked"));
    sleepSync(LONG_MS);
    for (const times of [1, 2, 3]) {
      queue.putSync(0);
      await until(() => log.get(0) === times);
      assertEquals(queue.waitingToGet, 3 - times);
    }
    assertEquals([...log].slice(1), [1, 2, 3]);
    for (const thread of crew) await thread.join(LIMIT);
  });

  Deno.test(`${name}.putSync() serves threads as they came`, async () => {
    const queue = new Class<number>({ maxSize: 1 });
    queue.putSync(0);
    const crew: Call<void>[] = [];
    for (const me of [1, 2, 3]) {
      crew.push(bodies.start("putOne", [queue, me]));
      await until(() => queue.waitingToPut === me);
    }
    await until(() => crew.every((thread) => thread.state === "blocked"));
    sleepSync(LONG_MS);
    const items = range(0, 4).map(() => queue.getSync(LIMIT));
    assertEquals(items, [0, 1, 2, 3]);
    for (const thread of crew) await thread.join(LIMIT);
  });
}

Deno.test("Queue.tryGet() does not overtake a thread that has waited for some time", async () => {
  const queue = new Queue<number>();
  const log = new SharedArray("i32", 2);
  const thread = bodies.start("getAndRecord", [queue, log, 1]);
  await until(() => queue.waitingToGet === 1 && thread.state === "blocked");
  sleepSync(LONG_MS);
  queue.putSync(5);
  assertEquals(queue.tryGet(), undefined); // whether it runs by now or not
  await thread.join(LIMIT);
  assertEquals([...log], [1, 1]);
});

Deno.test("Queue.tryGet() does not overtake the second thread when the first is served", async () => {
  const queue = new Queue<number>();
  const log = new SharedArray("i32", 2);
  const [woken, go] = [new Event(), new Event()];
  const first = bodies.start("getAndRecord", [queue, log, 1]);
  await until(() => queue.waitingToGet === 1 && first.state === "blocked");
  const second = bodies.start("getSlowly", [queue, woken, go]);
  await until(() => queue.waitingToGet === 2 && second.state === "blocked");
  sleepSync(LONG_MS);
  queue.putSync(1);
  queue.putSync(2);
  await first.join(LIMIT);
  await woken.wait(LIMIT);
  const stolen = queue.tryGet();
  go.set();
  if (stolen !== undefined) queue.putSync(stolen); // so that it ends
  assertEquals(await second.join(LIMIT), 2);
  assertEquals(stolen, undefined);
});

Deno.test("Queue.tryPut() does not overtake a thread that has waited for some time", async () => {
  const queue = new Queue<number>({ maxSize: 1 });
  queue.putSync(0);
  const thread = bodies.start("putOne", [queue, 1]);
  await until(() => queue.waitingToPut === 1 && thread.state === "blocked");
  sleepSync(LONG_MS);
  assertEquals(queue.getSync(), 0);
  assertEquals(queue.tryPut(2), false); // whether it runs by now or not
  await thread.join(LIMIT);
  assertEquals(drain(queue), [1]);
});

Deno.test("Queue.tryPut() of a small item does not overtake a thread with a large one", async () => {
  const queue = new Queue<Uint8Array>({ byteCapacity: 1024 });
  for (const octet of [1, 2]) queue.putSync(new Uint8Array(400).fill(octet));
  const thread = bodies.start("putOne", [queue, 3, 800]);
  await until(() => queue.waitingToPut === 1 && thread.state === "blocked");
  sleepSync(LONG_MS);
  queue.getSync();
  assertEquals(queue.tryPut(new Uint8Array(1)), false);
  queue.getSync();
  await thread.join(LIMIT);
  assertEquals(drain(queue), [new Uint8Array(800).fill(3)]);
});

Deno.test("Queue.put() wakes a thread behind a task whose loop is busy", async () => {
  const queue = new Queue<number>();
  const [ready, go, said] = [new Event(), new Event(), new Event()];
  const putter = bodies.start("putWhenTold", [queue, ready, go]);
  await ready.wait(LIMIT);
  const first = queue.get(LIMIT);
  const thread = bodies.start("getAndSay", [queue, said]);
  await until(() => queue.waitingToGet === 2 && thread.state === "blocked");
  go.set();
  said.waitSync(LIMIT); // the task cannot go on meanwhile
  queue.putSync(1);
  assertEquals(await first, 1);
  await Promise.all([putter.join(LIMIT), thread.join(LIMIT)]);
});

Deno.test("Queue.get() wakes a thread behind a task whose loop is busy", async () => {
  const queue = new Queue<number>({ maxSize: 1 });
  queue.putSync(0);
  const [ready, go] = [new Event(), new Event()];
  const getter = bodies.start("getWhenTold", [queue, ready, go]);
  await ready.wait(LIMIT);
  const first = queue.put(1, LIMIT);
  const thread = bodies.start("putOne", [queue, 2]);
  await until(() => queue.waitingToPut === 2 && thread.state === "blocked");
  go.set();
  thread.joinSync(LIMIT); // the task cannot go on meanwhile
  assertEquals(queue.getSync(LIMIT), 2);
  await first;
  assertEquals(queue.getSync(), 1);
  await getter.join(LIMIT);
});
