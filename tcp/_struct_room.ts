/** Whether octets are as many as a format needs. */

/** What is asked of a format here. */
interface Sized {
  readonly format: string;
  readonly size: number;
}

/**
 * Checks that octets are those of one format, and nothing else.
 *
 * @throws {RangeError} If there are more or fewer.
 */
export function checkWhole({ format, size }: Sized, octets: Uint8Array): void {
  if (octets instanceof Uint8Array && octets.length === size) return;
  const what = `unpack ${JSON.stringify(format)}`;
  checkType(what, octets);
  throw tooFew(what, String(size), octets.length);
}

/**
 * Checks that octets are those of one format, some times over.
 *
 * @throws {RangeError} If something is left, or the format has no octets.
 */
export function checkMultiple(
  { format, size }: Sized,
  octets: Uint8Array,
): void {
  const what = `unpack ${JSON.stringify(format)} repeatedly`;
  checkType(what, octets);
  if (size === 0) throw new RangeError(`Cannot ${what}: its size is 0`);
  if (octets.length % size === 0) return;
  throw tooFew(what, `a multiple of ${size}`, octets.length);
}

/**
 * Where a format begins in octets.
 *
 * @param offset From the start, or below 0 from the end.
 * @throws {RangeError} If there is no room for it.
 */
export function startOf(
  doing: "pack" | "unpack",
  { format, size }: Sized,
  octets: Uint8Array,
  offset: number,
): number {
  if (octets instanceof Uint8Array && Number.isInteger(offset)) {
    const start = offset < 0 ? octets.length + offset : offset;
    if (start >= 0 && octets.length - start >= size) return start;
  }
  const what = `${doing} ${JSON.stringify(format)} at offset ${offset}`;
  checkType(what, octets);
  if (!Number.isInteger(offset)) {
    throw new RangeError(`Cannot ${what}: it must be a whole number`);
  }
  const have = octets.length;
  if (offset < -have || offset > have) {
    throw new RangeError(`Cannot ${what}: it is outside of ${have} octets`);
  }
  throw tooFew(what, String(size), offset < 0 ? -offset : have - offset);
}

function checkType(what: string, octets: unknown): void {
  if (octets instanceof Uint8Array) return;
  throw new TypeError(`Cannot ${what}: ${typeof octets} is no Uint8Array`);
}

function tooFew(what: string, need: string, have: number): RangeError {
  return new RangeError(`Cannot ${what}: need ${need} octets, have ${have}`);
}
