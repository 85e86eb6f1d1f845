import { kindOf, SHORT_ARRAY, SHORT_TEXT, TAG } from "./_codec_tags.ts";

/** Octets of the scratch at first. */
const SCRATCH = 4096;
/** A scratch of more is given back, unless the last value needed it. */
const LARGE = 2 ** 20;
/** A value of more octets has to take another route. */
const MAX_OCTETS = 2 ** 30;
/** Room for a number, or for a short text in UTF-16. */
const ROOM = 128;
const MAX_DEPTH = 64;
/** Up to here, looking at one after the other is faster than a Set. */
const FEW = 24;

const utf8 = new TextEncoder();

/** Encodes values into one scratch that grows and is reused. */
export class Encoder {
  /** What was encoded, and more; the next `encode()` overwrites it. */
  octets: Uint8Array<ArrayBuffer> = new Uint8Array(SCRATCH);
  /** How many of the octets were encoded. */
  length = 0;
  #view: DataView<ArrayBuffer> = new DataView(this.octets.buffer);
  #busy = false;
  /** The objects of the value, to tell if one occurs twice. */
  readonly #few: (object | undefined)[] = new Array(FEW).fill(undefined);
  readonly #many = new Set<object>();
  #count = 0;

  /**
   * Encodes a value from the start of the scratch.
   *
   * Plain data only: `undefined`, `null`, booleans, numbers, strings, bigints of
   * 64 bits, arrays without holes, plain objects, and buffers and views that are
   * neither shared nor resizable. No object twice, since it would arrive as two.
   *
   * @returns Whether it was encoded; if not, take another route.
   * @throws What a getter of the value throws.
   */
  encode(value: unknown): boolean {
    if (this.#busy) return false; // busy: in a getter
    const wasLarge = this.length > LARGE;
    if (this.octets.length > LARGE && !wasLarge) this.#allocate(SCRATCH);
    this.length = 0;
    this.#busy = true;
    try {
      return this.#value(value, 0);
    } finally {
      this.#forget();
      this.#busy = false;
    }
  }

  #value(value: unknown, depth: number): boolean {
    if (!this.#reserve(ROOM)) return false;
    switch (typeof value) {
      case "number":
        return this.#number(value);
      case "string":
        return this.#text(value);
      case "boolean":
        return this.#tag(value ? TAG.TRUE : TAG.FALSE);
      case "undefined":
        return this.#tag(TAG.UNDEFINED);
      case "bigint":
        return this.#bigint(value);
      case "object":
        return value === null
          ? this.#tag(TAG.NULL)
          : depth < MAX_DEPTH && this.#object(value, depth + 1);
      default:
        return false;
    }
  }

  #number(value: number): boolean {
    const at = this.length;
    if (!isInteger(value)) {
      this.octets[at] = TAG.DOUBLE;
      this.#view.setFloat64(at + 1, value, true);
      this.length = at + 9;
    } else if (value >= 0 && value < TAG.TEXT) {
      this.octets[at] = value;
      this.length = at + 1;
    } else {
      this.octets[at] = TAG.INT;
      this.#view.setInt32(at + 1, value, true);
      this.length = at + 5;
    }
    return true;
  }

