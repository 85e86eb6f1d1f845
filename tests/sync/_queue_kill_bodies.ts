import { Line } from "../../sync/_line.ts";
import { registry } from "../../sync/_registry.ts";
import type { Event } from "../../sync/event.ts";
import type { Queue } from "../../sync/queue.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { perish, type Place, ready, STAGE } from "./_perish.ts";
import { howSync, LIMIT } from "./_queue_ways.ts";

export { STAGE };

/** What is waited for: an item, or room for one. */
export type Side = "get" | "put";

/** What the victim puts. */
export const VICTIM = 99;

/** How a victim waits. */
export type Way = "wait" | "waitAsync" | "giveUp" | "giveUpAsync";

/** Where a victim waits, and dies. */
export interface Fate {
  readonly queue: Queue;
  readonly side: Side;
  readonly way: Way;
  readonly place: Place;
  readonly stage: SharedValue;
}

/** Waits, and dies in all its waits. */
export async function die(fates: readonly Fate[]): Promise<void> {
  await perish(fates.map(({ queue, side, way, place, stage }) => ({
    place,
    stage,
    run() {
      const options = way.startsWith("giveUp") ? { timeoutMs: 2 } : {};
      const isAsync = way.endsWith("Async");
      if (side === "get") {
        return isAsync ? queue.get(options) : queue.getSync(options);
      }
      return isAsync
        ? queue.put(VICTIM, options)
        : queue.putSync(VICTIM, options);
    },
  })));
}

/** What others wait for. */
export type Deed = "put" | "get" | "taskDone" | "shutdown" | "drop";

/** Does what others wait for, and dies at all places, one for each queue. */
export function serve(
  queues: readonly Queue[],
  deed: Deed,
  places: readonly Place[],
  stage: SharedValue,
): void {
  ready(stage);
  const last = queues.length - 1;
  perish(queues.map((queue, index) => ({
    place: places[index]!,
    stage: index === last ? stage : new SharedValue("i32", 0),
    run() {
      if (deed === "put") queue.putSync(VICTIM);
      if (deed === "get") queue.getSync();
      if (deed === "taskDone") queue.taskDone();
      if (deed === "shutdown") queue.shutdown();
      if (deed === "drop") queue.shutdown({ immediate: true });
    },
  })));
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

/** Looks into one side of a queue for ever. */
export function look(words: Int32Array, looks: Event): void {
  new Line(words, registry()).look(() => {
    looks.set();
    for (;;) sleepSync(Infinity);
  });
}
