/*
 * `_struct_format.ts` makes a layout of a format; to pack and to unpack is to walk
 * through it. No code is generated: that may be forbidden, and would gain little.
 */
import { type Layout, parseFormat } from "./_struct_format.ts";
import { readFields } from "./_struct_read.ts";
import { checkMultiple, checkWhole, startOf } from "./_struct_room.ts";
import { writeFields } from "./_struct_write.ts";

/** What a letter gives, see {@linkcode Struct}. */
export type StructValue = number | bigint | boolean | Uint8Array;

/** What a letter takes, see {@linkcode Struct}. */
export type StructInput = StructValue | string;

/** How many formats the functions keep; as many as CPython. */
const MAX_FORMATS = 100;

const structs = new Map<string, Struct>();

/**
 * A format of binary data, read once: values to octets and back, as Python's
 * `struct` does it.
 *
 * | Letters         | Octets        | Take                      | Give         |
 * | :-------------- | :------------ | :------------------------ | :----------- |
 * | `x`             | 1             | no value; the octet is 0  | no value     |
 * | `c`             | 1             | one octet                 | `Uint8Array` |
 * | `?`             | 1             | `boolean`                 | `boolean`    |
 * | `b` `B`         | 1             | integer                   | `number`     |
 * | `h` `H`         | 2             | integer                   | `number`     |
 * | `i` `I`         | 4             | integer                   | `number`     |
 * | `l` `L`         | 4             | integer                   | `number`     |
 * | `l` `L`, native | 8             | integer                   | `bigint`     |
 * | `q` `Q`         | 8             | integer                   | `bigint`     |
 * | `n` `N`, native | 8             | integer                   | `bigint`     |
 * | `P`, native     | 8             | integer, an address       | `bigint`     |
 * | `e` `f` `d`     | 2, 4, 8       | `number`                  | `number`     |
 * | `s`             | as many as    | octets; the rest is cut,  | `Uint8Array` |
 * |                 | its count     | what is missing is 0      |              |
 * | `p`             | as many as    | octets; their number is   | `Uint8Array` |
 * |                 | its count     | the first, at most 255    |              |
 *
 * Capitals are unsigned. Integers are a number or a bigint; those of eight octets
 * are always given as bigint. Octets are a `Uint8Array` or text of ASCII; they are
 * given as views of what is unpacked: `slice()` a value that is to outlive it.
 *
 * A count repeats the letter after it, as in `3H`; `5s` is one value. White space
 * may stand between letters. The first character may be an order:
 *
 * - `<` little-endian, `>` big-endian, `!` that of the network (big-endian), `=`
 *   that of the machine: standard sizes, no gaps.
 * - `@`, or none: native order, sizes and gaps; each value stands at a multiple of
 *   its size. A count of 0 leaves a gap only: `bq0q` has 16 octets, as has `qb0q`.
 *
 * Native is what it is on a 64-bit Unix, little-endian as every machine that Deno
 * runs on; so a format means the same on all systems.
 *
 * Other than in CPython, a number that is too large for `f` is refused in native
 * order too, `?` takes nothing but booleans, and each NaN is packed as the same.
 *
 * Source: CPython library reference, `struct`.
 *
 * @example The header of a file
 * ```ts
 * import { Struct } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * const header = new Struct("<4sIHH");
 * assertEquals(header.size, 12);
 *
 * const octets = header.pack("BOOT", 65536, 1, 2);
 * const [magic, length, major, minor] = header.unpack(octets);
 * assertEquals(magic, new TextEncoder().encode("BOOT"));
 * assertEquals([length, major, minor], [65536, 1, 2]);
 * ```
 */
export class Struct {
  /** The format. */
  readonly format: string;
  /** How many octets it has. */
  readonly size: number;
  readonly #layout: Layout;
  #room: Uint8Array | undefined;

