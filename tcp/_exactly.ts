import type { Cut } from "../mux/inbox.ts";
import { UnexpectedEofError } from "./unexpected_eof.ts";

/**
 * Takes so many octets, or none, out of an inbox.
 *
 * @throws {RangeError} If `count` is not a whole number of at least 0.
 */
export function exactly(count: number): Cut<Uint8Array<ArrayBuffer>> {
  if (!(Number.isSafeInteger(count) && count >= 0)) {
    throw new RangeError(
      `Cannot receive ${count} octets: it must be a whole number of at least 0`,
    );
  }
  return (arrived) => {
    const { octets } = arrived;
    if (octets.length < count) {
      if (arrived.ended) throw new UnexpectedEofError(octets.length, count);
      arrived.need(count);
      return undefined;
    }
    const taken = octets.slice(0, count);
    arrived.consume(count);
    return taken;
  };
}
