import type { QueueCore } from "./_queue_core.ts";
import type { Queue } from "./queue.ts";

/** What pools need of `Queue`, and nobody else does. */
export const friends: {
  /** What does the work of a queue. */
  core?: (queue: Queue<never>) => QueueCore;
} = {};

/** What does the work of a queue. */
export function coreOf(queue: Queue<never>): QueueCore {
  return friends.core!(queue);
}
