import { assert, assertEquals } from "@std/assert";
import { Queue } from "../../sync/queue.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import type { Thread } from "../../sync/thread.ts";
import { threads } from "../../sync/threads.ts";
import { Hands } from "./_hands.ts";
import { type Deed, STAGE, VICTIM } from "./_queue_kill_bodies.ts";
import { CLASSES, drain, how, LIMIT } from "./_queue_ways.ts";
import { type Next, random, STRESS, withSeed } from "./_random.ts";
import { until } from "./_until.ts";

type Bodies = typeof import("./_queue_kill_bodies.ts");

const BODIES = import.meta.resolve("./_queue_kill_bodies.ts");
const bodies = threads<Bodies>(BODIES);
const survivors = new Hands<Bodies>(BODIES, 3);

const SHUT = "queue-shut-down";

/**
 * Where those may die whom others wait for; a task waits first, then a thread. A
 * victim dies at all of them, each in another queue.
 */
const PLACES = [
  { label: "released", nth: 1 },
  { label: "chosen", nth: 1 },
  { label: "chosen", nth: 2 },
] as const;

/** Queues whose victim is ready, and how to kill it. */
function stage(deed: Deed, make: () => Queue<number>) {
  const queues = PLACES.map(make);
  const stage = new SharedValue("i32", 0);
  const victim = bodies.start("serve", [queues, deed, PLACES, stage]);
  const strike = async () => {
    await until(() => stage.get() === STAGE.READY);
    stage.set(STAGE.GO);
    await until(() => stage.get() === STAGE.STUCK);
    await victim.terminate(LIMIT);
  };
  return { queues, strike };
}

/** A queue that is full. */
function full(item: number): Queue<number> {
  const queue = new Queue<number>({ maxSize: 1 });
  queue.putSync(item);
  return queue;
}

Deno.test("Queue.put() reaches who waits, wherever its thread dies", async () => {
  const { queues, strike } = stage("put", () => new Queue());
  const gets = await Promise.all(queues.map(async (queue) => {
    const task = queue.get(LIMIT);
    await until(() => queue.waitingToGet === 1);
    const thread = survivors.start("live", [queue, "get"]);
    await until(() => queue.waitingToGet === 2 && thread.state === "blocked");
    return [task, thread.join(LIMIT)];
  }));
  await strike();
  for (const [index, queue] of queues.entries()) {
    assertEquals(await Promise.race(gets[index]!), VICTIM);
    queue.putSync(5);
    const items = await Promise.all(gets[index]!);
    assertEquals(new Set(items), new Set([5, VICTIM]));
    assertEquals([queue.size, queue.unfinished, queue.waitingToGet], [0, 2, 0]);
  }
});

Deno.test("Queue.get() makes room, wherever its thread dies", async () => {
  const { queues, strike } = stage("get", () => full(7));
  const puts = await Promise.all(queues.map(async (queue) => {
    const task = queue.put(1, LIMIT);
    await until(() => queue.waitingToPut === 1);
    const thread = survivors.start("live", [queue, "put"]);
    await until(() => queue.waitingToPut === 2 && thread.state === "blocked");
    return [task, thread.join(LIMIT)];
  }));
  await strike();
  for (const [index, queue] of queues.entries()) {
    const items = [await queue.get(LIMIT)];
    items.push(await queue.get(LIMIT));
    await Promise.all(puts[index]!);
    const lost = items.includes(7) ? 0 : 1; // in the hands of the dead
    assert(lost === 1 || PLACES[index]!.label !== "released", `${items}`);
    if (lost === 0) items.push(await queue.get(LIMIT));
    assertEquals(items.filter((item) => item !== 7).toSorted(), [1, 2]);
    assertEquals([queue.size, queue.unfinished, queue.waitingToPut], [0, 3, 0]);
  }
});

