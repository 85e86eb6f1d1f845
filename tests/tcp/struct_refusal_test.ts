import { assertEquals, assertThrows } from "@std/assert";
import { pack, packInto, type StructInput } from "../../tcp/struct.ts";

/** Each integer with its least and its greatest value. */
const RANGES: readonly [format: string, min: bigint, max: bigint][] = [
  ["<b", -128n, 127n],
  ["<B", 0n, 255n],
  ["<h", -32768n, 32767n],
  ["<H", 0n, 65535n],
  ["<i", -2147483648n, 2147483647n],
  ["<I", 0n, 4294967295n],
  ["<l", -2147483648n, 2147483647n],
  ["<L", 0n, 4294967295n],
  ["<q", -9223372036854775808n, 9223372036854775807n],
  ["<Q", 0n, 18446744073709551615n],
  ["@l", -9223372036854775808n, 9223372036854775807n],
  ["@L", 0n, 18446744073709551615n],
  ["@n", -9223372036854775808n, 9223372036854775807n],
  ["@N", 0n, 18446744073709551615n],
  ["@P", -9223372036854775808n, 18446744073709551615n],
];

const OCTETS = new Uint8Array(1);

/** Letters, and values of types that they do not take. */
const TYPES: readonly [
  letters: string,
  wanted: string,
  values: readonly unknown[],
][] = [
  [
    "bBhHiIlLqQ",
    "a number or a bigint",
    ["1", true, null, undefined, OCTETS, {}, Symbol("1"), () => 1],
  ],
  ["efd", "a number", ["1", 1n, true, null, undefined, OCTETS, {}]],
  ["?", "a boolean", [0, 1, 1n, "true", null, undefined, OCTETS]],
  [
    "csp",
    "a Uint8Array or ASCII text",
    [1, 1n, true, null, undefined, [1], new ArrayBuffer(1), new Int8Array(1)],
  ],
];

function refused(
  type: typeof RangeError | typeof TypeError,
  message: string,
  format: string,
  ...values: unknown[]
): void {
  const call = () => pack(format, ...values as StructInput[]);
  assertEquals(assertThrows(call, type).message, message);
}

Deno.test("pack() refuses integers out of range", () => {
  for (const [format, min, max] of RANGES) {
    pack(format, min);
    pack(format, max);
    for (const value of [min - 1n, max + 1n, -(2n ** 70n), 2n ** 70n]) {
      const why = `it is ${value}, not an integer from ${min} to ${max}`;
      const message = `Cannot pack values[0] as "${format[1]}": ${why}`;
      refused(RangeError, message, format, value);
      if (Number.isSafeInteger(Number(value))) {
        refused(RangeError, message, format, Number(value));
      }
    }
  }
});

Deno.test("pack() refuses numbers that are no integers", () => {
  for (const [format, min, max] of RANGES) {
    for (const value of [0.5, -0.5, NaN, Infinity, -Infinity, 1e300]) {
      const why = `it is ${value}, not an integer from ${min} to ${max}`;
      const message = `Cannot pack values[0] as "${format[1]}": ${why}`;
      refused(RangeError, message, format, value);
    }
  }
});

Deno.test("pack() refuses integers that may be rounded", () => {
  for (const value of [2 ** 53, 2 ** 60]) {
    refused(
      RangeError,
      `Cannot pack values[0] as "Q": it is ${value}, which may be rounded: use a bigint`,
      "<Q",
      value,
    );
  }
});

Deno.test("pack() refuses numbers that are too large for e and f, in every order", () => {
  const f = 3.4028235677973366e38; // halfway to the next, which is none
  for (const order of ["", "@", "=", "<", ">", "!"]) {
    for (const [letter, value] of [["e", 65520], ["f", f]] as const) {
      for (const large of [value, -value, Number.MAX_VALUE]) {
        const message =
          `Cannot pack values[0] as "${letter}": it is ${large}, too large`;
        refused(RangeError, message, order + letter, large);
      }
    }
  }
});

Deno.test("pack() refuses values of other types", () => {
  for (const [letters, wanted, values] of TYPES) {
    for (const letter of letters) {
      for (const value of values) {
        const type = value === null ? "null" : typeof value;
        const message =
          `Cannot pack values[0] as "${letter}": its type is ${type}, not ${wanted}`;
        refused(TypeError, message, `<${letter}`, value);
      }
    }
  }
});

Deno.test("pack() says which value it refuses", () => {
  refused(
    RangeError,
    'Cannot pack values[3] as "B": it is 256, not an integer from 0 to 255',
    "!H2BB",
    1,
    2,
    3,
    256,
  );
  refused(
    TypeError,
    'Cannot pack values[2] as "H": its type is string, not a number or a bigint',
    "4s0i2H",
    "abcd",
    1,
    "x",
  );
});

Deno.test("pack() takes exactly one octet for c", () => {
  for (const value of ["", "ab", new Uint8Array(0), new Uint8Array(2)]) {
    refused(
      RangeError,
      `Cannot pack values[1] as "c": it is ${value.length} octets, not one`,
      "2c",
      "a",
      value,
    );
  }
});

Deno.test("pack() refuses text that is not of ASCII, even where it would be cut", () => {
  for (const text of ["\x80", "é", "aaaa\u20ac", "\u{1f600}"]) {
    for (const format of ["9s", "9p", "2s", "0s"]) {
      refused(
        RangeError,
        `Cannot pack values[0] as "${
          format[1]
        }": it is text, not of ASCII: encode it first`,
        format,
        text,
      );
    }
  }
});

Deno.test("pack() and packInto() take as many values as the format has", () => {
  const formats: [string, number][] = [
    ["", 0],
    ["3x", 0],
    ["0h", 0],
    ["!HH", 2],
    ["3h2s", 4],
    ["0s0p", 2],
  ];
  for (const [format, count] of formats) {
    for (const wrong of [count - 1, count + 1, count + 100]) {
      if (wrong < 0) continue;
      const values: number[] = Array(wrong).fill(0);
      const message =
        `Cannot pack "${format}": it takes ${count} values, not ${wrong}`;
      refused(TypeError, message, format, ...values);
      const buffer = new Uint8Array(100);
      const call = () => packInto(format, buffer, 0, ...values);
      assertEquals(assertThrows(call, TypeError).message, message);
    }
  }
});
