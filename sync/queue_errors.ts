/**
 * There is nothing in the queue, and nothing came in time.
 *
 * @example
 * ```ts
 * import { Queue, QueueEmptyError } from "@lockstep/lockstep/sync";
 * import { assertThrows } from "@std/assert";
 *
 * const queue = new Queue<number>();
 * assertThrows(() => queue.getSync({ timeoutMs: 0 }), QueueEmptyError);
 * ```
 */
export class QueueEmptyError extends Error {
  /** Name of the class. */
  override readonly name = "QueueEmptyError";
  /** To match on, also across copies of this package. */
  readonly code = "queue-empty";
}

/**
 * The queue is full, and there was no room in time.
 *
 * @example
 * ```ts
 * import { Queue, QueueFullError } from "@lockstep/lockstep/sync";
 * import { assertThrows } from "@std/assert";
 *
 * const queue = new Queue<number>({ maxSize: 1 });
 * queue.putSync(1);
 * assertThrows(() => queue.putSync(2, { timeoutMs: 0 }), QueueFullError);
 * ```
 */
export class QueueFullError extends Error {
  /** Name of the class. */
  override readonly name = "QueueFullError";
  /** To match on, also across copies of this package. */
  readonly code = "queue-full";
}

/**
 * The queue was shut down: nothing can be put any more, and what was there is
 * gone.
 *
 * @example
 * ```ts
 * import { Queue, QueueShutDownError } from "@lockstep/lockstep/sync";
 * import { assertThrows } from "@std/assert";
 *
 * const queue = new Queue<number>();
 * queue.shutdown();
 * assertThrows(() => queue.putSync(1), QueueShutDownError);
 * ```
 */
export class QueueShutDownError extends Error {
  /** Name of the class. */
  override readonly name = "QueueShutDownError";
  /** To match on, also across copies of this package. */
  readonly code = "queue-shut-down";
}
