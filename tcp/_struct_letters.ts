/**
 * The letters of formats: how many octets each has, and what it holds.
 *
 * ```
 *          octets                                octets
 * letter  < > ! =    @                  letter  < > ! =    @
 *   x        1       1   no value         q, Q     8       8   integer
 *   c        1       1   one octet        n, N     -       8   integer
 *   b, B     1       1   integer          P        -       8   address
 *   ?        1       1   boolean          e        2       2   half
 *   h, H     2       2   integer          f        4       4   single
 *   i, I     4       4   integer          d        8       8   double
 *   l, L     4       8   integer          s, p   count   count octets
 * ```
 *
 * Native sizes are those of 64-bit Unix on every system, so that a format means
 * the same everywhere.
 */

/** How octets are read and written; letters that do it alike share one. */
export type Kind =
  | "?"
  | "B"
  | "H"
  | "I"
  | "Q"
  | "b"
  | "c"
  | "d"
  | "e"
  | "f"
  | "h"
  | "i"
  | "p"
  | "q"
  | "s"
  | "x";

/** What a letter means. */
export interface Letter {
  readonly kind: Kind;
  /** Octets of one; native places are multiples of it. */
  readonly bytes: number;
  /** Least value of an integer. */
  readonly min: number;
  /** First value above those of an integer. */
  readonly end: number;
}

/** The letters after `<`, `>`, `!` and `=`. */
export const STANDARD: ReadonlyMap<string, Letter> = new Map([
  ["x", other("x", 1)],
  ["c", other("c", 1)],
  ["s", other("s", 1)],
  ["p", other("p", 1)],
  ["?", other("?", 1)],
  ["b", integer("b", 1)],
  ["B", integer("B", 1)],
  ["h", integer("h", 2)],
  ["H", integer("H", 2)],
  ["i", integer("i", 4)],
  ["I", integer("I", 4)],
  ["l", integer("i", 4)],
  ["L", integer("I", 4)],
  ["q", integer("q", 8)],
  ["Q", integer("Q", 8)],
  ["e", other("e", 2)],
  ["f", other("f", 4)],
  ["d", other("d", 8)],
]);

/** The letters after `@`, or after no order at all. */
export const NATIVE: ReadonlyMap<string, Letter> = new Map([
  ...STANDARD,
  ["l", integer("q", 8)],
  ["L", integer("Q", 8)],
  ["n", integer("q", 8)],
  ["N", integer("Q", 8)],
  ["P", { ...integer("Q", 8), min: -(2 ** 63) }], // CPython: -1 is the last one
]);

function integer(kind: Kind, bytes: number): Letter {
  const values = 2 ** (8 * bytes);
  const isSigned = kind === kind.toLowerCase();
  const min = isSigned ? -values / 2 : 0;
  return { kind, bytes, min, end: min + values };
}

function other(kind: Kind, bytes: number): Letter {
  return { kind, bytes, min: 0, end: 0 };
}
