import type { Condition } from "../../sync/condition.ts";
import type { Event } from "../../sync/event.ts";
import type { RLock } from "../../sync/rlock.ts";
import type { SharedArray } from "../../sync/shared_array.ts";
import type { SharedValue } from "../../sync/shared_value.ts";
import { until } from "./_until.ts";

/** So that a test that fails does not hang. */
const LIMIT = { timeoutMs: 10_000 };

/** Writes down a number; the first one is how many there are. */
export function record(log: SharedArray, entry: number): void {
  log.set(log.add(0, 1) + 1, entry);
}

/** What was written down. */
export function recorded(log: SharedArray): number[] {
  return [...log].slice(1, log.get(0) + 1);
}

/** Waits once, blocking. */
export function wait(
  condition: Condition,
  timeoutMs: number,
): { how: string; held: boolean } {
  return condition.withLockSync(() => {
    const how = nameOf(() => condition.waitSync({ timeoutMs }));
    return { how, held: condition.lock.owned };
  });
}

/** Waits once, blocking, but not before it is told. */
export function waitWhenTold(
  condition: Condition,
  go: Event,
  entered: Event,
): void {
  go.waitSync(LIMIT);
  condition.withLockSync(() => {
    entered.set();
    condition.waitSync(LIMIT);
  });
}

/** Waits again and again, blocking, and writes down each time, until told. */
export function waitUntil(
  condition: Condition,
  over: SharedValue,
  log: SharedArray,
  me: number,
): void {
  condition.withLockSync(() => {
    for (;;) {
      condition.waitSync(LIMIT);
      if (over.get() === 1) return;
      record(log, me);
    }
  });
}

/** Waits with some tasks beside each other; each writes down when it ends. */
export async function waitInTasks(
  condition: Condition,
  log: SharedArray,
  from: number,
  count: number,
): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      condition.withLock(async () => {
        await condition.wait(LIMIT);
        record(log, from + index);
      })),
  );
}

/** Waits with a task, and then blocks to wait, too. */
export async function waitBothWays(
  condition: Condition,
): Promise<boolean> {
  const waited = condition.withLock(() => condition.wait(LIMIT));
  await until(() => condition.waiting === 1);
  condition.withLockSync(() => condition.waitSync(LIMIT));
  await waited;
  return condition.lock.locked;
}

/** Waits for one condition with a task, and blocks to wait for another. */
export async function waitForTwo(
  inTask: Condition,
  blocking: Condition,
): Promise<void> {
  inTask.withLock(() => inTask.wait(LIMIT));
  await until(() => inTask.waiting === 1);
  blocking.withLockSync(() => blocking.waitSync(LIMIT));
}

/** Waits for its turn, blocking, and gives it to the other, `rounds` times. */
export function alternate(
  condition: Condition,
  log: SharedArray,
  me: number,
  rounds: number,
): void {
  for (let round = 0; round < rounds; round++) {
    condition.withLockSync(() => {
      while (log.get(0) % 2 !== me) condition.waitSync(LIMIT);
      record(log, me);
      condition.notify();
    });
  }
}

/** As `alternate`, but does not block. */
export async function alternateInTask(
  condition: Condition,
  log: SharedArray,
  me: number,
  rounds: number,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await condition.withLock(async () => {
      while (log.get(0) % 2 !== me) await condition.wait(LIMIT);
      record(log, me);
      condition.notify();
    });
  }
}

/** Waits with the lock held several times; answers how often, before and after. */
export function waitDeep(condition: Condition, levels: number): number[] {
  const lock = condition.lock as RLock;
  const guards = Array.from({ length: levels }, () => lock.acquireSync());
  const before = lock.count;
  condition.waitSync(LIMIT);
  const after = lock.count;
  for (const guard of guards.reverse()) guard.release();
  return [before, after, lock.count];
}

/** Waits between acquiring and releasing by a guard; answers who holds what. */
export function waitGuarded(condition: Condition): boolean[] {
  const guard = condition.acquireSync(LIMIT);
  condition.waitSync(LIMIT);
  const before = condition.lock.owned;
  guard.release();
  return [before, condition.lock.owned];
}

/** Waits for a number; `asked` counts how often it looked. */
export function waitFor(
  condition: Condition,
  state: SharedValue,
  asked: SharedValue,
  options: { wanted: number; timeoutMs: number },
): { how: number | string; held: boolean } {
  const { wanted, timeoutMs } = options;
  return condition.withLockSync(() => {
    const predicate = () => {
      asked.add(1);
      return state.get() === wanted && wanted;
    };
    let how: number | string = 0;
    const error = nameOf(() => {
      how = Number(condition.waitForSync(predicate, { timeoutMs }));
    });
    return { how: how || error, held: condition.lock.owned };
  });
}

/** Counts, and notifies each time. */
export function countTo(
  condition: Condition,
  state: SharedValue,
  limit: number,
): void {
  while (state.get() < limit) {
    condition.withLockSync(() => {
      state.add(1);
      condition.notify();
    });
  }
}

/** Holds the lock until told. */
export function hold(condition: Condition, held: Event, leave: Event): void {
  condition.withLockSync(() => {
    held.set();
    leave.waitSync(LIMIT);
  });
}

/** Notifies once so many wait. */
export function notifyWhen(
  condition: Condition,
  waiting: number,
  n: number,
): void {
  for (;;) {
    const isDone = condition.withLockSync(() => {
      if (condition.waiting < waiting) return false;
      condition.notify(n);
      return true;
    }, LIMIT);
    if (isDone) return;
  }
}

function nameOf(wait: () => void): string {
  try {
    wait();
    return "notified";
  } catch (error) {
    return (error as Error).name;
  }
}
