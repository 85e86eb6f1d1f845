import { LifoQueue } from "../../sync/lifo_queue.ts";
import { PriorityQueue } from "../../sync/priority_queue.ts";
import { Queue } from "../../sync/queue.ts";

/** So that a test that fails does not hang. */
export const LIMIT = { timeoutMs: 10_000 };

/** All queues. */
export const CLASSES = [Queue, LifoQueue, PriorityQueue] as const;

/** How a call ended: what it returned, or the code or name of its error. */
export function howSync(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return codeOf(error);
  }
}

/** As {@linkcode howSync}, also of what is asynchronous. */
export async function how(call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    return codeOf(error);
  }
}

/** What says which error it is; other reasons are what they are. */
export function codeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : error.name;
}

/** As other waits throw it, if there was no item, or no room, in time. */
export function asTimeout(error: unknown): unknown {
  const isLate = ["queue-empty", "queue-full"].includes(String(codeOf(error)));
  return isLate ? new DOMException("late", "TimeoutError") : error;
}

/** Takes out whatever there is. */
export function drain<T extends NonNullable<unknown> | null>(
  queue: Queue<T>,
): T[] {
  const items: T[] = [];
  for (;;) {
    const item = queue.tryGet();
    if (item === undefined) return items;
    items.push(item);
  }
}

/** Lets timers fire, and what they lead to. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((done) => setTimeout(done, 1));
  }
}

/** Whole numbers from one up to, but not including, another. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** The state of a queue that is not in use: all that was put is done. */
export function assertIdle(queue: Queue): void {
  const { size, unfinished, waitingToGet, waitingToPut } = queue;
  const state = { size, unfinished, waitingToGet, waitingToPut };
  const rest = Object.entries(state).filter(([_, count]) => count !== 0);
  if (rest.length > 0) throw new Error(`Queue is in use: ${rest.join("; ")}`);
}
