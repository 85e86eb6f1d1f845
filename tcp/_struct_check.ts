/** What each letter takes; the errors say which value, and why not. */
import type { Field } from "./_struct_format.ts";
import type { StructInput } from "./struct.ts";

/** An integer of up to four octets, as a number. */
export function integerOf(
  value: StructInput,
  field: Field,
  index: number,
): number {
  if (
    typeof value === "number" && value >= field.min && value < field.end &&
    Math.trunc(value) === value
  ) return value;
  return Number(bigIntegerOf(value, field, index));
}

/** Any integer, as a bigint. */
export function bigIntegerOf(
  value: StructInput,
  field: Field,
  index: number,
): bigint {
  if (typeof value !== "bigint" && typeof value !== "number") {
    throw wrongType(field, index, value, "a number or a bigint");
  }
  const isInteger = typeof value === "bigint" || Number.isInteger(value);
  if (!isInteger || value < field.min || value >= field.end) {
    const wanted = `${BigInt(field.min)} to ${BigInt(field.end) - 1n}`;
    throw outOfRange(field, index, value, `not an integer from ${wanted}`);
  }
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw outOfRange(field, index, value, "which may be rounded: use a bigint");
  }
  return BigInt(value);
}

/**
 * A number of floating point.
 *
 * @param round To the precision that the letter has.
 */
export function floatOf(
  value: StructInput,
  field: Field,
  index: number,
  round: (value: number) => number,
): number {
  if (typeof value !== "number") {
    throw wrongType(field, index, value, "a number");
  }
  if (Number.isFinite(value) && !Number.isFinite(round(value))) {
    throw outOfRange(field, index, value, "too large");
  }
  return value;
}

/** A boolean. */
export function booleanOf(
  value: StructInput,
  field: Field,
  index: number,
): boolean {
  if (typeof value === "boolean") return value;
  throw wrongType(field, index, value, "a boolean");
}

/** Octets, or text of ASCII, each character of which is one. */
export function octetsOf(
  value: StructInput,
  field: Field,
  index: number,
): Uint8Array | string {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== "string") {
    throw wrongType(field, index, value, "a Uint8Array or ASCII text");
  }
  for (let i = 0; i < value.length; i++) {
    if (value.charCodeAt(i) > 0x7f) {
      throw outOfRange(field, index, "text", "not of ASCII: encode it first");
    }
  }
  return value;
}

/** One octet. */
export function octetOf(
  value: StructInput,
  field: Field,
  index: number,
): number {
  const octets = octetsOf(value, field, index);
  if (octets.length !== 1) {
    throw outOfRange(field, index, `${octets.length} octets`, "not one");
  }
  return typeof octets === "string" ? octets.charCodeAt(0) : octets[0]!;
}

function wrongType(
  field: Field,
  index: number,
  value: unknown,
  wanted: string,
): TypeError {
  const type = value === null ? "null" : typeof value;
  return new TypeError(
    `Cannot pack values[${index}] as "${field.letter}": its type is ${type}, not ${wanted}`,
  );
}

function outOfRange(
  field: Field,
  index: number,
  value: unknown,
  why: string,
): RangeError {
  return new RangeError(
    `Cannot pack values[${index}] as "${field.letter}": it is ${value}, ${why}`,
  );
}
