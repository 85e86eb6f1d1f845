import process from "node:process";
import { setTrap } from "../../sync/_trap.ts";
import type { Event } from "../../sync/event.ts";
import type { Lock } from "../../sync/lock.ts";
import type { RLock } from "../../sync/rlock.ts";
import type { Semaphore } from "../../sync/semaphore.ts";
import { sleep, sleepSync } from "../../sync/sleep.ts";
import { joinAll, spawn } from "../../sync/task.ts";
import { Thread } from "../../sync/thread.ts";
import { LIMIT } from "./_doors.ts";
import { until } from "./_until.ts";

Thread.onUncaught = () => {}; // what is thrown here is meant

/** How a thread dies; one that spins or blocks has to be terminated. */
export type Death = "throw" | "reject" | "stray" | "exit" | "spin" | "block";

/** Acquires locks, blocking, and dies when told. */
export function acquireAndDie(
  locks: readonly (Lock | RLock | Semaphore)[],
  death: Death,
  inside: Event,
  go: Event,
): Promise<void> {
  for (const lock of locks) lock.acquireSync(LIMIT);
  inside.set();
  go.waitSync(LIMIT);
  return die(death);
}

/**
 * Acquires some locks, blocking, and others as a task, twice if it can; the task
 * dies when told.
 */
export async function acquireBothWaysAndDie(
  own: readonly (Lock | RLock)[],
  ofTask: readonly (Lock | RLock)[],
  death: Death,
  inside: Event,
  go: Event,
): Promise<void> {
  for (const lock of own) lock.acquireSync(LIMIT);
  await spawn(async () => {
    for (const lock of ofTask) {
      await lock.acquire(LIMIT);
      if ("count" in lock) await lock.acquire(LIMIT);
    }
    inside.set();
    await go.wait(LIMIT);
    await die(death);
  }).join();
}

/** Acquires locks, and returns. */
export function acquireAndReturn(locks: readonly (Lock | RLock)[]): void {
  for (const lock of locks) lock.acquireSync(LIMIT);
}

/** Acquires a lock, and is cut off just as it says that it is gone. */
export function acquireAndVanish(lock: Lock, death: "throw" | "exit"): void {
  lock.acquireSync(LIMIT);
  setTrap((label) => {
    if (label === "gone") process.exit(0);
  });
  die(death);
}

function die(death: Death): Promise<void> {
  switch (death) {
    case "throw":
      throw new Error("meant");
    case "reject":
      return Promise.reject(new Error("meant"));
    case "stray":
      setTimeout(() => {
        throw new Error("meant");
      }, 0);
      return sleep(20_000);
    case "exit":
      return Deno.exit(0);
    case "spin":
      for (const end = Date.now() + 20_000; Date.now() < end;);
      break;
    case "block":
      sleepSync(20_000);
  }
  throw new Error("Still alive");
}

/** What somebody finds who got a lock. */
export interface Found {
  readonly ownerDied: boolean;
  readonly count: number;
}

/** Acquires a lock, looks, and releases it. */
export function look(lock: Lock | RLock): Found {
  using _held = lock.acquireSync(LIMIT);
  return found(lock);
}

/** As `look`, in a task for each of several locks. */
export function lookInTasks(
  locks: readonly (Lock | RLock)[],
): Promise<Found[]> {
  const look = async (lock: Lock | RLock) => {
    using _held = await lock.acquire(LIMIT);
    return found(lock);
  };
  return joinAll(locks.map((lock) => spawn(look, lock)));
}

function found(lock: Lock | RLock): Found {
  return {
    ownerDied: lock.ownerDied,
    count: "count" in lock ? lock.count : 1,
  };
}

/** Waits, with a task for each lock, and blocks the thread then. */
export async function queueUp(locks: readonly (Lock | RLock)[]): Promise<void> {
  for (const lock of locks) spawn(() => lock.acquire());
  await until(() => locks.every((lock) => lock.waiting === 1));
  await die("block");
}