  /**
   * Reads a format.
   *
   * @throws {SyntaxError} If it is none; says which character, and where.
   * @throws {RangeError} If its size is above `Number.MAX_SAFE_INTEGER`.
   */
  constructor(format: string) {
    this.#layout = parseFormat(format);
    this.format = format;
    this.size = this.#layout.size;
  }

  /**
   * Packs values.
   *
   * @throws {TypeError} If there are too few or too many, or one has a wrong type.
   * @throws {RangeError} If one is out of range; says which.
   */
  pack(...values: StructInput[]): Uint8Array<ArrayBuffer> {
    this.#checkCount(values);
    const octets = new Uint8Array(this.size);
    writeFields(this.#layout, octets, values);
    return octets;
  }

  /**
   * Packs values into a buffer; the octets around them stay.
   *
   * If it throws, the buffer is as it was.
   *
   * @param buffer Where to write.
   * @param offset Where to begin; below 0, from the end.
   * @throws {TypeError} As {@linkcode Struct.pack}.
   * @throws {RangeError} As {@linkcode Struct.pack}, or if there is no room.
   */
  packInto(buffer: Uint8Array, offset: number, ...values: StructInput[]): void {
    this.#checkCount(values);
    const start = startOf("pack", this, buffer, offset);
    // Not at once: a value may be refused, or be a view of the buffer.
    const room = this.#room ??= new Uint8Array(this.size);
    room.fill(0);
    writeFields(this.#layout, room, values);
    buffer.set(room, start);
  }

  /**
   * Unpacks values; octets are views.
   *
   * @param octets As many as {@linkcode Struct.size} says.
   * @throws {RangeError} If there are more or fewer.
   */
  unpack(octets: Uint8Array): StructValue[] {
    checkWhole(this, octets);
    return readFields(this.#layout, octets, 0);
  }

  /**
   * Unpacks values from the midst of octets; octets among them are views.
   *
   * @param octets Where to read.
   * @param offset Where to begin; below 0, from the end.
   * @throws {RangeError} If there are too few.
   */
  unpackFrom(octets: Uint8Array, offset = 0): StructValue[] {
    const start = startOf("unpack", this, octets, offset);
    return readFields(this.#layout, octets, start);
  }

  /**
   * Unpacks values again and again, each time when it is asked.
   *
   * @param octets A multiple of {@linkcode Struct.size}.
   * @throws {RangeError} If they are not, or the size is 0; at once.
   */
  iterUnpack(octets: Uint8Array): Generator<StructValue[], void, void> {
    checkMultiple(this, octets);
    return this.#each(octets);
  }

  *#each(octets: Uint8Array): Generator<StructValue[], void, void> {
    for (let at = 0; at < octets.length; at += this.size) {
      yield readFields(this.#layout, octets, at);
    }
  }

  #checkCount({ length }: readonly StructInput[]): void {
    const wanted = this.#layout.length;
    if (length === wanted) return;
    throw new TypeError(
      `Cannot pack ${
        JSON.stringify(this.format)
      }: it takes ${wanted} values, not ${length}`,
    );
  }
}

/**
 * Packs values: {@linkcode Struct.pack} of a format that is read only once.
 *
 * @param format Letters with their counts, see {@linkcode Struct}.
 * @param values What the letters take.
 * @returns As many octets as {@linkcode calcsize} says.
 * @throws {SyntaxError} If the format is none.
 * @throws {TypeError} If there are too few values or too many, or one has a
 * wrong type.
 * @throws {RangeError} If one is out of range; says which.
 *
 * @example Big and little endian
 * ```ts
 * import { pack } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(pack(">HB", 258, 3), new Uint8Array([1, 2, 3]));
 * assertEquals(pack("<HB", 258, 3), new Uint8Array([2, 1, 3]));
 * ```
 */
export function pack(
  format: string,
  ...values: StructInput[]
): Uint8Array<ArrayBuffer> {
  return structOf(format).pack(...values);
}

/**
 * Packs values into a buffer: {@linkcode Struct.packInto}.
 *
 * If it throws, the buffer is as it was.
 *
 * @param format Letters with their counts, see {@linkcode Struct}.
 * @param buffer Where to write; the octets around stay.
 * @param offset Where to begin; below 0, from the end.
 * @param values What the letters take.
 * @throws As {@linkcode pack}, and {RangeError} if there is no room.
 *
 * @example Number what is there
 * ```ts
 * import { packInto } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = new Uint8Array(5).fill(255);
 * packInto("!H", frame, 1, 7);
 * assertEquals(frame, new Uint8Array([255, 0, 7, 255, 255]));
 * ```
 */
export function packInto(
  format: string,
  buffer: Uint8Array,
  offset: number,
  ...values: StructInput[]
): void {
  structOf(format).packInto(buffer, offset, ...values);
}

/**
 * Unpacks values: {@linkcode Struct.unpack}.
 *
 * @param format Letters with their counts, see {@linkcode Struct}.
 * @param octets As many as {@linkcode calcsize} says.
 * @returns What the letters give; octets are views.
 * @throws {SyntaxError} If the format is none.
 * @throws {RangeError} If there are more octets or fewer.
 *
 * @example A read request of TFTP
 * ```ts
 * import { pack, unpack } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * const request = pack("!H8sb5sb", 1, "test.jpg", 0, "octet", 0);
 * const [opcode, name] = unpack("!H8sb5sb", request);
 * assertEquals(opcode, 1);
 * assertEquals(name, new TextEncoder().encode("test.jpg"));
 * ```
 */
export function unpack(format: string, octets: Uint8Array): StructValue[] {
  return structOf(format).unpack(octets);
}

/**
 * Unpacks values from the midst of octets: {@linkcode Struct.unpackFrom}.
 *
 * @param format Letters with their counts, see {@linkcode Struct}.
 * @param octets Where to read.
 * @param offset Where to begin; below 0, from the end.
 * @returns What the letters give; octets are views.
 * @throws {SyntaxError} If the format is none.
 * @throws {RangeError} If there are too few octets.
 *
 * @example The last two octets
 * ```ts
 * import { unpackFrom } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = new Uint8Array([9, 9, 1, 2]);
 * assertEquals(unpackFrom("!H", frame, -2), [258]);
 * ```
 */
export function unpackFrom(
  format: string,
  octets: Uint8Array,
  offset = 0,
): StructValue[] {
  return structOf(format).unpackFrom(octets, offset);
}

/**
 * Unpacks values again and again: {@linkcode Struct.iterUnpack}.
 *
 * @param format Letters with their counts, see {@linkcode Struct}.
 * @param octets A multiple of what {@linkcode calcsize} says.
 * @returns The values of each time, read when it is asked.
 * @throws {SyntaxError} If the format is none; at once.
 * @throws {RangeError} If something is left, or the size is 0; at once.
 *
 * @example Pairs
 * ```ts
 * import { iterUnpack } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * const octets = new Uint8Array([1, 2, 3, 4]);
 * assertEquals([...iterUnpack("BB", octets)], [[1, 2], [3, 4]]);
 * ```
 */
export function iterUnpack(
  format: string,
  octets: Uint8Array,
): Generator<StructValue[], void, void> {
  return structOf(format).iterUnpack(octets);
}

/**
 * How many octets a format has.
 *
 * @param format Letters with their counts, see {@linkcode Struct}.
 * @throws {SyntaxError} If it is none.
 * @throws {RangeError} If they are more than `Number.MAX_SAFE_INTEGER`.
 *
 * @example Only native order leaves gaps
 * ```ts
 * import { calcsize } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(calcsize("!H8sb5sb"), 17);
 * assertEquals(calcsize("@bq"), 16);
 * assertEquals(calcsize("=bq"), 9);
 * ```
 */
export function calcsize(format: string): number {
  return structOf(format).size;
}

function structOf(format: string): Struct {
  let struct = structs.get(format);
  if (struct === undefined) {
    struct = new Struct(format);
    if (structs.size >= MAX_FORMATS) structs.clear();
    structs.set(format, struct);
  }
  return struct;
}
