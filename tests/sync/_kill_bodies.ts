import { type Label, setTrap } from "../../sync/_trap.ts";
import { Barrier } from "../../sync/barrier.ts";
import type { Condition } from "../../sync/condition.ts";
import type { Event } from "../../sync/event.ts";
import type { Lock } from "../../sync/lock.ts";
import type { RwLock } from "../../sync/rw_lock.ts";
import type { Semaphore } from "../../sync/semaphore.ts";
import type { SharedValue } from "../../sync/shared_value.ts";
import { sleepSync } from "../../sync/sleep.ts";

/** What lets in one at a time. */
export type Gate = Lock | Semaphore;

/** Where a thread is to die: the nth time that it comes to a label. */
export interface Place {
  readonly label: Label;
  readonly nth: number;
}

/** How far a victim is; it goes from READY to GO by the test. */
export const STAGE = { READY: 1, GO: 2, STUCK: 3 } as const;

/** Longest wait of those who live. */
const LIMIT = { timeoutMs: 10_000 };

/** Blocks until the gate is open. */
export function wait(gate: Gate, place: Place, stage: SharedValue): void {
  stopAt(place, stage);
  gate.acquireSync();
}

/** As a task, waits until the gate is open. */
export async function waitAsync(
  gate: Gate,
  place: Place,
  stage: SharedValue,
): Promise<void> {
  stopAt(place, stage);
  await gate.acquire();
}

/** Blocks, but not for long. */
export function giveUp(gate: Gate, place: Place, stage: SharedValue): void {
  stopAt(place, stage);
  gate.acquireSync({ timeoutMs: 2 });
}

/** As a task, waits, but not for long. */
export async function giveUpAsync(
  gate: Gate,
  place: Place,
  stage: SharedValue,
): Promise<void> {
  stopAt(place, stage);
  await gate.acquire({ timeoutMs: 2 });
}

/** Opens the gate, which it has closed before. */
export function release(gate: Gate, place: Place, stage: SharedValue): void {
  gate.acquireSync();
  ready(stage);
  stopAt(place, stage);
  gate.release();
}

/** Sets an event. */
export function set(event: Event, place: Place, stage: SharedValue): void {
  ready(stage);
  stopAt(place, stage);
  event.set();
}

/** Arrives at a barrier. */
export function arrive(
  barrier: Barrier,
  place: Place,
  stage: SharedValue,
): void {
  ready(stage);
  stopAt(place, stage);
  barrier.waitSync();
}

/** Arrives at a barrier as the last, and never comes back from the action. */
export function actForEver(barrier: Barrier, stage: SharedValue): void {
  ready(stage);
  const action = () => stop(stage);
  Barrier.attach(barrier.share(), { action }).waitSync();
}

/** Ends writing. */
export function endWriting(
  lock: RwLock,
  place: Place,
  stage: SharedValue,
): void {
  const guard = lock.writeSync();
  ready(stage);
  stopAt(place, stage);
  guard.release();
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
  stopAt(place, stage);
  condition.notify(n);
}

/** Blocks until notified. */
export function listen(
  condition: Condition,
  place: Place,
  stage: SharedValue,
): void {
  condition.acquireSync();
  stopAt(place, stage);
  condition.waitSync();
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

/** Waits for the sign to go on. */
function ready(stage: SharedValue): void {
  stage.set(STAGE.READY);
  while (stage.get() !== STAGE.GO) sleepSync(1);
}

function stopAt({ label, nth }: Place, stage: SharedValue): void {
  let left = nth;
  setTrap((at) => {
    if (at === label && --left === 0) stop(stage);
  });
}

/** Nothing of this thread runs after that. */
function stop(stage: SharedValue): never {
  setTrap(undefined);
  stage.set(STAGE.STUCK);
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
