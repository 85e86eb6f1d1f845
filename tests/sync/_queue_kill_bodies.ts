import { Line } from "../../sync/_line.ts";
import { registry } from "../../sync/_registry.ts";
import { type Label, setTrap } from "../../sync/_trap.ts";
import type { Event } from "../../sync/event.ts";
import type { Queue } from "../../sync/queue.ts";
import type { SharedValue } from "../../sync/shared_value.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { STAGE } from "./_kill_bodies.ts";
import { howSync, LIMIT } from "./_queue_ways.ts";

export { STAGE };

/** Where a thread is to die: the nth time that it comes to a label. */
export interface Place {
  readonly label: Label;
  readonly nth: number;
}

/** What is waited for: an item, or room for one. */
export type Side = "get" | "put";

/** What the victim puts. */
export const VICTIM = 99;

/** Blocks until there is an item, or room. */
export function wait(
  queue: Queue,
  side: Side,
  place: Place,
  stage: SharedValue,
): void {
  stopAt(place, stage);
  if (side === "get") queue.getSync();
  else queue.putSync(VICTIM);
}

/** As a task, waits for an item, or room. */
export async function waitAsync(
  queue: Queue,
  side: Side,
  place: Place,
  stage: SharedValue,
): Promise<void> {
  stopAt(place, stage);
  if (side === "get") await queue.get();
  else await queue.put(VICTIM);
}

/** Blocks, but not for long. */
export function giveUp(
  queue: Queue,
  side: Side,
  place: Place,
  stage: SharedValue,
): void {
  stopAt(place, stage);
  if (side === "get") queue.getSync({ timeoutMs: 2 });
  else queue.putSync(VICTIM, { timeoutMs: 2 });
}

/** As a task, waits, but not for long. */
export async function giveUpAsync(
  queue: Queue,
  side: Side,
  place: Place,
  stage: SharedValue,
): Promise<void> {
  stopAt(place, stage);
  if (side === "get") await queue.get({ timeoutMs: 2 });
  else await queue.put(VICTIM, { timeoutMs: 2 });
}

/** What others wait for. */
export type Deed = "put" | "get" | "taskDone" | "shutdown" | "drop";

/** Does what others wait for. */
export function serve(
  queue: Queue,
  deed: Deed,
  place: Place,
  stage: SharedValue,
): void {
  stage.set(STAGE.READY);
  while (stage.get() !== STAGE.GO) sleepSync(1);
  stopAt(place, stage);
  if (deed === "put") queue.putSync(VICTIM);
  if (deed === "get") queue.getSync();
  if (deed === "taskDone") queue.taskDone();
  if (deed === "shutdown") queue.shutdown();
  if (deed === "drop") queue.shutdown({ immediate: true });
}

/** Waits as those do who live; says how that ended. */
export function live(queue: Queue, side: Side | "join"): unknown {
  return howSync(() => {
    if (side === "get") return queue.getSync(LIMIT);
    if (side === "put") return queue.putSync(2, LIMIT);
    return queue.joinSync(LIMIT);
  });
}

/** Puts large items, each full of its own number. */
export function putLarge(queue: Queue, octets: number, from: number): void {
  for (let number = from;; number++) {
    queue.putSync(new Uint8Array(octets).fill(number));
  }
}

/** Gets items for ever, and drops them. */
export function getAll(queue: Queue): void {
  for (;;) queue.getSync();
}

/** Puts and gets items that hold what lives in shared memory, for ever. */
export function passOn(queue: Queue): void {
  for (;;) queue.putSync(queue.getSync());
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

/** Looks into one side of a queue for ever. */
export function look(words: Int32Array, looks: Event): void {
  new Line(words, registry()).look(() => {
    looks.set();
    for (;;) sleepSync(Infinity);
  });
}
