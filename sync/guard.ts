/**
 * What was acquired: releasing it once gives it back.
 *
 * It releases its own acquisition at most once. After a {@linkcode release}, its
 * own or, of a lock, anybody's, it is spent, and never frees what somebody has
 * acquired since.
 *
 * @example
 * ```ts
 * import { Lock } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const lock = new Lock();
 * {
 *   using _held = await lock.acquire();
 *   assertEquals(lock.locked, true);
 * }
 * assertEquals(lock.locked, false);
 * ```
 */
export interface Guard extends Disposable {
  /** Gives back what was acquired; does nothing the second time. */
  release(): void;
}
