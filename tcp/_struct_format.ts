/**
 * Reads formats: an order, then letters, each with a count before it.
 *
 * ```
 * format = [ "@" / "=" / "<" / ">" / "!" ] *( space / [ count ] letter )
 * ```
 */
import { type Kind, NATIVE, STANDARD } from "./_struct_letters.ts";

/** A letter of a format, with its count. */
export interface Field {
  readonly kind: Kind;
  /** As the format spells it. */
  readonly letter: string;
  /** How many values; of `s` and `p`, how many octets the one value has. */
  readonly count: number;
  /** Where its octets begin. */
  readonly at: number;
  /** Least value of an integer. */
  readonly min: number;
  /** First value above those of an integer. */
  readonly end: number;
}

/** What a format says. */
export interface Layout {
  readonly format: string;
  /** Octets in all. */
  readonly size: number;
  /** Values in all. */
  readonly length: number;
  readonly isLittle: boolean;
  /** Those that have values. */
  readonly fields: readonly Field[];
}

const ORDERS = "@=<>!";

/** White space of C; or a count and its letter, either of which may be missing. */
const TOKEN = /[\t-\r ]+|([0-9]*)([^0-9]|$)/gu;

/**
 * Reads a format.
 *
 * @throws {SyntaxError} If it is none.
 * @throws {RangeError} If its size is above `Number.MAX_SAFE_INTEGER`.
 */
export function parseFormat(format: string): Layout {
  if (typeof format !== "string") {
    throw new TypeError(`Cannot use the format: it is a ${typeof format}`);
  }
  const order = ORDERS.includes(format.charAt(0)) ? format.charAt(0) : "";
  const isNative = order === "" || order === "@";
  const letters = isNative ? NATIVE : STANDARD;
  const fields: Field[] = [];
  let [size, length] = [0, 0];
  for (const match of format.slice(order.length).matchAll(TOKEN)) {
    const [token, digits, letter] = match;
    if (letter === undefined || token === "") continue; // white space, the end
    const found = letters.get(letter);
    if (found === undefined) {
      const at = order.length + match.index + digits!.length;
      throw new SyntaxError(`Cannot use ${told(format)}: ${why(letter, at)}`);
    }
    const { kind, bytes, min, end } = found;
    const count = digits === "" ? 1 : Number(digits);
    const at = isNative ? Math.ceil(size / bytes) * bytes : size;
    size = at + count * bytes;
    if (size > Number.MAX_SAFE_INTEGER) {
      throw new RangeError(
        `Cannot use ${
          told(format)
        }: it has over ${Number.MAX_SAFE_INTEGER} octets`,
      );
    }
    const values = kind === "x" ? 0 : kind === "s" || kind === "p" ? 1 : count;
    if (values > 0) fields.push({ kind, letter, count, at, min, end });
    length += values;
  }
  const isLittle = order !== ">" && order !== "!"; // Deno has no other platforms
  return { format, size, length, isLittle, fields };
}

/** Why a letter cannot be used. */
function why(letter: string, at: number): string {
  if (letter === "") return `the count before index ${at} has no letter`;
  const what = `${JSON.stringify(letter)} at index ${at}`;
  if (NATIVE.has(letter)) return `${what} needs native order, "@"`;
  if (ORDERS.includes(letter)) return `${what} is an order, and not the first`;
  return `${what} is no format letter`;
}

function told(format: string): string {
  return `the format ${JSON.stringify(format)}`;
}
