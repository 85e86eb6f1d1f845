/** Values to octets, by a layout. */
import {
  bigIntegerOf,
  booleanOf,
  floatOf,
  integerOf,
  octetOf,
  octetsOf,
} from "./_struct_check.ts";
import type { Layout } from "./_struct_format.ts";
import { SCRATCH, store16, store32, store64 } from "./_struct_words.ts";
import type { StructInput } from "./struct.ts";

/** What CPython packs for a NaN. */
const NAN = 0x7ff8n << 48n;

/**
 * Writes all values of a layout, from the first of the octets, which are 0.
 *
 * @throws {TypeError} If a value has a wrong type.
 * @throws {RangeError} If one is out of range.
 */
export function writeFields(
  { fields, isLittle }: Layout,
  octets: Uint8Array,
  values: readonly StructInput[],
): void {
  let index = 0;
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!;
    const end = index + field.count;
    let at = field.at;
    switch (field.kind) {
      case "s":
      case "p": {
        const value = octetsOf(values[index]!, field, index++);
        const write = field.kind === "s" ? put : putCounted;
        write(value, octets, at, field.count);
        break;
      }
      case "c":
        for (; index < end; index++, at++) {
          octets[at] = octetOf(values[index]!, field, index);
        }
        break;
      case "?":
        for (; index < end; index++, at++) {
          octets[at] = booleanOf(values[index]!, field, index) ? 1 : 0;
        }
        break;
      case "b":
      case "B":
        for (; index < end; index++, at++) {
          octets[at] = integerOf(values[index]!, field, index);
        }
        break;
      case "h":
      case "H":
        for (; index < end; index++, at += 2) {
          const value = integerOf(values[index]!, field, index);
          store16(octets, at, isLittle, value);
        }
        break;
      case "i":
      case "I":
        for (; index < end; index++, at += 4) {
          const value = integerOf(values[index]!, field, index);
          store32(octets, at, isLittle, value);
        }
        break;
      case "q":
      case "Q":
        for (; index < end; index++, at += 8) {
          SCRATCH.setBigInt64(0, bigIntegerOf(values[index]!, field, index));
          store64(octets, at, isLittle);
        }
        break;
      case "e":
        for (; index < end; index++, at += 2) {
          const value = floatOf(values[index]!, field, index, Math.f16round);
          if (value === value) SCRATCH.setFloat16(0, value);
          else SCRATCH.setInt16(0, 0x7e00);
          store16(octets, at, isLittle, SCRATCH.getInt16(0));
        }
        break;
      case "f":
        for (; index < end; index++, at += 4) {
          const value = floatOf(values[index]!, field, index, Math.fround);
          if (value === value) SCRATCH.setFloat32(0, value);
          else SCRATCH.setInt32(0, 0x7fc0_0000);
          store32(octets, at, isLittle, SCRATCH.getInt32(0));
        }
        break;
      case "d":
        for (; index < end; index++, at += 8) {
          const value = floatOf(values[index]!, field, index, Number);
          if (value === value) SCRATCH.setFloat64(0, value);
          else SCRATCH.setBigInt64(0, NAN);
          store64(octets, at, isLittle);
        }
    }
  }
}

/** The first octet counts those after it, but never above 255. */
function putCounted(
  value: Uint8Array | string,
  octets: Uint8Array,
  at: number,
  count: number,
): void {
  if (count === 0) return;
  put(value, octets, at + 1, count - 1);
  octets[at] = Math.min(value.length, count - 1, 255);
}

/** Copies what there is room for. */
function put(
  value: Uint8Array | string,
  octets: Uint8Array,
  at: number,
  room: number,
): void {
  if (typeof value !== "string") {
    octets.set(value.length > room ? value.subarray(0, room) : value, at);
  } else {
    const length = Math.min(value.length, room);
    for (let i = 0; i < length; i++) octets[at + i] = value.charCodeAt(i);
  }
}
