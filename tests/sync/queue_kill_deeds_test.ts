import { assert, assertEquals } from "@std/assert";
import { PriorityQueue } from "../../sync/priority_queue.ts";
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
const survivor = new Hands<Bodies>(BODIES, 1);

const SHUT = "queue-shut-down";

/** Where those may die whom others wait for; a task waits first, then a thread. */
const PLACES = [
  { label: "released", nth: 1 },
  { label: "chosen", nth: 1 },
  { label: "chosen", nth: 2 },
] as const;

/** Has a thread go on from where it is ready, and kills it where it is stuck. */
async function kill(victim: Thread<void>, stage: SharedValue): Promise<void> {
  await until(() => stage.get() === STAGE.READY);
  stage.set(STAGE.GO);
  await until(() => stage.get() === STAGE.STUCK);
  await victim.terminate(LIMIT);
}

for (const place of PLACES) {
  const where = `at "${place.label}" number ${place.nth}`;
  const start = (queue: Queue, deed: Deed) => {
    const stage = new SharedValue("i32", 0);
    const victim = bodies.start("serve", [queue, deed, place, stage]);
    return () => kill(victim, stage);
  };

  Deno.test(`Queue.put() reaches who waits, though its thread dies ${where}`, async () => {
    const queue = new Queue<number>();
    const strike = start(queue, "put");
    const task = queue.get(LIMIT);
    await until(() => queue.waitingToGet === 1);
    const thread = survivor.start("live", [queue, "get"]);
    await until(() => queue.waitingToGet === 2 && thread.state === "blocked");
    await strike();
    const gets = [task, thread.join(LIMIT)];
    assertEquals(await Promise.race(gets), VICTIM);
    queue.putSync(5);
    const items = await Promise.all(gets);
    assertEquals(new Set(items), new Set([5, VICTIM]));
    assertEquals([queue.size, queue.unfinished, queue.waitingToGet], [0, 2, 0]);
  });

  Deno.test(`Queue.get() makes room, though its thread dies ${where}`, async () => {
    const queue = new Queue<number>({ maxSize: 1 });
    queue.putSync(7);
    const strike = start(queue, "get");
    const task = queue.put(1, LIMIT);
    await until(() => queue.waitingToPut === 1);
    const thread = survivor.start("live", [queue, "put"]);
    await until(() => queue.waitingToPut === 2 && thread.state === "blocked");
    await strike();
    const items = [await queue.get(LIMIT)];
    items.push(await queue.get(LIMIT));
    await Promise.all([task, thread.join(LIMIT)]);
    const lost = items.includes(7) ? 0 : 1; // in the hands of the dead
    assert(lost === 1 || place.label !== "released", `${items}`);
    if (lost === 0) items.push(await queue.get(LIMIT));
    assertEquals(items.filter((item) => item !== 7).toSorted(), [1, 2]);
    assertEquals([queue.size, queue.unfinished, queue.waitingToPut], [0, 3, 0]);
  });

  Deno.test(`Queue.taskDone() ends join(), though its thread dies ${where}`, async () => {
    const queue = new Queue<number>();
    queue.putSync(1);
    const strike = start(queue, "taskDone");
    const task = queue.join(LIMIT);
    const thread = survivor.start("live", [queue, "join"]);
    await until(() => thread.state === "blocked");
    await strike();
    await Promise.all([task, thread.join(LIMIT)]);
    assertEquals([queue.size, queue.unfinished], [1, 0]);
  });

  Deno.test(`Queue.shutdown() ends who waits to get, though its thread dies ${where}`, async () => {
    const queue = new Queue<number>();
    const strike = start(queue, "shutdown");
    const task = how(() => queue.get(LIMIT));
    const thread = survivor.start("live", [queue, "get"]);
    await until(() => queue.waitingToGet === 2 && thread.state === "blocked");
    await strike();
    assertEquals([await task, await thread.join(LIMIT)], [SHUT, SHUT]);
    assertEquals([queue.closed, queue.waitingToGet], [true, 0]);
  });

  Deno.test(`Queue.shutdown({ immediate }) ends who waits to put, though its thread dies ${where}`, async () => {
    const queue = new Queue<number>({ maxSize: 1 });
    queue.putSync(1);
    const strike = start(queue, "drop");
    const task = how(() => queue.put(2, LIMIT));
    const thread = survivor.start("live", [queue, "put"]);
    await until(() => queue.waitingToPut === 2 && thread.state === "blocked");
    await strike();
    assertEquals([await task, await thread.join(LIMIT)], [SHUT, SHUT]);
    assertEquals([queue.closed, queue.waitingToPut], [true, 0]);
    assertEquals([queue.size, queue.unfinished], [0, 0]);
  });
}

/** What a thread does with large items until it is killed. */
const WORK: Readonly<Record<string, (queue: Queue, next: Next) => Thread>> = {
  "puts large items": (queue, next) =>
    bodies.start("putLarge", [queue, 2 ** 20 + next(2 ** 20), 1]),
  "gets large items": (queue) => bodies.start("getAll", [queue]),
  "passes on large items": (queue) => bodies.start("passOn", [queue]),
};

for (const Class of STRESS ? CLASSES : [Queue, PriorityQueue]) {
  for (const [what, work] of Object.entries(WORK)) {
    Deno.test(`${Class.name} is whole after a thread died that ${what}`, async () => {
      await withSeed(STRESS ? 30 : 1, async (seed) => {
        const next = random(seed);
        const queue = new Class<Uint8Array>();
        const puts = 8;
        for (let number = 1; number <= puts; number++) {
          queue.putSync(new Uint8Array(2 ** 19 * number).fill(number));
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
          assert(item.every((octet) => octet === item[0]), "an item is torn");
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
}
