import { assert } from "@std/assert";
import type { Condition } from "../../sync/condition.ts";
import { until } from "./_until.ts";

/** So that a test that fails does not hang. */
export const LIMIT = { timeoutMs: 10_000 };

/** Waits `count` times beside each other; each writes down when it ends. */
export async function enter(
  condition: Condition,
  log: number[],
  count: number,
): Promise<Promise<void>[]> {
  let entered = 0;
  const waits = Array.from(
    { length: count },
    (_, me) =>
      condition.withLock(async () => {
        entered++;
        await condition.wait(LIMIT);
        assert(condition.lock.owned);
        log.push(me);
      }),
  );
  await until(() => entered === count);
  return waits;
}

/** Notifies as soon as the lock is free. */
export function notify(condition: Condition, n?: number): Promise<void> {
  return condition.withLock(() => condition.notify(n), LIMIT);
}
