import { assertEquals } from "@std/assert";
import { Event } from "../../sync/event.ts";
import { Thread } from "../../sync/thread.ts";
import { ThreadPool, type ThreadPoolOptions } from "../../sync/thread_pool.ts";
import { waitFor } from "../../sync/wait_options.ts";
import { until } from "./_until.ts";

/** The module whose functions the pools of these tests run. */
export const BODIES: string = import.meta.resolve("./_pool_bodies.ts");

/** A pool of the functions for tests. */
export type TestPool = ThreadPool<typeof import("./_pool_bodies.ts")>;

/** Longest wait for something that must happen. */
export const LIMIT: { readonly timeoutMs: number } = { timeoutMs: 10_000 };

/**
 * Calls a function with a pool, by default of one thread, and ends the pool then,
 * whatever it does; no thread may be left.
 */
export async function withPool(
  options: ThreadPoolOptions,
  use: (pool: TestPool) => Promise<void>,
): Promise<void> {
  const before = Thread.count;
  const pool: TestPool = new ThreadPool({
    size: 1,
    module: BODIES,
    ...options,
  });
  try {
    await waitFor(use(pool), LIMIT);
  } catch (error) {
    // What the test has left would be reported in place of the error.
    addEventListener("unhandledrejection", (event) => event.preventDefault());
    throw error;
  } finally {
    await waitFor(pool.terminate(), LIMIT);
  }
  assertEquals(Thread.count, before, "threads are left");
}

/** Calls a function with a pool. */
export type UsePool = (
  use: (pool: TestPool) => Promise<void> | void,
) => Promise<void>;

/**
 * Starts a pool, by default of one thread, with all its threads, for the tests of
 * a file: most take less time than a thread to start. Threads that a test ends
 * are replaced after it.
 */
export async function warmPool(
  options: ThreadPoolOptions = {},
): Promise<UsePool> {
  const pool: TestPool = new ThreadPool({
    size: 1,
    module: BODIES,
    ...options,
  });
  await fill(pool);
  addEventListener("unload", () => pool.close());
  return async (use) => {
    const before = Thread.count;
    await waitFor(Promise.resolve(use(pool)), LIMIT);
    const { queued, running } = pool.stats();
    assertEquals([queued, running], [0, 0], "tasks are left");
    await fill(pool);
    await until(() => Thread.count === before);
  };
}

/** Starts those threads of a pool that are not there. */
async function fill(pool: TestPool): Promise<void> {
  const { size } = pool;
  await until(() => pool.stats().threads <= size);
  while (pool.stats().threads < size) {
    const gate = new Event();
    const held = Array.from(
      { length: size },
      () => pool.submit("hold", [gate]),
    );
    try {
      await until(() => gate.waiting === size);
    } finally {
      gate.set();
    }
    await Promise.allSettled(held);
  }
}

/** What a promise rejects with, error or not. */
export async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await waitFor(promise, LIMIT);
  } catch (reason) {
    return reason;
  }
  throw new Error(`Not rejected: resolved to ${value}`);
}

/** Whether a thread of this identity is there. */
export function isAlive(id: number): boolean {
  return Thread.all().some((thread) => thread.id === id);
}

/** Lets the event loop turn so many times. */
export async function turns(n = 5): Promise<void> {
  for (let i = 0; i < n; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
