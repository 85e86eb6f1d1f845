import { assert, assertEquals } from "@std/assert";
import { Queue } from "../../sync/queue.ts";
import { Hands } from "./_hands.ts";
import type { Bidding } from "./_queue_bodies.ts";
import { drain, how, LIMIT } from "./_queue_ways.ts";
import { type Next, random, STRESS, withSeed } from "./_random.ts";

const bodies = new Hands<typeof import("./_queue_bodies.ts")>(
  import.meta.resolve("./_queue_bodies.ts"),
  2,
);

const ROUNDS = STRESS ? 5000 : 20;

function newBidding(): Bidding {
  return { bids: new Queue<number>(), ends: new Queue<number | string>() };
}

/** Limits of a thread that gives up, in milliseconds. */
function hastyLimits(next: Next): number[] {
  return Array.from({ length: ROUNDS }, () => 0.5 + next(150) / 100);
}

/** Computes for a while. */
function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

/** Lets some time pass: none, a microtask, a turn, a millisecond. */
async function drift(next: Next): Promise<void> {
  const steps = next(4);
  if (steps === 1) await Promise.resolve();
  if (steps > 1) await new Promise((resolve) => setTimeout(resolve, steps - 2));
}

/** Asserts that nothing is lost, and nothing is there twice. */
function assertOnce(items: readonly unknown[], count: number): void {
  assertEquals([items.length, new Set(items).size], [count, count]);
  for (const item of items) assert(typeof item === "number", `${item}`);
}

Deno.test("Queue.put() is not lost when the thread that it wakes gives up", async () => {
  await withSeed(1, async (seed) => {
    const next = random(seed);
    const queue = new Queue<number>();
    const [hasty, patient] = [newBidding(), newBidding()];
    const limits = hastyLimits(next);
    const long = limits.map(() => LIMIT.timeoutMs);
    const crew = [
      bodies.start("compete", [queue, "getSync", hasty, limits]),
      bodies.start("compete", [queue, "getSync", patient, long]),
    ];
    const got: unknown[] = [];
    let puts = 0;
    for (const limit of limits) {
      hasty.bids.putSync(0);
      while (queue.waitingToGet === 0 && hasty.ends.empty);
      patient.bids.putSync(0);
      const task = next(2) === 0 ? queue.get(LIMIT) : undefined;
      spin(limit * next(120) / 100);
      queue.putSync(++puts);
      if (task !== undefined) queue.putSync(++puts);
      const end = await hasty.ends.get(LIMIT);
      if (end !== "queue-empty") {
        got.push(end);
        queue.putSync(++puts);
      }
      if (task !== undefined) got.push(await task);
      got.push(await patient.ends.get(LIMIT));
      assertEquals([queue.size, queue.waitingToGet], [0, 0]);
    }
    for (const thread of crew) await thread.join(LIMIT);
    assertOnce(got, puts);
  });
});

Deno.test("Queue.get() is not lost when the thread that it wakes gives up", async () => {
  await withSeed(1, async (seed) => {
    const next = random(seed);
    const queue = new Queue<number>({ maxSize: 1 });
    const [hasty, patient] = [newBidding(), newBidding()];
    const limits = hastyLimits(next);
    const long = limits.map(() => LIMIT.timeoutMs);
    const crew = [
      bodies.start("compete", [queue, "putSync", hasty, limits]),
      bodies.start("compete", [queue, "putSync", patient, long]),
    ];
    const got: unknown[] = [];
    const put: unknown[] = [];
    let bid = 0;
    for (const limit of limits) {
      queue.putSync(++bid);
      put.push(bid);
      hasty.bids.putSync(++bid);
      while (queue.waitingToPut === 0 && hasty.ends.empty);
      patient.bids.putSync(++bid);
      const own = ++bid;
      const task = next(2) === 0 ? queue.put(own, LIMIT) : undefined;
      spin(limit * next(120) / 100);
      got.push(queue.getSync());
      if (task !== undefined) got.push(await queue.get(LIMIT));
      const end = await hasty.ends.get(LIMIT);
      if (end !== "queue-full") {
        put.push(end);
        got.push(await queue.get(LIMIT));
      }
      await task;
      if (task !== undefined) put.push(own);
      put.push(await patient.ends.get(LIMIT));
      got.push(queue.getSync({ timeoutMs: 0 }));
      assertEquals([queue.size, queue.waitingToPut], [0, 0]);
    }
    for (const thread of crew) await thread.join(LIMIT);
    assertOnce(got, put.length);
    assertEquals(new Set(got), new Set(put));
    assertEquals(queue.unfinished, put.length);
  });
});

