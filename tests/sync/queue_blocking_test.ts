import { assert, assertEquals } from "@std/assert";
import { PriorityQueue } from "../../sync/priority_queue.ts";
import { Queue } from "../../sync/queue.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { threads } from "../../sync/threads.ts";
import { Hands } from "./_hands.ts";
import { CLASSES, drain, how, howSync, LIMIT } from "./_queue_ways.ts";
import { until } from "./_until.ts";

const BODIES = import.meta.resolve("./_queue_bodies.ts");
const bodies = new Hands<typeof import("./_queue_bodies.ts")>(BODIES, 2);
const mortals = threads<typeof import("./_queue_bodies.ts")>(BODIES);

for (const Class of CLASSES) {
  const { name } = Class;

  Deno.test(`${name}.getSync() blocks until another thread puts`, async () => {
    for (const options of name === "Queue" ? [undefined, LIMIT] : [{}]) {
      const queue = new Class<number>();
      const thread = bodies.start("serve", [queue, "put"]);
      assertEquals(queue.getSync(options), 7);
      await thread.join(LIMIT);
      assertEquals([queue.size, queue.waitingToGet], [0, 0]);
    }
  });

  Deno.test(`${name}.putSync() blocks until another thread gets`, async () => {
    const queue = new Class<number>({ maxSize: 1 });
    queue.putSync(1);
    const thread = bodies.start("serve", [queue, "get"]);
    queue.putSync(2);
    await thread.join(LIMIT);
    assertEquals([drain(queue).length, queue.waitingToPut], [1, 0]);
  });

  Deno.test(`${name} blocks a thread until a task puts or gets`, async () => {
    const queue = new Class<number | string>({ maxSize: 1 });
    const getter = bodies.start("act", [queue, ["getSync"]]);
    await until(() => queue.waitingToGet === 1 && getter.state === "blocked");
    await queue.put(5);
    assertEquals(await getter.join(LIMIT), [5]);
    queue.putSync(6);
    const putter = bodies.start("act", [queue, ["putSync"]]);
    await until(() => queue.waitingToPut === 1 && putter.state === "blocked");
    assertEquals(await queue.get(), 6);
    assertEquals(await putter.join(LIMIT), [undefined]);
    assertEquals(drain(queue), ["thread"]);
  });
}

Deno.test("Queue that times out in a thread takes and puts nothing", async () => {
  const queue = new Queue<number>({ maxSize: 1 });
  const limits = [0, 0.5, 5, -1, NaN];
  const bad = ["RangeError", "RangeError"];
  const get = bodies.start("act", [queue, ["getSync", "get"], limits]);
  const empty = [...Array(3).fill("queue-empty"), ...bad];
  assertEquals(await get.join(LIMIT), [...empty, ...empty]);
  assertEquals([queue.size, queue.waitingToGet], [0, 0]);
  queue.putSync(1);
  const acts = ["putSync", "put", "joinSync", "join"] as const;
  const put = bodies.start("act", [queue, acts, limits]);
  const full = [...Array(3).fill("queue-full"), ...bad];
  const late = [...Array(3).fill("TimeoutError"), ...bad];
  assertEquals(await put.join(LIMIT), [...full, ...full, ...late, ...late]);
  assertEquals([queue.size, queue.waitingToPut], [1, 0]);
  assertEquals([drain(queue), queue.unfinished], [[1], 1]);
});

Deno.test("Queue.getSync() that times out first leaves the item to the second", async () => {
  const queue = new Queue<number>();
  const first = bodies.start("act", [queue, ["getSync"], [150]]);
  await until(() => queue.waitingToGet === 1 || !first.alive);
  const second = bodies.start("act", [queue, ["getSync"]]);
  await until(() => queue.waitingToGet === 2 || !first.alive);
  assertEquals(await first.join(LIMIT), ["queue-empty"]);
  await until(() => queue.waitingToGet === 1);
  queue.putSync(5);
  assertEquals(await second.join(LIMIT), [5]);
});

Deno.test("Queue.putSync() that times out first leaves the room to the second", async () => {
  const queue = new Queue<unknown[] | number | string>({ maxSize: 1 });
  queue.putSync(0);
  const first = bodies.start("act", [queue, ["putSync"], [150]]);
  await until(() => queue.waitingToPut === 1 || !first.alive);
  const second = bodies.start("putOne", [queue, 2]);
  await until(() => queue.waitingToPut === 2 || !first.alive);
  assertEquals(await first.join(LIMIT), ["queue-full"]);
  await until(() => queue.waitingToPut === 1);
  assertEquals(queue.getSync(), 0);
  await second.join(LIMIT);
  assertEquals(drain(queue), [2]);
});

Deno.test("Queue leaves the turn of a dead thread to the next", async () => {
  const queue = new Queue<number | string>({ maxSize: 1 });
  const first = mortals.start("act", [queue, ["getSync"]]);
  await until(() => queue.waitingToGet === 1);
  const second = bodies.start("act", [queue, ["getSync"]]);
  await until(() => queue.waitingToGet === 2);
  await first.terminate(LIMIT);
  queue.putSync(5);
  assertEquals(await second.join(LIMIT), [5]);
  assertEquals([queue.size, queue.waitingToGet], [0, 0]);
  queue.putSync(6);
  const third = mortals.start("act", [queue, ["putSync"]]);
  await until(() => queue.waitingToPut === 1);
  const fourth = bodies.start("putOne", [queue, 4]);
  await until(() => queue.waitingToPut === 2);
  await third.terminate(LIMIT);
  assertEquals(queue.getSync(), 6);
  await fourth.join(LIMIT);
  assertEquals([drain(queue), queue.waitingToPut], [[4], 0]);
  assertEquals(queue.unfinished, 3);
});

