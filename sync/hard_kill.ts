import { registry } from "./_registry.ts";

/**
 * Whether `Thread.terminate()` stops a thread that spins or blocks, for good.
 *
 * Deno gives no such promise. It kills a worker at once only if that holds a Web
 * Lock, so threads hold one; whether that works is tried out with a thread that
 * spins, shortly after the first thread was started. Where it does not,
 * `terminate()` stops threads when they next wait for something of this module.
 *
 * @returns `undefined` while it is not known.
 *
 * @example
 * ```ts
 * import { hardKill, Thread } from "@lockstep/lockstep/sync";
 * import { assertNotEquals } from "@std/assert";
 *
 * await Thread.fromFunction(() => 1, []).join();
 * assertNotEquals(hardKill(), false); // true on Deno 2.9
 * ```
 */
export function hardKill(): boolean | undefined {
  return registry().hardKill;
}
