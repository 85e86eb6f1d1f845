import type { Barrier } from "../../sync/barrier.ts";
import type { Event } from "../../sync/event.ts";
import type { Lock } from "../../sync/lock.ts";
import type { RLock } from "../../sync/rlock.ts";
import { spawn } from "../../sync/task.ts";
import type { WaitOptions } from "../../sync/wait_options.ts";
import { LIMIT } from "./_doors.ts";

/** How an attempt to acquire a second lock ended. */
export interface Outcome {
  /** `"entered"`, or the name of the error. */
  readonly how: string;
  readonly message: string;
  readonly code: unknown;
  readonly cycle: readonly string[];
  /** Whether the first lock was still held then. */
  readonly kept: boolean;
}

/** Holds one lock and acquires another when all are there, blocking. */
export function cross(
  mine: Lock | RLock,
  other: Lock | RLock,
  met: Barrier,
  timeoutMs?: number,
): Outcome {
  using _mine = mine.acquireSync(LIMIT);
  met.waitSync(LIMIT);
  try {
    using _other = timeoutMs === undefined
      ? other.acquireSync()
      : other.acquireSync({ timeoutMs });
    return outcome(mine);
  } catch (error) {
    return outcome(mine, error);
  }
}

/** As `cross`, in a task. */
export function crossInTask(
  mine: Lock | RLock,
  other: Lock | RLock,
  met: Barrier,
  options?: WaitOptions,
): Promise<Outcome> {
  return spawn(async () => {
    using _mine = await mine.acquire(LIMIT);
    await met.wait(LIMIT);
    try {
      using _other = await other.acquire(options);
      return outcome(mine);
    } catch (error) {
      return outcome(mine, error);
    }
  }).join();
}

/** Acquires a lock twice, blocking. */
export function acquireTwice(lock: Lock): Outcome {
  using _held = lock.acquireSync();
  try {
    lock.acquireSync();
    return outcome(lock);
  } catch (error) {
    return outcome(lock, error);
  }
}

/** Holds a lock until told. */
export function holdUntil(lock: Lock | RLock, held: Event, go: Event): void {
  using _held = lock.acquireSync();
  held.set();
  go.waitSync(LIMIT);
}

function outcome(mine: Lock | RLock, error?: unknown): Outcome {
  const { name, message, code, cycle } = (error ?? {}) as {
    name?: string;
    message?: string;
    code?: unknown;
    cycle?: readonly string[];
  };
  return {
    how: name ?? "entered",
    message: message ?? "",
    code,
    cycle: cycle ?? [],
    kept: mine.locked,
  };
}
