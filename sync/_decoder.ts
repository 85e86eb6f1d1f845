import { CLASSES, SHORT_TEXT, TAG } from "./_codec_tags.ts";

/** An array of more would be a slow one if it were made at once. */
const MAX_PRESIZED = 2 ** 25;
/** UTF-16 units that are joined at once. */
const PIECE = 1024;
const KEYS = 512;

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
/** Keys that were read before, each at its hash; a new one takes the place. */
const keys: string[] = new Array(KEYS).fill("");
const float = new DataView(new ArrayBuffer(8));

/**
 * Decodes what an `Encoder` encoded; a copy, not a view of the octets.
 *
 * @throws {RangeError} If that is not what the octets hold.
 */
export function decode(
  octets: Uint8Array,
  start: number,
  end: number,
): unknown {
  const reader = new Reader(octets, start, end);
  const value = reader.value();
  reader.finish();
  return value;
}

/** Where in the octets the decoding has got to. */
class Reader {
  readonly #octets: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(octets: Uint8Array, start: number, end: number) {
    this.#octets = octets;
    this.#at = start;
    this.#end = end;
  }

  finish(): void {
    if (this.#at !== this.#end) throw damaged();
  }

  value(): unknown {
    const tag = this.#octets[this.#at++]!;
    if (tag < TAG.TEXT) return tag;
    if (tag < TAG.SHORT_ARRAY) return this.#ascii(tag - TAG.TEXT);
    if (tag < TAG.NULL) return this.#array(tag - TAG.SHORT_ARRAY);
    switch (tag) {
      case TAG.NULL:
        return null;
      case TAG.UNDEFINED:
        return undefined;
      case TAG.FALSE:
        return false;
      case TAG.TRUE:
        return true;
      case TAG.INT:
        return this.#word();
      case TAG.DOUBLE:
        return this.#eight().getFloat64(0, true);
      case TAG.OBJECT:
        return this.#object();
      case TAG.UTF8:
        return utf8.decode(this.#take(this.#count(1)));
      case TAG.UTF16:
        return this.#units(this.#count(2));
      case TAG.ARRAY:
        return this.#array(this.#count(1));
      case TAG.INTS:
        return this.#integers(this.#count(4));
      case TAG.DOUBLES:
        return this.#doubles(this.#count(8));
      case TAG.BIGINT:
        return this.#eight().getBigInt64(0, true);
      case TAG.BIGUINT:
        return this.#eight().getBigUint64(0, true);
      case TAG.BUFFER:
        return this.#buffer(this.#octets[this.#at++]!, this.#count(1));
    }
    throw damaged();
  }

  #ascii(length: number): string {
    const octets = this.#octets;
    let at = this.#at;
    const end = this.#at += length;
    let text = "";
    for (; at + 8 <= end; at += 8) {
      text += String.fromCharCode(
        octets[at]!,
        octets[at + 1]!,
        octets[at + 2]!,
        octets[at + 3]!,
        octets[at + 4]!,
        octets[at + 5]!,
        octets[at + 6]!,
        octets[at + 7]!,
      );
    }
    for (; at < end; at++) text += String.fromCharCode(octets[at]!);
    return text;
  }

  #units(length: number): string {
    let text = "";
    for (let left = length; left > 0; left -= PIECE) {
      const octets = this.#take(2 * Math.min(left, PIECE));
      const units: number[] = [];
      for (let at = 0; at < octets.length; at += 2) {
        units.push(octets[at]! | octets[at + 1]! << 8);
      }
      text += String.fromCharCode(...units);
    }
    return text;
  }

  #array(length: number): unknown[] {
    const items = sized<unknown>(length);
    for (let i = 0; i < length; i++) items[i] = this.value();
    return items;
  }

  #integers(length: number): number[] {
    const view = viewOf(this.#take(4 * length));
    const items = sized<number>(length);
    for (let i = 0; i < length; i++) items[i] = view.getInt32(4 * i, true);
    return items;
  }

  #doubles(length: number): number[] {
    const view = viewOf(this.#take(8 * length));
    const items = sized<number>(length);
    for (let i = 0; i < length; i++) items[i] = view.getFloat64(8 * i, true);
    return items;
  }

  #object(): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    while (this.#octets[this.#at] !== TAG.END) {
      const key = this.#key();
      object[key] = this.value();
    }
    this.#at++;
    return object;
  }

  /** A key; mostly one that was read before, so that no string is made. */
  #key(): string {
    const octets = this.#octets;
    const start = this.#at + 1;
    const length = octets[start - 1]! - TAG.TEXT;
    const isShort = length >= 0 && length <= SHORT_TEXT;
    if (!isShort) return this.value() as string;
    const end = start + length;
    let hash = 0;
    for (let i = start; i < end; i++) hash = Math.imul(hash, 31) + octets[i]!;
    const slot = (hash ^ hash >>> 9) & KEYS - 1;
    const known = keys[slot]!;
    if (known.length === length) {
      let i = 0;
      while (i < length && known.charCodeAt(i) === octets[start + i]) i++;
      if (i === length) {
        this.#at = end;
        return known;
      }
    }
    this.#at = start;
    return keys[slot] = this.#ascii(length);
  }

  #buffer(kind: number, length: number): unknown {
    const octets = this.#take(length).slice();
    const Class = CLASSES[kind]!;
    if (Class === Uint8Array) return octets;
    if (Class === ArrayBuffer) return octets.buffer;
    return new Class(octets.buffer as never);
  }

  #word(): number {
    const octets = this.#octets;
    const at = this.#at;
    this.#at = at + 4;
    return octets[at]! | octets[at + 1]! << 8 | octets[at + 2]! << 16 |
      octets[at + 3]! << 24;
  }

  #eight(): DataView {
    float.setInt32(0, this.#word(), true);
    float.setInt32(4, this.#word(), true);
    return float;
  }

  #count(each: number): number {
    const count = this.#word() >>> 0;
    if (count * each > this.#end - this.#at) throw damaged();
    return count;
  }

  #take(length: number): Uint8Array {
    this.#at += length;
    return this.#octets.subarray(this.#at - length, this.#at);
  }
}

function sized<T>(length: number): T[] {
  return length > MAX_PRESIZED ? [] : new Array(length);
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function damaged(): RangeError {
  return new RangeError("Cannot decode a value: the octets are damaged");
}