Deno.test("Queue.getSync() gets what its own task puts later, with a limit", async () => {
  const queue = new Queue<number>();
  const timer = setTimeout(() => queue.putSync(1), 0);
  // the timer cannot fire while this thread blocks
  assertEquals(howSync(() => queue.getSync({ timeoutMs: 5 })), "queue-empty");
  assertEquals(await queue.get(LIMIT), 1);
  clearTimeout(timer);
});

Deno.test("Queue.get() of a busy thread loses nothing when its time is over", async () => {
  for (let round = 0; round < 10; round++) {
    const queue = new Queue<number>();
    const end = how(() => queue.get({ timeoutMs: 2 }));
    if (round % 2 === 0) sleepSync(3); // both are due in the next turn
    queue.putSync(5);
    const got = await end;
    assert(got === 5 || got === "queue-empty", `${got}`);
    assertEquals(drain(queue), got === 5 ? [] : [5]);
  }
});

const SHUT = "queue-shut-down";

for (const immediate of [false, true]) {
  const shutdown = `shutdown({ immediate: ${immediate} })`;

  Deno.test(`Queue.${shutdown} ends threads and tasks that wait to get`, async () => {
    const queue = new Queue<number>();
    const crew = (["getSync", "get"] as const).map((what) =>
      bodies.start("act", [queue, [what]])
    );
    const task = how(() => queue.get(LIMIT));
    await until(() => queue.waitingToGet === 3);
    queue.shutdown({ immediate });
    for (const thread of crew) assertEquals(await thread.join(LIMIT), [SHUT]);
    assertEquals([await task, queue.waitingToGet], [SHUT, 0]);
  });

  Deno.test(`Queue.${shutdown} ends threads and tasks that wait to put`, async () => {
    const queue = new Queue<string>({ maxSize: 2 });
    queue.putSync("a");
    queue.putSync("b");
    const crew = (["putSync", "put"] as const).map((what) =>
      bodies.start("act", [queue, [what]])
    );
    const task = how(() => queue.put("c", LIMIT));
    await until(() => queue.waitingToPut === 3);
    queue.shutdown({ immediate });
    for (const thread of crew) assertEquals(await thread.join(LIMIT), [SHUT]);
    assertEquals([await task, queue.waitingToPut], [SHUT, 0]);
    const left = immediate ? [] : ["a", "b"];
    assertEquals([queue.size, queue.unfinished], [left.length, left.length]);
    const items = left.map(() => queue.getSync({ timeoutMs: 0 }));
    assertEquals(items, left);
    assertEquals(howSync(() => queue.tryGet()), SHUT);
  });

  Deno.test(`Queue.${shutdown} lets threads that join go on when all is done`, async () => {
    const queue = new Queue<number>();
    queue.putSync(1);
    queue.putSync(2);
    assertEquals(queue.getSync(), 1);
    const crew = (["joinSync", "join"] as const).map((what) =>
      bodies.start("act", [queue, [what]])
    );
    await until(() => crew[0]!.state === "blocked");
    queue.shutdown({ immediate });
    assertEquals(queue.unfinished, immediate ? 1 : 2);
    assert(crew.every((thread) => thread.alive)); // one is still in work
    queue.taskDone();
    if (!immediate) {
      assertEquals(queue.getSync(), 2);
      assert(crew.every((thread) => thread.alive));
      queue.taskDone();
    }
    for (const thread of crew) {
      assertEquals(await thread.join(LIMIT), [undefined]);
    }
  });
}

Deno.test("Queue.shutdown() by a thread ends what blocks the main thread", async () => {
  for (const what of ["shutdown", "drop"] as const) {
    const queue = new Queue<number>({ maxSize: 1 });
    const first = bodies.start("serve", [queue, what]);
    assertEquals(howSync(() => queue.getSync(LIMIT)), SHUT);
    await first.join(LIMIT);
    const full = new Queue<number>({ maxSize: 1 });
    full.putSync(1);
    const second = bodies.start("serve", [full, what]);
    assertEquals(howSync(() => full.putSync(2, LIMIT)), SHUT);
    await second.join(LIMIT);
    assertEquals(full.size, what === "drop" ? 0 : 1);
  }
});

for (const Class of [Queue, PriorityQueue]) {
  for (const immediate of [false, true]) {
    Deno.test(`${Class.name}.shutdown({ immediate: ${immediate} }) in full swing ends producers and consumers`, async () => {
      const queue = new Class<number>({ maxSize: 5 });
      const producer = bodies.start("produceUntilShut", [queue]);
      const consumer = bodies.start("consume", [queue]);
      const own: number[] = [];
      while (own.length < 100) {
        own.push(await queue.get(LIMIT));
        queue.taskDone();
      }
      queue.shutdown({ immediate });
      const put = await producer.join(LIMIT);
      const got = [...own, ...await consumer.join(LIMIT)];
      assertEquals(new Set(got).size, got.length);
      const dropped = put - got.length;
      assert(immediate ? dropped >= 0 && dropped <= 5 : dropped === 0);
      assertEquals([queue.size, queue.unfinished], [0, 0]);
      await queue.join(LIMIT);
    });
  }
}