  #bigint(value: bigint): boolean {
    const signed = BigInt.asIntN(64, value) === value;
    if (!signed && BigInt.asUintN(64, value) !== value) return false;
    this.#tag(signed ? TAG.BIGINT : TAG.BIGUINT);
    this.#view.setBigInt64(this.length, value, true);
    this.length += 8;
    return true;
  }

  #text(text: string): boolean {
    const { length } = text;
    if (length > SHORT_TEXT) return this.#longText(text);
    const octets = this.octets;
    let at = this.length;
    octets[at++] = TAG.TEXT + length;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) return this.#units(text);
      octets[at++] = unit;
    }
    this.length = at;
    return true;
  }

  #longText(text: string): boolean {
    const { length } = text;
    if (!this.#reserve(5 + length)) return false;
    let { read, written } = this.#encodeText(text);
    const isAscii = read === length && written === length;
    if (!isAscii && !text.isWellFormed()) return this.#units(text);
    if (read < length) {
      if (!this.#reserve(5 + 3 * length)) return false;
      ({ written } = this.#encodeText(text));
    }
    this.#head(TAG.UTF8, written);
    this.length += written;
    return true;
  }

  #encodeText(text: string): TextEncoderEncodeIntoResult {
    return utf8.encodeInto(text, this.octets.subarray(this.length + 5));
  }

  #units(text: string): boolean {
    const { length } = text;
    if (!this.#reserve(5 + 2 * length)) return false;
    this.#head(TAG.UTF16, length);
    for (let i = 0; i < length; i++, this.length += 2) {
      this.#view.setUint16(this.length, text.charCodeAt(i), true);
    }
    return true;
  }

  #object(object: object, depth: number): boolean {
    const prototype = Object.getPrototypeOf(object);
    if (Array.isArray(object)) {
      return prototype === Array.prototype && this.#array(object, depth);
    }
    if (prototype === Object.prototype) return this.#properties(object, depth);
    return this.#buffer(object);
  }

  #array(array: readonly unknown[], depth: number): boolean {
    if (!this.#isNew(array)) return false;
    const items = Object.values(array); // without holes, with properties
    const { length } = items;
    if (length !== array.length) return false;
    if (array.includes(undefined) && !isDense(array)) return false;
    if (length <= SHORT_ARRAY) {
      this.#tag(TAG.SHORT_ARRAY + length);
    } else {
      if (this.#integers(items) || this.#doubles(items)) return true;
      this.#head(TAG.ARRAY, length);
    }
    for (let i = 0; i < length; i++) {
      if (!this.#value(items[i], depth)) return false;
    }
    return true;
  }

  #integers(items: readonly unknown[]): boolean {
    const { length } = items;
    if (!isInteger(items[0]) || !this.#reserve(5 + 4 * length)) return false;
    const view = this.#view;
    let at = this.length + 5;
    for (let i = 0; i < length; i++) {
      const value = items[i];
      if (!isInteger(value)) return false;
      view.setInt32(at, value, true);
      at += 4;
    }
    this.#head(TAG.INTS, length);
    this.length = at;
    return true;
  }

  #doubles(items: readonly unknown[]): boolean {
    const { length } = items;
    if (typeof items[0] !== "number") return false;
    if (!this.#reserve(5 + 8 * length)) return false;
    const view = this.#view;
    let at = this.length + 5;
    for (let i = 0; i < length; i++) {
      const value = items[i];
      if (typeof value !== "number") return false;
      view.setFloat64(at, value, true);
      at += 8;
    }
    this.#head(TAG.DOUBLES, length);
    this.length = at;
    return true;
  }

  #properties(object: object, depth: number): boolean {
    for (const _inherited in Object.prototype) return false;
    if (!this.#isNew(object)) return false;
    const properties = object as Readonly<Record<string, unknown>>;
    this.#tag(TAG.OBJECT);
    for (const key in properties) {
      if (key === "__proto__" || !this.#reserve(ROOM)) return false;
      if (!this.#text(key) || !this.#value(properties[key], depth)) {
        return false;
      }
    }
    return this.#reserve(1) && this.#tag(TAG.END);
  }

  #buffer(object: object): boolean {
    const kind = kindOf(object);
    if (kind === undefined) return false;
    const { buffer, byteOffset } = ArrayBuffer.isView(object)
      ? object
      : { buffer: object, byteOffset: 0 };
    if (!isPlain(buffer) || !this.#isNew(buffer)) return false;
    const { byteLength } = object as ArrayBuffer | ArrayBufferView;
    if (!this.#reserve(6 + byteLength)) return false;
    this.#tag(TAG.BUFFER);
    this.#head(kind, byteLength);
    const octets = new Uint8Array(buffer, byteOffset, byteLength);
    this.octets.set(octets, this.length);
    this.length += byteLength;
    return true;
  }

  /** Whether the value has not had this object yet. */
  #isNew(object: object): boolean {
    const few = this.#few;
    const count = this.#count++;
    if (count < FEW) {
      for (let i = 0; i < count; i++) if (few[i] === object) return false;
      few[count] = object;
      return true;
    }
    const many = this.#many;
    if (count === FEW) { for (const one of few) many.add(one!); }
    return many.add(object).size > count;
  }

  /** Keeps nothing of the value alive. */
  #forget(): void {
    if (this.#count > FEW) this.#many.clear();
    for (let i = Math.min(this.#count, FEW); i-- > 0;) this.#few[i] = undefined;
    this.#count = 0;
  }

  #tag(tag: number): true {
    this.octets[this.length++] = tag;
    return true;
  }

  #head(tag: number, count: number): void {
    this.#tag(tag);
    this.#view.setUint32(this.length, count, true);
    this.length += 4;
  }

  #reserve(more: number): boolean {
    const needed = this.length + more;
    return needed <= this.octets.length || this.#grow(needed);
  }

  #grow(needed: number): boolean {
    if (needed > MAX_OCTETS) return false;
    const before = this.octets;
    this.#allocate(Math.max(needed, 2 * before.length));
    this.octets.set(before.subarray(0, this.length));
    return true;
  }

  #allocate(length: number): void {
    this.octets = new Uint8Array(length);
    this.#view = new DataView(this.octets.buffer);
  }
}

/** Whether it fits in 32 bits; -0 does not. */
function isInteger(value: unknown): value is number {
  return typeof value === "number" && (value | 0) === value &&
    !Object.is(value, -0);
}

function isDense(array: readonly unknown[]): boolean {
  for (let i = 0; i < array.length; i++) {
    if (array[i] === undefined && !Object.hasOwn(array, i)) return false;
  }
  return true;
}

/** Whether it is a buffer that is neither shared, resizable nor detached. */
function isPlain(buffer: object): buffer is ArrayBuffer {
  if (Object.getPrototypeOf(buffer) !== ArrayBuffer.prototype) return false;
  try {
    const { resizable, detached } = buffer as ArrayBuffer;
    return !resizable && !detached;
  } catch {
    return false; // it only inherits from ArrayBuffer
  }
}
