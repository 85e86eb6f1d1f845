/** Why a thread has no result; see {@linkcode ThreadError}. */
export type ThreadErrorCode = "terminated" | "exited" | "died";

/**
 * A thread ended without a result.
 *
 * @example
 * ```ts
 * import { Thread, ThreadError } from "@lockstep/lockstep/sync";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const spinning = Thread.fromFunction(() => {
 *   for (;;);
 * }, []);
 * await spinning.terminate();
 * const error = await assertRejects(() => spinning.join(), ThreadError);
 * assertEquals(error.code, "terminated");
 * ```
 */
export class ThreadError extends Error {
  /** Name of the class. */
  override readonly name = "ThreadError";
  /**
   * To match on, also across copies of this package: `"terminated"` by
   * `terminate()`, `"exited"` by `Deno.exit()` or `process.exit()` in the thread,
   * `"died"` otherwise, such as out of memory.
   */
  readonly code: ThreadErrorCode;

  /** Says that a thread ended, and how. */
  constructor(code: ThreadErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
