import type { BoundedSemaphore } from "../../sync/bounded_semaphore.ts";
import type { Lock } from "../../sync/lock.ts";
import type { RLock } from "../../sync/rlock.ts";
import type { Semaphore } from "../../sync/semaphore.ts";
import type { Event } from "../../sync/event.ts";
import type { SharedArray } from "../../sync/shared_array.ts";
import type { SharedValue } from "../../sync/shared_value.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { doorOf, LIMIT, type Primitive } from "./_doors.ts";

/** Gets in, and writes down that it did. */
export function enter(
  primitive: Primitive,
  log?: SharedArray,
  me = 1,
): void {
  doorOf(primitive).enterSync(() => log && record(log, me), LIMIT);
}

/** Writes down a number; the first one is how many there are. */
export function record(log: SharedArray, entry: number): void {
  log.set(log.add(0, 1) + 1, entry);
}

/** What was written down. */
export function recorded(log: SharedArray): number[] {
  return [...log].slice(1, log.get(0) + 1);
}

/** Tries to get in again and again; says how each attempt ended. */
export function enterWithin(
  primitive: Primitive,
  limits: readonly number[],
): string[] {
  return limits.map((timeoutMs) => {
    try {
      return doorOf(primitive).enterSync(() => "entered", { timeoutMs });
    } catch (error) {
      return (error as Error).name;
    }
  });
}

/** Gets in, and says so. */
export function enterAndSay(primitive: Primitive, said: Event): void {
  doorOf(primitive).enterSync(() => said.set(), LIMIT);
}

/** Lets nobody in until told; may stay then, as its end would wake everybody. */
export function closeUntil(
  primitive: Primitive,
  closed: Event,
  go: Event,
  leave?: Event,
): void {
  const open = doorOf(primitive).closeSync();
  closed.set();
  go.waitSync(LIMIT);
  open();
  leave?.waitSync(LIMIT);
}

/** Lets nobody in until somebody wants to. */
export function closeUntilAwaited(primitive: Primitive, closed: Event) {
  const door = doorOf(primitive);
  const open = door.closeSync();
  closed.set();
  for (let ms = 0; ms < LIMIT.timeoutMs && door.waiting === 0; ms++) {
    sleepSync(1);
  }
  open();
}

/** Adds to a number, in two steps that must not be interrupted. */
export function addOften(
  primitive: Primitive,
  total: SharedValue,
  times: number,
): void {
  const door = doorOf(primitive);
  const add = () => total.set(total.get() + 1);
  for (let time = 0; time < times; time++) door.enterSync(add, LIMIT);
}

/** Acquires it, and returns. */
export function takeAndReturn(lock: Lock | RLock): void {
  lock.acquireSync(LIMIT);
}

/** Releases what it may not have acquired; says what is thrown. */
export function release(
  lock: Lock | RLock | Semaphore | BoundedSemaphore,
): string {
  try {
    lock.release();
    return "released";
  } catch (error) {
    return (error as Error).name;
  }
}

/** Takes permits, one after the other, and counts them. */
export function takeAll(
  seats: Semaphore | BoundedSemaphore,
  times: number,
  taken: SharedArray,
): void {
  for (let time = 0; time < times; time++) {
    seats.acquireSync(LIMIT);
    taken.add(0, 1);
  }
}

/** Sits down again and again; keeps how many sit, and how many did at most. */
export function visit(
  seats: Semaphore,
  seen: SharedArray,
  times: number,
): void {
  for (let time = 0; time < times; time++) {
    using _seat = seats.acquireSync(LIMIT);
    const now = seen.add(0, 1) + 1;
    for (let most = seen.get(1); now > most;) {
      most = seen.compareExchange(1, { expected: most, replacement: now });
    }
    seen.add(0, -1);
  }
}

/** Waits for an event and clears it, again and again, and counts. */
export function waitAndClear(
  event: Event,
  times: number,
  passed: SharedArray,
): void {
  for (let time = 0; time < times; time++) {
    event.waitSync(LIMIT);
    event.clear();
    passed.add(0, 1);
  }
}

/** Waits for an event again and again, and counts. */
export function waitOften(
  event: Event,
  times: number,
  passed: SharedArray,
): void {
  for (let time = 0; time < times; time++) {
    event.waitSync(LIMIT);
    passed.add(0, 1);
  }
}

/** Sets an event and clears it at once, when enough wait for it. */
export function setAndClear(event: Event, waiting: number): void {
  while (event.waiting < waiting) sleepSync(1);
  event.set();
  event.clear();
}
