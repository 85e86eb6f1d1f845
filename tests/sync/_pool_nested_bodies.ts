import type { Event } from "../../sync/event.ts";
import type { SharedValue } from "../../sync/shared_value.ts";
import { ThreadPool } from "../../sync/thread_pool.ts";
import { until } from "./_until.ts";

type Bodies = typeof import("./_pool_bodies.ts");

/** Threads that are left when this one is gone carry this name. */
export const NAME = "nested";

function newPool(module: string, size = 2): ThreadPool<Bodies> {
  return new ThreadPool({ module, size, name: NAME });
}

/** Uses a pool as it should be; blocks for a result, and for an error. */
export async function useAndClose(
  module: string,
): Promise<[number[], number, string]> {
  await using pool = newPool(module);
  const squares = await pool.map("square", [1, 2, 3], { chunkSize: 1 });
  const square = pool.applySync("square", 5);
  try {
    pool.applySync("fail", "thin");
  } catch (error) {
    return [squares, square, (error as Error).name];
  }
  return [squares, square, "nothing"];
}

/** Leaves a pool behind whose thread has nothing to do. */
export async function leaveIdle(module: string): Promise<number[]> {
  return await newPool(module, 1).map("square", [1, 2, 3]);
}

/** Leaves a pool behind whose thread has turned to waiting without blocking. */
export async function leaveIdleLater(module: string): Promise<number> {
  const pool = newPool(module, 1);
  await pool.submit("addLater", [1, 2]);
  return await pool.submit("addLater", [3, 4]);
}

/** Leaves a pool behind that runs something, and has more to run. */
export async function leaveBusy(
  module: string,
  gate: Event,
  id: SharedValue,
): Promise<void> {
  const pool = newPool(module, 1);
  pool.submit("hold", [gate], { onError() {} });
  pool.submit("spin", [id, id], { onError() {} });
  await until(() => gate.waiting === 1);
}

/** Runs a task without an end, and waits for it. */
export async function waitForSpinning(
  module: string,
  id: SharedValue,
  counter: SharedValue,
): Promise<never> {
  return await newPool(module).submit("spin", [id, counter]);
}

/** Throws, with a pool that has something to do. */
export async function failWithPool(
  module: string,
  gate: Event,
): Promise<never> {
  const pool = newPool(module, 1);
  await pool.submit("add", [1, 2]);
  pool.submit("hold", [gate], { onError() {} });
  await until(() => gate.waiting === 1);
  throw new RangeError("failed");
}
