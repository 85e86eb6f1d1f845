import type { Queue } from "../../sync/queue.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { Thread } from "../../sync/thread.ts";
import { MAX_MEMBERS } from "./_crew.ts";
import { begin, type Plan } from "./_plan.ts";
import { HANDS, type Item, Worker } from "./_queue_worker.ts";
import { random } from "./_random.ts";

export * from "./_stress_bodies.ts";

Thread.onUncaught = () => {}; // whoever joins it has it

/** Puts and gets, over and over, in random ways. */
export async function work(
  queue: Queue<Item>,
  board: Int32Array,
  ledger: Int32Array,
  plan: Plan,
): Promise<void> {
  const { seed, first, tasks, times } = plan;
  begin(board, plan);
  const workers = Array.from({ length: tasks || 1 }, async (_, index) => {
    const next = random(seed + index);
    const worker = new Worker(queue, board, ledger, first + index, next);
    if (tasks === 0) worker.runSync(times);
    else await worker.run(times);
  });
  await Promise.all(workers);
}

/** After how many looks at the same the helper acts. */
const PATIENCE = 3;

/**
 * Puts when all wait to get, and gets when all wait to put; but does nothing for
 * those who should go on by themselves, so that they are found to be stuck.
 *
 * It is a thread of its own, since the main thread has to kill whoever stops
 * with a lock of the queue.
 */
export function help(
  queue: Queue<Item>,
  board: Int32Array,
  ledger: Int32Array,
  seed: number,
): void {
  const own = new Worker(queue, board, ledger, MAX_MEMBERS, random(seed));
  let [starving, stuffed] = [0, 0];
  while (Atomics.load(board, HANDS.OVER) === 0) {
    const { waitingToGet, waitingToPut } = queue;
    const isFull = queue.full || queue.maxSize === 0 && !queue.empty;
    starving = queue.empty && waitingToGet > 0 ? starving + 1 : 0;
    stuffed = isFull && waitingToPut > 0 ? stuffed + 1 : 0;
    if (starving >= PATIENCE) own.tryPut();
    if (stuffed >= PATIENCE) own.tryGet();
    sleepSync(1);
  }
}
