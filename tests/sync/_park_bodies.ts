import { setTrap } from "../../sync/_trap.ts";
import type { Barrier } from "../../sync/barrier.ts";
import type { Event } from "../../sync/event.ts";
import type { Lock } from "../../sync/lock.ts";
import type { RwLock } from "../../sync/rw_lock.ts";
import type { Semaphore } from "../../sync/semaphore.ts";
import type { SharedValue } from "../../sync/shared_value.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { isTimeout } from "../../sync/wait_options.ts";

/** Longest wait of everybody. */
const LIMIT = { timeoutMs: 10_000 };

/** How to deal with a thread that competes for permits. */
export interface Bidder {
  readonly bids: Semaphore;
  readonly done: Semaphore;
  readonly got: SharedValue;
}

/** Gets in and out, blocking. */
export function enter(gate: Lock | Semaphore): void {
  gate.acquireSync(LIMIT).release();
}

/** Waits for an event. */
export function pass(event: Event): void {
  event.waitSync(LIMIT);
}

/** Arrives at a barrier. */
export function meet(barrier: Barrier): number {
  return barrier.waitSync(LIMIT);
}

/** Holds a lock until so many wait for it. */
export function holdUntil(lock: Lock, held: Event, waiting: number): void {
  lock.acquireSync(LIMIT);
  held.set();
  while (lock.waiting < waiting) sleepSync(1);
  lock.release();
}

/** As a task, waits for a lock; its thread is busy until `done` is set. */
export async function busy(
  lock: Lock,
  asked: Event,
  done: Event,
): Promise<void> {
  const held = lock.acquire(LIMIT);
  asked.set();
  while (!done.isSet);
  (await held).release();
}

/**
 * Holds a lock until another thread has waited long for it, and tries to have it
 * again before that one is woken.
 *
 * @returns Whether it had it.
 */
export function overtake(lock: Lock, held: Event): boolean {
  lock.acquireSync(LIMIT);
  held.set();
  while (lock.waiting === 0) sleepSync(1);
  sleepSync(5); // more than anybody's patience
  let had = false;
  setTrap((label) => {
    if (label === "released") had = lock.tryAcquire() !== undefined;
  });
  lock.release();
  return had;
}

/** Reads until the others read, too. */
export function readTogether(lock: RwLock, others: Barrier): void {
  using _read = lock.readSync(LIMIT);
  others.waitSync(LIMIT);
}

/**
 * Gets in and out some times; it loses its core for a while whenever it is
 * refused.
 */
export function enterSlowly(
  lock: Lock,
  times: number,
  count: SharedValue,
): void {
  setTrap((label) => {
    if (label === "refused") sleepSync(3);
  });
  for (let time = 0; time < times; time++) {
    while (!lock.locked);
    lock.withLockSync(() => {}, LIMIT);
    count.add(1);
  }
}

/** Gives up at once some times; each time it leaves only when it may. */
export function leaveSlowly(
  lock: Lock,
  times: number,
  left: SharedValue,
  may: SharedValue,
): void {
  let time = 0;
  setTrap((label) => {
    if (label !== "cancelled") return;
    left.set(++time);
    while (may.get() < time);
  });
  while (time < times) {
    while (!lock.locked);
    try {
      lock.acquireSync({ timeoutMs: 3 });
    } catch (error) {
      if (!isTimeout(error)) throw error;
    }
  }
}

/** Takes and gives back a lock, over and over, as fast as it can. */
export function hog(lock: Lock, done: Event): number {
  let times = 0;
  for (; !done.isSet; times++) lock.withLockSync(() => {}, LIMIT);
  return times;
}

/**
 * At each bid waits for a permit, for so many milliseconds.
 *
 * @param got Counts how often it got one.
 */
export function compete(
  permits: Semaphore,
  { bids, done, got }: Bidder,
  limits: readonly number[],
): void {
  for (const timeoutMs of limits) {
    bids.acquireSync(LIMIT);
    try {
      permits.acquireSync({ timeoutMs });
      got.add(1);
    } catch (error) {
      if (!isTimeout(error)) throw error;
    }
    done.release();
  }
}