Deno.test("Queue.put() is not lost when the task that it wakes is aborted", async () => {
  await withSeed(1, async (seed) => {
    const next = random(seed);
    const queue = new Queue<number>();
    const same = Queue.attach<number>(queue.share());
    const either = () => next(2) === 0 ? queue : same;
    for (let round = 0; round < 2 * ROUNDS; round++) {
      const controller = new AbortController();
      const { signal } = controller;
      const hasty = how(() => either().get({ signal }));
      const patient = either().get(LIMIT);
      const abort = () => controller.abort("gone");
      const put = () => either().putSync(round);
      const acts = next(2) === 0 ? [abort, put] : [put, abort];
      acts[0]!();
      await drift(next);
      acts[1]!();
      const end = await hasty;
      if (end !== "gone") queue.putSync(round + 0.5);
      const items = [await patient, ...end === "gone" ? [] : [end]];
      assertEquals(Math.min(...items as number[]), round);
      assertEquals([queue.size, queue.waitingToGet], [0, 0]);
    }
  });
});

Deno.test("Queue.get() is not lost when the task that it wakes is aborted", async () => {
  await withSeed(1, async (seed) => {
    const next = random(seed);
    const queue = new Queue<string>({ maxSize: 1 });
    const same = Queue.attach<string>(queue.share());
    const either = () => next(2) === 0 ? queue : same;
    for (let round = 0; round < 2 * ROUNDS; round++) {
      queue.putSync("there");
      const controller = new AbortController();
      const { signal } = controller;
      const hasty = how(() => either().put("hasty", { signal }));
      const patient = either().put("patient", LIMIT);
      const abort = () => controller.abort("gone");
      const get = () => assertEquals(either().getSync(), "there");
      const acts = next(2) === 0 ? [abort, get] : [get, abort];
      acts[0]!();
      await drift(next);
      acts[1]!();
      if (await hasty !== "gone") assertEquals(await queue.get(), "hasty");
      await patient;
      assertEquals(drain(queue), ["patient"]);
      assertEquals(queue.waitingToPut, 0);
    }
  });
});

Deno.test("Queue.put() is not lost when the task ahead of a thread is aborted", async () => {
  await withSeed(1, async (seed) => {
    const next = random(seed);
    const queue = new Queue<number>();
    const patient = newBidding();
    const long = Array.from({ length: ROUNDS }, () => LIMIT.timeoutMs);
    const thread = bodies.start("compete", [queue, "getSync", patient, long]);
    for (let round = 0; round < ROUNDS; round++) {
      const controller = new AbortController();
      const { signal } = controller;
      const task = how(() => queue.get({ signal }));
      patient.bids.putSync(0);
      spin(next(30) / 100);
      const abort = () => controller.abort("gone");
      const put = () => queue.putSync(round);
      const acts = next(2) === 0 ? [abort, put] : [put, abort];
      acts[0]!();
      await drift(next);
      acts[1]!();
      const end = await task;
      if (end !== "gone") {
        assertEquals(end, round);
        queue.putSync(round);
      }
      assertEquals(await patient.ends.get(LIMIT), round);
      assertEquals([queue.size, queue.waitingToGet], [0, 0]);
    }
    await thread.join(LIMIT);
  });
});
