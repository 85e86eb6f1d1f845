import { fromShared, toShared } from "./_sharing.ts";

/**
 * Makes a value ready for `postMessage`: locks and all else of this module in it
 * become handles, at any depth, errors are taken apart so that they keep their
 * class and those properties that can be shared; the rest is copied.
 *
 * {@linkcode attach} is the other side. `Thread` does both by itself.
 *
 * @param value Numbers, strings and so on; arrays, plain objects, `Map`, `Set`,
 * with circles; dates, typed arrays, errors and whatever else structured clone
 * keeps; and what this module shares.
 * @throws {TypeError} If something in it cannot go to another thread, such as a
 * function, a symbol or a socket; it says where.
 *
 * @example
 * ```ts
 * import { attach, Lock, share, SharedValue } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const sent = structuredClone(share({ lock: new Lock(), n: [5] }));
 * const { lock, n } = attach(sent) as { lock: Lock; n: number[] };
 * assertEquals([lock.locked, n], [false, [5]]);
 * ```
 */
export function share(value: unknown): unknown {
  return toShared(value);
}

/**
 * Makes of a value what it was before {@linkcode share}, in another thread.
 *
 * @param value What arrived.
 */
export function attach(value: unknown): unknown {
  return fromShared(value);
}
