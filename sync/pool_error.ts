/** Why a pool runs no more; see {@linkcode PoolError}. */
export type PoolErrorCode = "terminated" | "broken";

/**
 * A task was not run to its end, because its pool is no more.
 *
 * @example
 * ```ts
 * import { PoolError, ThreadPool } from "@lockstep/lockstep/sync";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const pool = new ThreadPool({ size: 1 });
 * const endless = pool.submit(() => {
 *   for (;;);
 * }, []);
 * const seen = assertRejects(() => endless, PoolError);
 * await pool.terminate();
 * assertEquals((await seen).code, "terminated");
 * ```
 */
export class PoolError extends Error {
  /** Name of the class. */
  override readonly name = "PoolError";
  /**
   * To match on, also across copies of this package: `"terminated"` by
   * `terminate()`, `"broken"` if a thread could not load the module, or its
   * initializer threw; the error is the `cause`.
   */
  readonly code: PoolErrorCode;

  /** Says that a pool is no more, and why. */
  constructor(code: PoolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
