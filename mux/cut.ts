import type { Arrived, Cut } from "./inbox.ts";

const LF = 0x0a;
const CR = 0x0d;
const UTF8 = new TextDecoder();

/**
 * Takes what is there, but at least one octet; for {@linkcode Inbox.take}.
 *
 * @param max Most octets to take, at least 1.
 * @returns Takes a copy; `null` at the end.
 * @throws {RangeError} If `max` is not a whole number of at least 1.
 */
export function atMost(max: number): Cut<Uint8Array<ArrayBuffer> | null> {
  check(max);
  return (arrived) => {
    const count = Math.min(arrived.octets.length, max);
    if (count > 0) return cut(arrived, count);
    return arrived.ended ? null : undefined;
  };
}

/**
 * Puts what is there into a buffer; for {@linkcode Inbox.take}.
 *
 * @returns Takes at least one octet, and tells how many; `null` at the end.
 * @throws {RangeError} If the buffer is empty.
 */
export function into(buffer: Uint8Array): Cut<number | null> {
  check(buffer.length);
  return (arrived) => {
    const { octets } = arrived;
    const count = Math.min(octets.length, buffer.length);
    if (count === 0) return arrived.ended ? null : undefined;
    buffer.set(count < octets.length ? octets.subarray(0, count) : octets);
    arrived.consume(count);
    return count;
  };
}

/**
 * Takes a line, which ends with `\n` or `\r\n`; the last one may lack it; for
 * {@linkcode Inbox.take}.
 *
 * @param maxBytes Most octets of a line, without its end.
 * @returns Takes a line without its end, as UTF-8; `null` at the end. Throws a
 * `RangeError` if it is too long, and then takes nothing.
 */
export function line(maxBytes: number): Cut<string | null> {
  let searched = 0;
  return (arrived) => {
    const { octets } = arrived;
    const at = octets.indexOf(LF, searched);
    const end = at < 0 && arrived.ended ? octets.length : at;
    if ((end < 0 ? octets.length - 1 : end) > maxBytes) {
      throw new RangeError(
        `Cannot read a line: it is longer than ${maxBytes} octets`,
      );
    }
    if (end >= 0) return lineUntil(arrived, end);
    searched = octets.length;
    arrived.need(octets.length + 1);
    return undefined;
  };
}

function cut(arrived: Arrived, count: number): Uint8Array<ArrayBuffer> {
  const octets = arrived.octets.slice(0, count);
  arrived.consume(count);
  return octets;
}

function lineUntil(arrived: Arrived, end: number): string | null {
  const { octets } = arrived;
  if (octets.length === 0) return null;
  const hasEnd = end < octets.length;
  const cr = hasEnd && end > 0 && octets[end - 1] === CR;
  const text = UTF8.decode(octets.subarray(0, cr ? end - 1 : end));
  arrived.consume(hasEnd ? end + 1 : end);
  return text;
}

function check(count: number): void {
  if (Number.isSafeInteger(count) && count >= 1) return;
  throw new RangeError(
    `Cannot receive ${count} octets: it must be a whole number of at least 1`,
  );
}
