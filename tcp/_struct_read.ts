/** Octets to values, by a layout. */
import type { Layout } from "./_struct_format.ts";
import { load16, load32, load64, SCRATCH } from "./_struct_words.ts";
import type { StructValue } from "./struct.ts";

/** Reads all values of a layout; the octets must be there. */
export function readFields(
  { fields, isLittle, length }: Layout,
  octets: Uint8Array,
  offset: number,
): StructValue[] {
  const values: StructValue[] = new Array(length);
  let index = 0;
  for (let i = 0; i < fields.length; i++) {
    const { kind, count, at: place } = fields[i]!;
    const end = index + count;
    let at = offset + place;
    switch (kind) {
      case "s":
        values[index++] = view(octets, at, count);
        break;
      case "p":
        values[index++] = counted(octets, at, count);
        break;
      case "c":
        for (; index < end; at++) values[index++] = view(octets, at, 1);
        break;
      case "?":
        for (; index < end; at++) values[index++] = octets[at] !== 0;
        break;
      case "B":
        for (; index < end; at++) values[index++] = octets[at]!;
        break;
      case "b":
        for (; index < end; at++) values[index++] = octets[at]! << 24 >> 24;
        break;
      case "H":
        for (; index < end; at += 2) {
          values[index++] = load16(octets, at, isLittle);
        }
        break;
      case "h":
        for (; index < end; at += 2) {
          values[index++] = load16(octets, at, isLittle) << 16 >> 16;
        }
        break;
      case "I":
        for (; index < end; at += 4) {
          values[index++] = load32(octets, at, isLittle) >>> 0;
        }
        break;
      case "i":
        for (; index < end; at += 4) {
          values[index++] = load32(octets, at, isLittle);
        }
        break;
      case "Q":
        for (; index < end; at += 8) {
          load64(octets, at, isLittle);
          values[index++] = SCRATCH.getBigUint64(0);
        }
        break;
      case "q":
        for (; index < end; at += 8) {
          load64(octets, at, isLittle);
          values[index++] = SCRATCH.getBigInt64(0);
        }
        break;
      case "e":
        for (; index < end; at += 2) {
          SCRATCH.setUint16(0, load16(octets, at, isLittle));
          values[index++] = SCRATCH.getFloat16(0);
        }
        break;
      case "f":
        for (; index < end; at += 4) {
          SCRATCH.setInt32(0, load32(octets, at, isLittle));
          values[index++] = SCRATCH.getFloat32(0);
        }
        break;
      case "d":
        for (; index < end; at += 8) {
          load64(octets, at, isLittle);
          values[index++] = SCRATCH.getFloat64(0);
        }
    }
  }
  return values;
}

/** The first octet counts those after it, of which there may be fewer. */
function counted(octets: Uint8Array, at: number, count: number): Uint8Array {
  if (count === 0) return view(octets, at, 0);
  return view(octets, at + 1, Math.min(octets[at]!, count - 1));
}

/** Not `subarray()`, which for a Buffer of node:buffer is another. */
function view(octets: Uint8Array, at: number, length: number): Uint8Array {
  return new Uint8Array(octets.buffer, octets.byteOffset + at, length);
}
