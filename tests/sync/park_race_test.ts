import { assertEquals } from "@std/assert";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { Hands } from "./_hands.ts";
import type { Bidder } from "./_park_bodies.ts";
import { type Next, random, STRESS, withSeed } from "./_random.ts";
import { until } from "./_until.ts";

const hands = new Hands<typeof import("./_park_bodies.ts")>(
  import.meta.resolve("./_park_bodies.ts"),
  2,
);

const LIMIT = { timeoutMs: 10_000 };
const ROUNDS = STRESS ? 5_000 : 20;

function newBidder(): Bidder {
  return {
    bids: new Semaphore(0),
    done: new Semaphore(0),
    got: new SharedValue("i32", 0),
  };
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

Deno.test("Semaphore.release() is not lost when the thread that it wakes gives up", async () => {
  await withSeed(1, async (seed) => {
    const next = random(seed);
    const permits = new Semaphore(0);
    const hasty = newBidder();
    const patient = newBidder();
    const limits = Array.from({ length: ROUNDS }, () => 0.5 + next(150) / 100);
    const long = Array.from({ length: ROUNDS }, () => LIMIT.timeoutMs);
    const competitors = [
      hands.start("compete", [permits, hasty, limits]),
      hands.start("compete", [permits, patient, long]),
    ];
    for (const limit of limits) {
      const before = hasty.got.get();
      hasty.bids.release();
      while (permits.waiting === 0 && hasty.done.value === 0);
      patient.bids.release();
      const task = next(2) === 0 ? permits.acquire(LIMIT) : undefined;
      spin(limit * next(120) / 100);
      permits.release();
      if (task !== undefined) permits.release();
      await hasty.done.acquire(LIMIT);
      if (hasty.got.get() > before) permits.release();
      await task;
      await patient.done.acquire(LIMIT);
      assertEquals([permits.value, permits.waiting], [0, 0]);
    }
    for (const thread of competitors) await thread.join(LIMIT);
    assertEquals(patient.got.get(), ROUNDS);
  });
});

Deno.test("Lock.release() is not lost when the task that it wakes is aborted", async () => {
  await withSeed(1, async (seed) => {
    const next = random(seed);
    const lock = new Lock();
    const same = Lock.attach(lock.share());
    for (let round = 0; round < 4 * ROUNDS; round++) {
      lock.acquireSync(LIMIT);
      const controller = new AbortController();
      const { signal } = controller;
      const hasty = (next(2) === 0 ? lock : same).acquire({ signal })
        .catch((reason) => assertEquals(reason, "gone"));
      const patient = (next(2) === 0 ? lock : same).acquire(LIMIT);
      const abort = () => controller.abort("gone");
      const release = () => lock.release();
      const acts = next(2) === 0 ? [abort, release] : [release, abort];
      acts[0]!();
      await drift(next);
      acts[1]!();
      (await hasty)?.release();
      (await patient).release();
      assertEquals([lock.locked, lock.waiting], [false, 0]);
    }
  });
});

Deno.test("Semaphore.release() is not lost when the task ahead of a thread is aborted", async () => {
  await withSeed(1, async (seed) => {
    const next = random(seed);
    const permits = new Semaphore(0);
    const patient = newBidder();
    const long = Array.from({ length: ROUNDS }, () => LIMIT.timeoutMs);
    const competitor = hands.start("compete", [permits, patient, long]);
    for (let round = 0; round < ROUNDS; round++) {
      const controller = new AbortController();
      const { signal } = controller;
      const task = permits.acquire({ signal }).then(() => 1, () => 0);
      patient.bids.release();
      spin(next(30) / 100);
      const abort = () => controller.abort("gone");
      const release = () => permits.release();
      const acts = next(2) === 0 ? [abort, release] : [release, abort];
      acts[0]!();
      await drift(next);
      acts[1]!();
      if (await task === 1) permits.release();
      await patient.done.acquire(LIMIT);
      assertEquals([permits.value, permits.waiting], [0, 0]);
    }
    await competitor.join(LIMIT);
  });
});

Deno.test("Lock.release() is not lost on a slow thread behind a busy one", async () => {
  await withSeed(1, async (seed) => {
    const next = random(seed);
    const times = STRESS ? 500 : 8;
    const lock = new Lock();
    const asked = new Event();
    const done = new Event();
    const count = new SharedValue("i32", 0);
    lock.acquireSync(LIMIT);
    const busy = hands.start("busy", [lock, asked, done]);
    await asked.wait(LIMIT);
    const slow = hands.start("enterSlowly", [lock, times, count]);
    for (let time = 0; time < times; time++) {
      await until(() => lock.waiting === 2 && slow.state === "blocked");
      sleepSync(next(160) / 10);
      lock.release();
      await until(() => count.get() > time);
      lock.acquireSync(LIMIT);
    }
    lock.release();
    await slow.join(LIMIT);
    done.set();
    await busy.join(LIMIT);
    assertEquals([lock.locked, lock.waiting], [false, 0]);
  });
});

Deno.test("Lock.release() is not lost on a task behind a busy one when a thread gives up", async () => {
  await withSeed(1, async (seed) => {
    const next = random(seed);
    const times = STRESS ? 500 : 8;
    const lock = new Lock();
    const asked = new Event();
    const done = new Event();
    const left = new SharedValue("i32", 0);
    const may = new SharedValue("i32", 0);
    lock.acquireSync(LIMIT);
    const busy = hands.start("busy", [lock, asked, done]);
    await asked.wait(LIMIT);
    const leaver = hands.start("leaveSlowly", [lock, times, left, may]);
    for (let time = 1; time <= times; time++) {
      const task = lock.acquire(LIMIT);
      await until(() => left.get() === time);
      sleepSync(next(160) / 10);
      lock.release(); // for the one who is about to leave
      await drift(next);
      may.set(time);
      await task;
    }
    lock.release();
    await leaver.join(LIMIT);
    done.set();
    await busy.join(LIMIT);
    assertEquals([lock.locked, lock.waiting], [false, 0]);
  });
});
