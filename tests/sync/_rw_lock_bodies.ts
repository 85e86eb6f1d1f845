import type { Event } from "../../sync/event.ts";
import type { Guard } from "../../sync/guard.ts";
import type { RwLock } from "../../sync/rw_lock.ts";
import type { SharedArray } from "../../sync/shared_array.ts";
import type { SharedValue } from "../../sync/shared_value.ts";
import { Thread } from "../../sync/thread.ts";

Thread.onUncaught = () => {}; // one body throws on purpose

/** So that a test that fails does not hang. */
const LIMIT = { timeoutMs: 10_000 };

/** How to read or write. */
export type Way = "read" | "write" | "readSync" | "writeSync";

/** Reads or writes until told. */
export async function hold(
  lock: RwLock,
  how: Way,
  held: Event,
  leave: Event,
): Promise<void> {
  using _guard = await lock[how](LIMIT);
  held.set();
  if (how.endsWith("Sync")) leave.waitSync(LIMIT);
  else await leave.wait(LIMIT);
}

/** Reads or writes once, and notes that it did. */
export async function enter(
  lock: RwLock,
  how: Way,
  log: SharedArray,
  me: number,
): Promise<void> {
  using _guard = await lock[how](LIMIT);
  log.set(log.add(0, 1) + 1, me);
}

/** Reads or writes locks, each in its way, for ever. */
export async function holdAll(
  locks: readonly RwLock[],
  ways: readonly Way[],
  held: Event,
): Promise<void> {
  for (const [index, lock] of locks.entries()) await lock[ways[index]!](LIMIT);
  held.set();
  await new Promise<never>(() => {});
}

/** Waits for one lock as a task, and blocks to wait for another. */
export function enterTwo(
  inTask: RwLock,
  blocking: RwLock,
  what: "read" | "write",
): void {
  inTask[what](LIMIT);
  blocking[`${what}Sync`](LIMIT);
}

/** Tries to read or write for some time; answers the name of the error. */
export async function giveUp(
  lock: RwLock,
  how: Way,
  timeoutMs: number,
): Promise<string> {
  try {
    (await lock[how]({ timeoutMs })).release();
    return "";
  } catch (error) {
    return (error as Error).name;
  }
}

/** Reads without a pause until told; answers how often. */
export function readUntil(lock: RwLock, over: Event): number {
  for (let times = 1;; times++) {
    using _guard = lock.readSync(LIMIT);
    if (over.isSet) return times;
  }
}

/** Dies in the middle of it. */
export async function throwWhile(lock: RwLock, how: Way): Promise<void> {
  const _guard: Guard = await lock[how](LIMIT);
  throw new Error("it died");
}

/** Reads one lock, writes another, and ends in the middle of it, in peace. */
export function returnWhile(read: RwLock, written: RwLock): void {
  read.readSync(LIMIT);
  written.writeSync(LIMIT);
}

/**
 * Reads, and each fourth time writes: the two numbers are equal but while
 * somebody writes.
 *
 * @returns How often they were not.
 */
export function stress(
  lock: RwLock,
  left: SharedValue,
  right: SharedValue,
  rounds: number,
): number {
  let wrong = 0;
  for (let round = 0; round < rounds; round++) {
    if (round % 4 > 0) {
      using _guard = lock.readSync(LIMIT);
      if (left.get() !== right.get()) wrong++;
    } else {
      using _guard = lock.writeSync(LIMIT);
      left.set(left.get() + 1);
      right.set(right.get() + 1);
    }
  }
  return wrong;
}

/** As `stress`, but does not block. */
export async function stressInTask(
  lock: RwLock,
  left: SharedValue,
  right: SharedValue,
  rounds: number,
): Promise<number> {
  let wrong = 0;
  for (let round = 0; round < rounds; round++) {
    if (round % 4 > 0) {
      using _guard = await lock.read(LIMIT);
      if (left.get() !== right.get()) wrong++;
    } else {
      using _guard = await lock.write(LIMIT);
      left.set(left.get() + 1);
      await undefined; // others of this thread may run
      right.set(right.get() + 1);
    }
  }
  return wrong;
}
