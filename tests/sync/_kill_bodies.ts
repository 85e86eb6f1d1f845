import { setTrap } from "../../sync/_trap.ts";
import { Barrier } from "../../sync/barrier.ts";
import type { Condition } from "../../sync/condition.ts";
import { Event } from "../../sync/event.ts";
import type { Lock } from "../../sync/lock.ts";
import type { RwLock } from "../../sync/rw_lock.ts";
import type { Semaphore } from "../../sync/semaphore.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { perish, type Place, ready, STAGE, stop } from "./_perish.ts";

export { STAGE };

/** What lets in one at a time. */
export type Gate = Lock | Semaphore;

/** Longest wait of those who live. */
const LIMIT = { timeoutMs: 10_000 };

/** How somebody has to do with a gate. */
export type Way = "wait" | "waitAsync" | "giveUp" | "giveUpAsync" | "release";

const WAYS: Readonly<Record<Way, (gate: Gate) => unknown>> = {
  wait: (gate) => gate.acquireSync(),
  waitAsync: (gate) => gate.acquire(),
  giveUp: (gate) => gate.acquireSync({ timeoutMs: 2 }),
  giveUpAsync: (gate) => gate.acquire({ timeoutMs: 2 }),
  release: (gate) => gate.release(),
};

/** What a victim does with a gate, and where it dies then. */
export interface Fate {
  readonly gate: Gate;
  readonly way: Way;
  readonly place: Place;
  readonly stage: SharedValue;
}

/** Dies at all its gates; it holds those that it is to release. */
export async function die(fates: readonly Fate[]): Promise<void> {
  const [first] = fates;
  if (first?.way === "release") {
    for (const { gate } of fates) gate.acquireSync();
    ready(first.stage);
  }
  await perish(fates.map(({ gate, way, place, stage }) => ({
    place,
    stage,
    run: () => WAYS[way](gate),
  })));
}

/** What lets many pass at once: an event, a barrier, the end of writing. */
export type Passage = Event | Barrier | RwLock;

/** Lets others pass, and dies at all places, one for each passage. */
export function letPass(
  passages: readonly Passage[],
  places: readonly Place[],
  stage: SharedValue,
): void {
  const acts = passages.map((passage) => {
    if (passage instanceof Event) return () => passage.set();
    if (passage instanceof Barrier) return () => passage.waitSync();
    const guard = passage.writeSync();
    return () => guard.release();
  });
  ready(stage);
  const last = acts.length - 1;
  perish(acts.map((run, index) => ({
    place: places[index]!,
    stage: index === last ? stage : new SharedValue("i32", 0),
    run,
  })));
}

/** Arrives at each barrier as the last, and never comes back from the actions. */
export function actForEver(
  barriers: readonly Barrier[],
  stage: SharedValue,
): void {
  const arrive = ([barrier, ...others]: readonly Barrier[]) => {
    if (barrier === undefined) stop(stage);
    const action = () => arrive(others);
    Barrier.attach(barrier.share(), { action }).waitSync();
  };
  ready(stage);
  arrive(barriers);
}

/** Waits to write while others read. */
export function startWriting(lock: RwLock, stage: SharedValue): void {
  ready(stage);
  lock.writeSync();
}

/** Reads for ever. */
export function read(lock: RwLock, stage: SharedValue): void {
  lock.readSync();
  ready(stage);
}

/** Notifies. */
export function notify(
  condition: Condition,
  n: number,
  place: Place,
  stage: SharedValue,
): void {
  condition.acquireSync();
  perish([{ place, stage, run: () => condition.notify(n) }]);
}

/** Blocks until notified. */
export function listen(
  condition: Condition,
  place: Place,
  stage: SharedValue,
): void {
  condition.acquireSync();
  perish([{ place, stage, run: () => condition.waitSync() }]);
}

/** Some tasks wait to be notified, but their thread never lets them know. */
export async function listenDeaf(
  condition: Condition,
  tasks: number,
  stage: SharedValue,
): Promise<void> {
  for (let task = 0; task < tasks; task++) {
    condition.acquireSync();
    condition.wait();
  }
  await Promise.resolve(); // the last of them gives the lock back
  stop(stage);
}

/** Notifies; the first to be notified has the others wait for a sign. */
export function notifySlowly(
  condition: Condition,
  n: number,
  stage: SharedValue,
): void {
  condition.acquireSync();
  setTrap((label) => {
    if (label !== "chosen") return;
    setTrap(undefined);
    ready(stage);
  });
  condition.notify(n);
  condition.release();
}

/** Blocks until notified, as those do who live. */
export function listenWell(condition: Condition): boolean {
  condition.acquireSync(LIMIT);
  condition.waitSync(LIMIT);
  const { ownerDied } = condition.lock;
  condition.release();
  return ownerDied;
}

/** Waits for an event, as those do who live. */
export function pass(event: Event): void {
  event.waitSync(LIMIT);
}

/** Arrives at a barrier, as those do who live. */
export function meet(barrier: Barrier): number {
  return barrier.waitSync(LIMIT);
}

/** Goes through the gate some times; nobody else may be inside. */
export function walk(
  gate: Gate,
  inside: SharedValue,
  come: Event,
  times: number,
): void {
  come.waitSync(LIMIT);
  for (let time = 0; time < times; time++) {
    using _held = gate.acquireSync(LIMIT);
    visit(inside);
  }
}

/** Writes once, reads once; nobody else may be inside. */
export function readAndWrite(lock: RwLock, inside: SharedValue): void {
  for (
    const enter of [() => lock.writeSync(LIMIT), () => lock.readSync(LIMIT)]
  ) {
    using _held = enter();
    visit(inside);
  }
}

/** Is inside, alone. */
export function visit(inside: SharedValue): void {
  if (inside.add(1) !== 0) throw new Error("somebody else is inside");
  sleepSync(1);
  if (inside.add(-1) !== 1) throw new Error("somebody else came inside");
}
