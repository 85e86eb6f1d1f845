/** Where a length is in a header, and how it is written. */
export interface LengthField {
  readonly bytes: 1 | 2 | 4 | 8;
  readonly endian: "big" | "little";
}

/** Options by which a codec is told of a length field. */
export interface LengthFieldOptions {
  bytes?: LengthField["bytes"] | undefined;
  endian?: LengthField["endian"] | undefined;
}

/** Checks a length field, and fills in what is missing. */
export function lengthField(options: LengthFieldOptions): LengthField {
  const { bytes = 4, endian = "big" } = options;
  if (![1, 2, 4, 8].includes(bytes)) {
    throw new RangeError(
      `Cannot make a codec: bytes must be 1, 2, 4 or 8, got ${bytes}`,
    );
  }
  if (endian !== "big" && endian !== "little") {
    throw new TypeError(
      `Cannot make a codec: endian must be "big" or "little", got ${endian}`,
    );
  }
  return { bytes, endian };
}

/** Checks a size or a place that somebody has chosen. */
export function checkSize(name: string, size: number, least = 0): number {
  if (Number.isSafeInteger(size) && size >= least) return size;
  throw new RangeError(
    `Cannot make a codec: ${name} must be a whole number of at least ${least}, got ${size}`,
  );
}

/** The largest length that fits, and that a number can hold exactly. */
export function largest({ bytes }: LengthField): number {
  return Math.min(2 ** (8 * bytes) - 1, Number.MAX_SAFE_INTEGER);
}

/**
 * Reads a length. Above `Number.MAX_SAFE_INTEGER` it is not exact, but above it
 * all the same.
 */
export function readLength(
  octets: Uint8Array,
  at: number,
  { bytes, endian }: LengthField,
): number {
  let value = 0;
  for (let i = 0; i < bytes; i++) {
    const place = endian === "big" ? at + i : at + bytes - 1 - i;
    value = value * 256 + octets[place]!;
  }
  return value;
}

/** Writes a length, which fits. */
export function writeLength(
  octets: Uint8Array,
  at: number,
  { bytes, endian }: LengthField,
  value: number,
): void {
  for (let i = 0; i < bytes; i++) {
    const place = endian === "little" ? at + i : at + bytes - 1 - i;
    octets[place] = value % 256;
    value = Math.floor(value / 256);
  }
}
