/**
 * The barrier is broken: not all parties came, or will come.
 *
 * @example
 * ```ts
 * import { Barrier, BrokenBarrierError } from "@lockstep/lockstep/sync";
 * import { assertThrows } from "@std/assert";
 *
 * const barrier = new Barrier(2);
 * assertThrows(() => barrier.waitSync({ timeoutMs: 1 }), BrokenBarrierError);
 * ```
 */
export class BrokenBarrierError extends Error {
  /** Name of the class. */
  override readonly name = "BrokenBarrierError";
  /** To match on, also across copies of this package. */
  readonly code = "broken-barrier";

  /**
   * Says that a barrier is broken.
   *
   * @param cause Why this caller waited no more, if that broke it.
   */
  constructor(cause?: unknown) {
    super(
      "Cannot pass the Barrier: it is broken",
      cause === undefined ? {} : { cause },
    );
  }
}
