import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { Queue } from "../../sync/queue.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { LIMIT } from "./_queue_ways.ts";

/** What goes through a queue, and lives in shared memory. */
export interface Kit {
  readonly lock: Lock;
  readonly event: Event;
  readonly count: SharedValue;
  readonly answers: Queue<number>;
  readonly deep: Map<string, [SharedArray]>;
}

export function newKit(): Kit {
  return {
    lock: new Lock(),
    event: new Event(),
    count: new SharedValue("i32", 0),
    answers: new Queue<number>({ maxSize: 3 }),
    deep: new Map([["array", [new SharedArray("i32", 2)]]]),
  };
}

/** Uses a kit, so that whoever has the same one sees it. */
export function use({ lock, event, count, answers, deep }: Kit): void {
  lock.withLockSync(() => count.add(1), LIMIT);
  deep.get("array")![0].add(1, 5);
  answers.putSync(count.get(), LIMIT);
  event.set();
}

/** Gets kits from a queue, blocking, and uses them. */
export function useAll(from: Queue<Kit>, times: number): void {
  for (let time = 0; time < times; time++) use(from.getSync(LIMIT));
}

/** As {@linkcode useAll}, without blocking. */
export async function useAllAsync(
  from: Queue<Kit>,
  times: number,
): Promise<void> {
  for (let time = 0; time < times; time++) use(await from.get(LIMIT));
}

/** Makes kits whose lock is held and puts them, in a while; then ends. */
export function makeKits(to: Queue<Kit>, times: number): void {
  for (let time = 0; time < times; time++) {
    sleepSync(2);
    const kit = newKit();
    kit.count.set(time);
    kit.lock.acquireSync();
    to.putSync(kit, LIMIT);
  }
}

/** As {@linkcode makeKits}; blocks for ever then. */
export function makeKitsAndBlock(to: Queue<Kit>, times: number): void {
  makeKits(to, times);
  new Event().waitSync();
}

/** Answers what it gets with the very same thing. */
export async function echo(
  from: Queue<Kit>,
  to: Queue<Kit>,
  times: number,
): Promise<void> {
  for (let time = 0; time < times; time++) {
    if (time % 2 === 0) to.putSync(from.getSync(LIMIT), LIMIT);
    else await to.put(await from.get(LIMIT), LIMIT);
  }
}

/** Adds to a number in shared memory as it comes. */
export function addTo(from: Queue<Int32Array>, times: number): void {
  for (let time = 0; time < times; time++) {
    Atomics.add(from.getSync(LIMIT), 1, 7);
  }
}
