/**
 * The layout of encoded values: a tag, and what belongs to it.
 *
 * ```
 *  00 … 7f                                      a whole number, 0 to 127
 *  80 … a8   80 + n   n octets                  text of n ASCII characters
 *  c0 … cf   c0 + n   n values                  an array of n
 *       d0   NULL
 *       d1   UNDEFINED
 *       d2   FALSE
 *       d3   TRUE
 *       d4   INT      i32                       a whole number
 *       d5   DOUBLE   f64                       another number
 *       d6   BIGINT   i64                       a signed bigint
 *       d7   BIGUINT  u64                       a bigint of 2^63 or more
 *       d8   UTF8     u32 n, n octets           text
 *       d9   UTF16    u32 n, n u16              text: short, or not well-formed
 *       da   ARRAY    u32 n, n values           an array
 *       db   INTS     u32 n, n i32              an array of whole numbers
 *       dc   DOUBLES  u32 n, n f64              an array of numbers
 *       dd   OBJECT   (text, value) … END       a plain object
 *       de   END
 *       df   BUFFER   u8 kind, u32 n, n octets  an ArrayBuffer or a view
 * ```
 *
 * Numbers are little-endian and not aligned. The kind of a buffer is the place
 * of its class in {@linkcode CLASSES}. Both sides are of one process, so nothing
 * says which version this is.
 */

/** Longest text whose length is in the tag; beyond it, loops are too slow. */
export const SHORT_TEXT = 40;
/** Longest array whose length is in the tag. */
export const SHORT_ARRAY = 15;

/** What the first octet says. */
export const TAG = {
  TEXT: 0x80,
  SHORT_ARRAY: 0xc0,
  NULL: 0xd0,
  UNDEFINED: 0xd1,
  FALSE: 0xd2,
  TRUE: 0xd3,
  INT: 0xd4,
  DOUBLE: 0xd5,
  BIGINT: 0xd6,
  BIGUINT: 0xd7,
  UTF8: 0xd8,
  UTF16: 0xd9,
  ARRAY: 0xda,
  INTS: 0xdb,
  DOUBLES: 0xdc,
  OBJECT: 0xdd,
  END: 0xde,
  BUFFER: 0xdf,
} as const;

type ViewClass = new (buffer: ArrayBuffer) => ArrayBufferView<ArrayBuffer>;

/** Classes of what holds octets; the place of one is its kind. */
export const CLASSES: readonly (ArrayBufferConstructor | ViewClass)[] = [
  ArrayBuffer,
  DataView,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
  Float16Array,
  Float32Array,
  Float64Array,
];

const kinds = new Map<object, number>(
  CLASSES.map((Class, kind) => [Class.prototype, kind]),
);

/** Answers the name of the class of a typed array, `undefined` for others. */
const nameOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get!;

/** The kind of what holds octets; `undefined` for others, and for subclasses. */
export function kindOf(object: object): number | undefined {
  const kind = kinds.get(Object.getPrototypeOf(object));
  if (kind === undefined) return undefined;
  const name = ArrayBuffer.isView(object)
    ? nameOf.call(object) ?? "DataView"
    : "ArrayBuffer";
  return CLASSES[kind]!.name === name ? kind : undefined;
}
