/**
 * Numbers of two, four and eight octets in a `Uint8Array`, in either order.
 *
 * Octet by octet: a `DataView` on each buffer would cost more than it saves.
 */

/** Eight octets, in big-endian order, to see numbers in other shapes. */
export const SCRATCH: DataView<ArrayBuffer> = new DataView(new ArrayBuffer(8));

/** Reads two octets, as an unsigned number. */
export function load16(
  octets: Uint8Array,
  at: number,
  isLittle: boolean,
): number {
  return isLittle
    ? octets[at]! | octets[at + 1]! << 8
    : octets[at]! << 8 | octets[at + 1]!;
}

/** Reads four octets, as a signed number. */
export function load32(
  octets: Uint8Array,
  at: number,
  isLittle: boolean,
): number {
  return isLittle
    ? octets[at]! | octets[at + 1]! << 8 | octets[at + 2]! << 16 |
      octets[at + 3]! << 24
    : octets[at]! << 24 | octets[at + 1]! << 16 | octets[at + 2]! << 8 |
      octets[at + 3]!;
}

/** Reads eight octets into {@linkcode SCRATCH}. */
export function load64(
  octets: Uint8Array,
  at: number,
  isLittle: boolean,
): void {
  SCRATCH.setInt32(isLittle ? 4 : 0, load32(octets, at, isLittle));
  SCRATCH.setInt32(isLittle ? 0 : 4, load32(octets, at + 4, isLittle));
}

/** Writes the low two octets of an integer. */
export function store16(
  octets: Uint8Array,
  at: number,
  isLittle: boolean,
  value: number,
): void {
  octets[isLittle ? at : at + 1] = value;
  octets[isLittle ? at + 1 : at] = value >> 8;
}

/** Writes the low four octets of an integer. */
export function store32(
  octets: Uint8Array,
  at: number,
  isLittle: boolean,
  value: number,
): void {
  if (isLittle) {
    octets[at] = value;
    octets[at + 1] = value >> 8;
    octets[at + 2] = value >> 16;
    octets[at + 3] = value >> 24;
  } else {
    octets[at] = value >> 24;
    octets[at + 1] = value >> 16;
    octets[at + 2] = value >> 8;
    octets[at + 3] = value;
  }
}

/** Writes the eight octets of {@linkcode SCRATCH}. */
export function store64(
  octets: Uint8Array,
  at: number,
  isLittle: boolean,
): void {
  store32(octets, at, isLittle, SCRATCH.getInt32(isLittle ? 4 : 0));
  store32(octets, at + 4, isLittle, SCRATCH.getInt32(isLittle ? 0 : 4));
}
