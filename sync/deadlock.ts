/**
 * A wait would never have ended: it closed a circle of threads or tasks of which
 * each waits for what the next one holds.
 *
 * The one that gets it waits no more, and holds what it held before; the others
 * still wait. See {@linkcode Lock.detectDeadlocks}.
 *
 * @example
 * ```ts
 * import { DeadlockError, Lock } from "@lockstep/lockstep/sync";
 * import { assertThrows } from "@std/assert";
 *
 * Lock.detectDeadlocks(true);
 * const lock = new Lock();
 * using _held = lock.acquireSync();
 * assertThrows(() => lock.acquireSync(), DeadlockError);
 * Lock.detectDeadlocks(false);
 * ```
 */
export class DeadlockError extends Error {
  /** Name of the class. */
  override readonly name = "DeadlockError";
  /** To match on, also across copies of this package. */
  readonly code = "deadlock";
  /** Each step of the circle: who, what it holds, what it waits for. */
  readonly cycle: readonly string[];

  /** Words the circle. */
  constructor(cycle: readonly string[]) {
    super(`Cannot wait: it would never end: ${cycle.join("; ")}`);
    this.cycle = cycle;
  }
}
