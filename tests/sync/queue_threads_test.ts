import { assert, assertEquals } from "@std/assert";
import { LifoQueue } from "../../sync/lifo_queue.ts";
import { PriorityQueue } from "../../sync/priority_queue.ts";
import { Queue } from "../../sync/queue.ts";
import { threads } from "../../sync/threads.ts";
import { Hands } from "./_hands.ts";
import { assertIdle, CLASSES, LIMIT, range } from "./_queue_ways.ts";

const BODIES = import.meta.resolve("./_queue_bodies.ts");
const bodies = new Hands<typeof import("./_queue_bodies.ts")>(BODIES, 5);
const mortals = threads<typeof import("./_queue_bodies.ts")>(BODIES);

/** Asserts that all items are there, each once. */
function assertAll(lists: readonly (readonly number[])[], count: number): void {
  const seen = new Uint8Array(count);
  for (const item of lists.flat()) seen[item]!++;
  const wrong = range(0, count).filter((item) => seen[item] !== 1);
  assertEquals(wrong, []);
}

/** Asserts that of each producer the items come as it put them. */
function assertOrder(items: readonly number[], perProducer: number): void {
  const last = new Map<number, number>();
  for (const item of items) {
    const producer = Math.floor(item / perProducer);
    assert((last.get(producer) ?? -1) < item, `${item} comes late`);
    last.set(producer, item);
  }
}

for (const Class of CLASSES) {
  const { name } = Class;

  Deno.test(`${name} bounded at 10 passes all of 2 producers to 3 consumers, once`, async () => {
    const each = 1000;
    const queue = new Class<number>({ maxSize: 10 });
    const consumers = range(0, 3).map(() => bodies.start("consume", [queue]));
    const producers = range(0, 2).map((index) =>
      bodies.start("produce", [queue, index * each, (index + 1) * each])
    );
    let most = 0;
    while (producers.some((producer) => producer.alive)) {
      most = Math.max(most, queue.size);
      await new Promise((done) => setTimeout(done, 0));
    }
    assert(most <= 10, `there were ${most}`);
    for (const producer of producers) await producer.join(LIMIT);
    await queue.join(LIMIT);
    assertEquals([queue.size, queue.closed], [0, false]);
    queue.shutdown();
    const lists = await Promise.all(consumers.map((one) => one.join(LIMIT)));
    assertAll(lists, 2 * each);
    if (name !== "LifoQueue") {
      for (const list of lists) assertOrder(list, each);
    }
    assertIdle(queue);
  });
}

Deno.test("Queue passes all among threads and tasks, blocking or not", async () => {
  const each = 400;
  const queue = new Queue<number>({ maxSize: 3 });
  const blocking = bodies.start("consume", [queue]);
  const loops = bodies.start("consumeAsync", [queue, 3]);
  const own = range(0, 2).map(async () => {
    const items: number[] = [];
    for await (const item of queue) {
      items.push(item);
      queue.taskDone();
    }
    return items;
  });
  await Promise.all([
    bodies.start("produce", [queue, 0, each]).join(LIMIT),
    bodies.start("produceAsync", [queue, each, 2 * each, 1]).join(LIMIT),
    bodies.start("produceAsync", [queue, 2 * each, 3 * each, 4]).join(LIMIT),
    (async () => {
      for (const item of range(3 * each, 4 * each)) {
        await queue.put(item, LIMIT);
      }
    })(),
  ]);
  await queue.join(LIMIT);
  queue.shutdown();
  const lists = [
    await blocking.join(LIMIT),
    ...await loops.join(LIMIT),
    ...await Promise.all(own),
  ];
  assertAll(lists, 4 * each);
  assertIdle(queue);
});

Deno.test("Queue passes items in order from a thread to a task, and back", async () => {
  for (const options of [{}, { maxSize: 1 }, { byteCapacity: 40 }]) {
    const to = new Queue<number>(options);
    const from = new Queue<number>(options);
    const count = 300;
    const relays = [
      bodies.start("relay", [to, from, count]),
      bodies.start("produce", [to, 0, count]),
    ];
    for (const item of range(0, count)) {
      assertEquals(await from.get(LIMIT), item);
    }
    for (const thread of relays) await thread.join(LIMIT);
    assertEquals([to.size, from.size, to.waitingToGet], [0, 0, 0]);
  }
});

Deno.test("Queue passes items in order through a thread, blocking on both sides", async () => {
  for (const relay of ["relay", "relayAsync"] as const) {
    const [to, from] = [new Queue<number>(), new Queue<number>()];
    const count = 500;
    const thread = bodies.start(relay, [to, from, count]);
    const items: number[] = [];
    for (const item of range(0, count)) {
      to.putSync(item);
      if (item % 2 === 0) continue; // so that there are two
      items.push(from.getSync(LIMIT), from.getSync(LIMIT));
    }
    await thread.join(LIMIT);
    assertEquals(items, range(0, count));
    assertEquals([to.size, to.unfinished, from.unfinished], [0, count, count]);
  }
});

Deno.test("Queue, LifoQueue and PriorityQueue arrive in a thread as what they are", async () => {
  for (const Class of CLASSES) {
    const queue = new Class<number>({ maxSize: 2 });
    queue.putSync(1);
    queue.putSync(2);
    const facts = await bodies.start("facts", [queue]).join(LIMIT);
    assertEquals(facts, [Class.name, 2, 2, false, true, false, 2]);
  }
});

Deno.test("Queue that a thread made is usable after its end", async () => {
  const queue = await mortals.start("made", [[1, 2, 3]]).join(LIMIT);
  assert(queue instanceof Queue);
  assert(!(queue instanceof LifoQueue) && !(queue instanceof PriorityQueue));
  assertEquals([queue.size, queue.maxSize], [3, 4]);
  assertEquals([queue.tryPut(4), queue.tryPut(5)], [true, false]);
  const thread = bodies.start("consume", [queue]);
  await queue.join(LIMIT);
  queue.shutdown();
  assertEquals(await thread.join(LIMIT), [1, 2, 3, 4]);
});

Deno.test("Queue errors that a thread throws keep name, code and message", async () => {
  const queue = new Queue({ maxSize: 1 });
  const end = (what: "getSync" | "putSync") =>
    bodies.start("fail", [queue, what]).join(LIMIT).catch(({
      name,
      code,
      message,
    }) => `${name}: ${code}: ${message}`);
  assertEquals(
    await end("getSync"),
    "QueueEmptyError: queue-empty: Cannot get from the Queue: " +
      "nothing came within 0 ms",
  );
  queue.putSync(1);
  assertEquals(
    await end("putSync"),
    "QueueFullError: queue-full: Cannot put into the Queue: " +
      "no room within 0 ms",
  );
  queue.shutdown();
  assertEquals(
    await end("putSync"),
    "QueueShutDownError: queue-shut-down: Cannot put into the Queue: " +
      "it was shut down",
  );
});
