/**
 * Threads, and what they need to work together: what Python's `threading` is to
 * a Python programmer.
 *
 * - {@linkcode Thread}: runs a function on a core of its own; it can be joined,
 *   named, and stopped. {@linkcode threads} checks types.
 * - {@linkcode Lock}, {@linkcode RLock}, {@linkcode RwLock}: who may go on alone.
 *   {@linkcode Semaphore}, {@linkcode BoundedSemaphore}: how many at once.
 * - {@linkcode Event}, {@linkcode Condition}, {@linkcode Barrier}: waiting until
 *   something has happened, holds, or all are there.
 * - {@linkcode SharedValue}, {@linkcode SharedArray}: numbers for all threads;
 *   {@linkcode ThreadLocal}: a value for each.
 * - {@linkcode Queue}, {@linkcode LifoQueue}, {@linkcode PriorityQueue}: items from
 *   any threads to any threads. {@linkcode Pipe}: from one to one, both ways.
 * - {@linkcode ThreadPool}: functions on threads that stay.
 * - {@linkcode spawn}: tasks of one thread; {@linkcode TaskGroup}: several that
 *   belong together. {@linkcode Scheduler}, {@linkcode Coroutine}: functions that
 *   take turns. {@linkcode sleep}, {@linkcode Timer}.
 * - {@linkcode WaitOptions}: `signal` and `timeoutMs`, which every wait takes.
 *
 * Which to choose: to protect data, a `Lock`, and `withLock` rather than
 * `acquire`; if functions that lock call each other, an `RLock`. To wait for
 * something that another thread changes under a lock, a `Condition`; for
 * something that happens once, an `Event`. To limit how many do something, a
 * `Semaphore`. To hand work to others, a `Queue`; if you want its results, a
 * `ThreadPool`.
 *
 * `name()` waits without blocking the thread, `nameSync()` blocks it, `tryName()`
 * does it now or answers `undefined`. All of these live in shared memory: pass
 * them to a thread as arguments.
 *
 * @example Two threads add to one number
 * ```ts
 * import { Lock, SharedValue, Thread } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const lock = new Lock();
 * const total = new SharedValue("i32", 0);
 *
 * function add(lock: Lock, total: SharedValue, times: number) {
 *   for (let i = 0; i < times; i++) {
 *     lock.withLockSync(() => total.set(total.get() + 1));
 *   }
 * }
 *
 * const adders = ["a", "b"].map((name) =>
 *   Thread.fromFunction(add, [lock, total, 1000], { name })
 * );
 * for (const adder of adders) await adder.join();
 * assertEquals(total.get(), 2000);
 * ```
 *
 * @module
 */
export * from "./barrier.ts";
export * from "./bounded_semaphore.ts";
export * from "./broken_barrier.ts";
export * from "./condition.ts";
export * from "./coroutine.ts";
export * from "./deadlock.ts";
export * from "./event.ts";
export * from "./guard.ts";
export * from "./handle.ts";
export * from "./hard_kill.ts";
export * from "./lifo_queue.ts";
export * from "./lock.ts";
export * from "./pipe.ts";
export * from "./pollable.ts";
export * from "./pool.ts";
export * from "./pool_error.ts";
export * from "./priority_queue.ts";
export * from "./queue.ts";
export * from "./queue_errors.ts";
export * from "./rlock.ts";
export * from "./rw_lock.ts";
export * from "./scheduler.ts";
export * from "./semaphore.ts";
export * from "./share.ts";
export * from "./shared_array.ts";
export * from "./shared_value.ts";
export * from "./sleep.ts";
export * from "./task.ts";
export * from "./task_group.ts";
export * from "./thread.ts";
export * from "./thread_error.ts";
export * from "./thread_local.ts";
export * from "./thread_pool.ts";
export * from "./threads.ts";
export * from "./timer.ts";
export * from "./wait_options.ts";
