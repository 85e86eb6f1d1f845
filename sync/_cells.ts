/** Kinds of numbers that can be shared. */
export type SharedKind = "i32" | "i64" | "f64";

/** What a kind holds: `bigint` for `"i64"`, `number` for the others. */
export type SharedNumber<K extends SharedKind> = K extends "i64" ? bigint
  : number;

/** Numbers in shared memory, each of which is changed atomically. */
export interface Cells<V> {
  readonly buffer: SharedArrayBuffer;
  readonly length: number;
  get(index: number): V;
  set(index: number, value: V): void;
  /** Answers what was there before. */
  add(index: number, value: V): V;
  /** Answers what was there before; writes only if that is `expected`. */
  compareExchange(index: number, expected: V, replacement: V): V;
}

const BYTES: Readonly<Record<SharedKind, number>> = { i32: 4, i64: 8, f64: 8 };

/**
 * Makes cells over new memory, or over memory that is shared already.
 *
 * @param kind Kind of the numbers.
 * @param from How many, all 0, or the memory.
 */
export function cellsOf<K extends SharedKind>(
  kind: K,
  from: number | SharedArrayBuffer,
): Cells<SharedNumber<K>> {
  if (!Object.hasOwn(BYTES, kind)) {
    throw new TypeError(
      `Cannot share numbers of kind "${kind}": use i32, i64 or f64`,
    );
  }
  if (typeof from === "number" && !(Number.isInteger(from) && from >= 0)) {
    throw new RangeError(
      `Cannot share ${from} numbers: it must be a whole number of 0 or more`,
    );
  }
  const buffer = typeof from === "number"
    ? new SharedArrayBuffer(from * BYTES[kind])
    : from;
  const make = { i32: integers, i64: bigIntegers, f64: floats }[kind];
  return make(buffer) as Cells<never> as Cells<SharedNumber<K>>;
}

function integers(buffer: SharedArrayBuffer): Cells<number> {
  const words = new Int32Array(buffer);
  return {
    buffer,
    length: words.length,
    get: (index) => Atomics.load(words, index),
    set: (index, value) => void Atomics.store(words, index, value),
    add: (index, value) => Atomics.add(words, index, value),
    compareExchange: (index, expected, replacement) =>
      Atomics.compareExchange(words, index, expected, replacement),
  };
}

function bigIntegers(buffer: SharedArrayBuffer): Cells<bigint> {
  const words = new BigInt64Array(buffer);
  return {
    buffer,
    length: words.length,
    get: (index) => Atomics.load(words, index),
    set: (index, value) => void Atomics.store(words, index, value),
    add: (index, value) => Atomics.add(words, index, value),
    compareExchange: (index, expected, replacement) =>
      Atomics.compareExchange(words, index, expected, replacement),
  };
}

/** Atomics know no floating point: the bits travel as 64-bit integers. */
function floats(buffer: SharedArrayBuffer): Cells<number> {
  const words = new BigInt64Array(buffer);
  const float = new Float64Array(1);
  const bits = new BigInt64Array(float.buffer);
  const toBits = (value: number): bigint => {
    float[0] = value;
    return bits[0]!;
  };
  const toFloat = (word: bigint): number => {
    bits[0] = word;
    return float[0]!;
  };
  const exchange = (index: number, expected: bigint, replacement: bigint) =>
    Atomics.compareExchange(words, index, expected, replacement);
  return {
    buffer,
    length: words.length,
    get: (index) => toFloat(Atomics.load(words, index)),
    set: (index, value) => void Atomics.store(words, index, toBits(value)),
    add: (index, value) => {
      for (;;) {
        const before = Atomics.load(words, index);
        const after = toBits(toFloat(before) + value);
        if (exchange(index, before, after) === before) return toFloat(before);
      }
    },
    compareExchange: (index, expected, replacement) =>
      toFloat(exchange(index, toBits(expected), toBits(replacement))),
  };
}
