/**
 * The stream ended in the middle of something.
 *
 * @example
 * ```ts
 * import { UnexpectedEofError } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new UnexpectedEofError(3, 10);
 * assertEquals([error.have, error.need], [3, 10]);
 * ```
 */
export class UnexpectedEofError extends Error {
  /** Name of the class. */
  override readonly name = "UnexpectedEofError";
  /** To match on, also across copies of this package. */
  readonly code = "unexpected-eof";
  /** Octets that had arrived. */
  readonly have: number;
  /** Octets that were needed. */
  readonly need: number;

  /** Says how much there was, and how much there had to be. */
  constructor(have: number, need: number) {
    super(`Cannot receive ${need} octets: the stream ended after ${have}`);
    this.have = have;
    this.need = need;
  }
}