Deno.test("Queue.taskDone() ends join(), wherever its thread dies", async () => {
  const { queues, strike } = stage("taskDone", () => {
    const queue = new Queue<number>();
    queue.putSync(1);
    return queue;
  });
  const joins = await Promise.all(queues.map(async (queue) => {
    const task = queue.join(LIMIT);
    const thread = survivors.start("live", [queue, "join"]);
    await until(() => thread.state === "blocked");
    return [task, thread.join(LIMIT)];
  }));
  await strike();
  await Promise.all(joins.flat());
  for (const queue of queues) {
    assertEquals([queue.size, queue.unfinished], [1, 0]);
  }
});

Deno.test("Queue.shutdown() ends who waits to get, wherever its thread dies", async () => {
  const { queues, strike } = stage("shutdown", () => new Queue());
  const gets = await Promise.all(queues.map(async (queue) => {
    const task = how(() => queue.get(LIMIT));
    const thread = survivors.start("live", [queue, "get"]);
    await until(() => queue.waitingToGet === 2 && thread.state === "blocked");
    return [task, thread.join(LIMIT)];
  }));
  await strike();
  for (const [index, queue] of queues.entries()) {
    assertEquals(await Promise.all(gets[index]!), [SHUT, SHUT]);
    assertEquals([queue.closed, queue.waitingToGet], [true, 0]);
  }
});

Deno.test("Queue.shutdown({ immediate }) ends who waits to put, wherever its thread dies", async () => {
  const { queues, strike } = stage("drop", () => full(1));
  const puts = await Promise.all(queues.map(async (queue) => {
    const task = how(() => queue.put(2, LIMIT));
    const thread = survivors.start("live", [queue, "put"]);
    await until(() => queue.waitingToPut === 2 && thread.state === "blocked");
    return [task, thread.join(LIMIT)];
  }));
  await strike();
  for (const [index, queue] of queues.entries()) {
    assertEquals(await Promise.all(puts[index]!), [SHUT, SHUT]);
    assertEquals([queue.closed, queue.waitingToPut], [true, 0]);
    assertEquals([queue.size, queue.unfinished], [0, 0]);
  }
});

/** What a thread does with large items until it is killed. */
const WORK: Readonly<Record<string, (queue: Queue, next: Next) => Thread>> = {
  "puts large items": (queue, next) =>
    bodies.start("putLarge", [queue, 2 ** 20 + next(2 ** 20), 1]),
  "gets large items": (queue) => bodies.start("getAll", [queue]),
  "passes on large items": (queue) => bodies.start("passOn", [queue]),
};

for (const [what, work] of Object.entries(WORK)) {
  Deno.test(`Queues are whole after a thread died that ${what}`, async () => {
    await withSeed(STRESS ? 90 : 1, async (seed) => {
      const next = random(seed);
      const queue = new CLASSES[next(CLASSES.length)]!<Uint8Array>();
      const puts = 8;
      for (let number = 1; number <= puts; number++) {
        queue.putSync(new Uint8Array(2 ** 18 * number).fill(number));
      }
      const before = [queue.size, queue.unfinished];
      const victim = work(queue as unknown as Queue, next);
      const hasBegun = () =>
        `${[queue.size, queue.unfinished]}` !== `${before}`;
      await until(hasBegun);
      await new Promise((done) => setTimeout(done, next(8)));
      await victim.terminate(LIMIT);
      // Whatever the dead has left half-done is mended by the next act.
      queue.putSync(new Uint8Array([0]));
      const { size, unfinished } = queue;
      const items = drain(queue);
      assertEquals([items.length, queue.size], [size, 0]);
      for (const item of items) {
        assert(isWhole(item), "an item is torn");
      }
      const extra = unfinished - 1;
      assert(unfinished >= size && extra >= puts, `${unfinished}`);
      if (what.startsWith("puts")) assertEquals(size, unfinished);
      if (what.startsWith("gets")) assertEquals(extra, puts);
      if (what.startsWith("passes")) assert(size >= puts, `${size}`);
      for (const octet of [5, 6]) queue.putSync(new Uint8Array([octet]));
      assertEquals(drain(queue).length, 2);
    });
  });
}

/** Whether all octets are the same. */
function isWhole(item: Uint8Array): boolean {
  for (const octet of item) if (octet !== item[0]) return false;
  return true;
}
