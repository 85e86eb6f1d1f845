/**
 * Waiting for a change of something that a lock protects: one thread counts to
 * five and waits until the other has counted, then goes on; and two threads of a
 * bakery take turns, strictly, at a counter with room for one bun.
 *
 *     deno run --allow-read examples/sync_condition.ts
 */
import {
  Condition,
  SharedValue,
  sleep,
  threads,
} from "@lockstep/lockstep/sync";

/** Counts to five, waits, and goes on to ten. */
export function countAndWait(condition: Condition): void {
  using _held = condition.acquireSync();
  for (let n = 1; n <= 5; n++) console.log("first:", n);
  condition.waitSync(); // gives the lock back meanwhile
  for (let n = 6; n <= 10; n++) console.log("first:", n);
}

/** Counts to five, and wakes the other. */
export function countAndNotify(condition: Condition): void {
  using _held = condition.acquireSync();
  for (let n = 1; n <= 5; n++) console.log("second:", n);
  condition.notify(); // it goes on when we have given the lock back
}

/** Puts buns on the counter, when it is empty. */
export function bake(condition: Condition, counter: SharedValue): void {
  for (let bun = 1; bun <= 5; bun++) {
    condition.withLockSync(() => {
      condition.waitForSync(() => counter.get() === 0);
      console.log("baked bun", bun);
      counter.set(bun);
      condition.notify();
    });
  }
}

/** Takes buns from the counter, when there is one. */
export function sell(condition: Condition, counter: SharedValue): void {
  for (let sold = 0; sold < 5; sold++) {
    condition.withLockSync(() => {
      condition.waitForSync(() => counter.get() !== 0);
      console.log("sold bun", counter.get());
      counter.set(0);
      condition.notify();
    });
  }
}

if (import.meta.main) {
  const here = threads<typeof import("./sync_condition.ts")>(import.meta.url);
  const condition = new Condition();

  const first = here.start("countAndWait", [condition]);
  while (condition.waiting === 0) await sleep(1); // else the notify is lost
  const second = here.start("countAndNotify", [condition]);
  await Promise.all([first.join(), second.join()]);

  const counter = new SharedValue("i32", 0);
  const seller = here.start("sell", [condition, counter]);
  const baker = here.start("bake", [condition, counter]);
  await Promise.all([seller.join(), baker.join()]);
}
