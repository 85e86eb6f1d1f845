/**
 * Waiting and sharing: what all modules wait by, sleeping with and without
 * blocking, timers, and numbers in memory that threads share.
 *
 * - {@linkcode WaitOptions}: `signal` and `timeoutMs`, which every wait takes;
 *   {@linkcode waitFor} gives them to any promise.
 * - {@linkcode sleep}, {@linkcode sleepSync}, {@linkcode Timer}.
 * - {@linkcode SharedValue}, {@linkcode SharedArray}: atomic numbers.
 * - {@linkcode ThreadLocal}: one name, a value for each thread.
 *
 * @example A number that a worker adds to
 * ```ts
 * import { SharedValue } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const hits = new SharedValue("i32", 0);
 * const handle = hits.share(); // goes to the worker by postMessage
 *
 * const same = SharedValue.attach(handle); // in the worker
 * same.add(2);
 * assertEquals(hits.get(), 2);
 * ```
 *
 * @module
 */
export * from "./shared_array.ts";
export * from "./shared_value.ts";
export * from "./sleep.ts";
export * from "./thread_local.ts";
export * from "./timer.ts";
export * from "./wait_options.ts";
