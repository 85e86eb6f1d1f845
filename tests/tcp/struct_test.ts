import { assertEquals, assertNotStrictEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import {
  calcsize,
  iterUnpack,
  pack,
  packInto,
  Struct,
  unpack,
  unpackFrom,
} from "../../tcp/struct.ts";

Deno.test("Struct has its format and its size", () => {
  const struct = new Struct("!H8sb5sb");
  assertEquals([struct.format, struct.size], ["!H8sb5sb", 17]);
});

Deno.test("Struct does what the functions do", () => {
  const format = "<H3sq";
  const struct = new Struct(format);
  const packed = struct.pack(1, "abc", -2);
  assertEquals(packed, pack(format, 1, "abc", -2));
  assertEquals(struct.size, calcsize(format));
  assertEquals(struct.unpack(packed), unpack(format, packed));
  const [one, other] = [new Uint8Array(20), new Uint8Array(20)];
  struct.packInto(one, 5, 1, "abc", -2);
  packInto(format, other, 5, 1, "abc", -2);
  assertEquals(one, other);
  assertEquals(struct.unpackFrom(one, 5), unpackFrom(format, other, 5));
  assertEquals([...struct.iterUnpack(packed)], [...iterUnpack(format, packed)]);
});

Deno.test("Struct.pack() gives new octets, in a buffer of their own", () => {
  const struct = new Struct("!H");
  const [one, other] = [struct.pack(1), struct.pack(2)];
  assertNotStrictEquals(one, other);
  assertEquals([one, other], [new Uint8Array([0, 1]), new Uint8Array([0, 2])]);
  assertEquals(one.buffer.byteLength, 2);
});

Deno.test("Struct.unpackFrom() of a Buffer gives views that are none", () => {
  const buffer = Buffer.from([9, 97, 98, 2, 99, 100, 101]);
  const values = new Struct("2s3pc").unpackFrom(buffer, 1) as Uint8Array[];
  assertEquals(values.map((value) => value.toHex()), ["6162", "6364", "65"]);
  for (const value of values) {
    assertEquals(value.constructor, Uint8Array);
    assertEquals(value.buffer, buffer.buffer);
  }
  buffer.fill(1);
  assertEquals(values[0], new Uint8Array([1, 1]));
});

Deno.test("pack() knows its formats apart, however many there are", () => {
  for (let round = 0; round < 2; round++) {
    for (let size = 1; size <= 250; size++) {
      assertEquals(pack(`>${size}sB`, "a", size).length, size + 1);
      assertEquals(unpackFrom(`>${size}xB`, new Uint8Array(300), 1), [0]);
    }
  }
});

/** Formats that are none, and what is said of them. */
const WRONG: readonly [format: string, why: string][] = [
  ["y", '"y" at index 0 is no format letter'],
  ["!Hy", '"y" at index 2 is no format letter'],
  ["<2h 3z", '"z" at index 5 is no format letter'],
  ["h\0", '"\\u0000" at index 1 is no format letter'],
  ["h\u{1f600}", '"\u{1f600}" at index 1 is no format letter'],
  ["h\ud800", '"\\ud800" at index 1 is no format letter'],
  ["h\xa0", '"\xa0" at index 1 is no format letter'],
  ["-1h", '"-" at index 0 is no format letter'],
  ["4 h", '" " at index 1 is no format letter'],
  ["h3", "the count before index 2 has no letter"],
  ["<12", "the count before index 3 has no letter"],
  ["3\n", '"\\n" at index 1 is no format letter'],
  ["<n", '"n" at index 1 needs native order, "@"'],
  ["=N", '"N" at index 1 needs native order, "@"'],
  ["!H2P", '"P" at index 3 needs native order, "@"'],
  ["h<", '"<" at index 1 is an order, and not the first'],
  [" <h", '"<" at index 1 is an order, and not the first'],
  ["<>h", '">" at index 1 is an order, and not the first'],
  ["2!", '"!" at index 1 is an order, and not the first'],
];

Deno.test("calcsize() counts standard octets without gaps", () => {
  const sizes = { x: 1, c: 1, b: 1, B: 1, "?": 1, h: 2, H: 2, i: 4, I: 4 };
  const others = { l: 4, L: 4, q: 8, Q: 8, e: 2, f: 4, d: 8, s: 1, p: 1 };
  for (const [letter, size] of Object.entries({ ...sizes, ...others })) {
    for (const order of "=<>!") {
      assertEquals(calcsize(order + letter), size, order + letter);
      assertEquals(calcsize(`${order}b3${letter}`), 1 + 3 * size);
    }
  }
});

Deno.test("calcsize() counts native octets and the gaps before them", () => {
  const sizes = { x: 1, c: 1, b: 1, B: 1, "?": 1, h: 2, H: 2, i: 4, I: 4 };
  const others = { l: 8, L: 8, q: 8, Q: 8, n: 8, N: 8, P: 8, e: 2, f: 4, d: 8 };
  for (const [letter, size] of Object.entries({ ...sizes, ...others })) {
    for (const order of ["", "@"]) {
      assertEquals(calcsize(order + letter), size, order + letter);
      assertEquals(calcsize(`${order}b3${letter}`), 4 * size);
      assertEquals(calcsize(`${order}${letter}b`), size + 1); // none at the end
    }
  }
  assertEquals([calcsize("bs"), calcsize("b3p"), calcsize("b0x")], [2, 4, 1]);
});

Deno.test("calcsize() aligns the end with a count of 0, in native order", () => {
  assertEquals([calcsize("@bq0q"), calcsize("@qb"), calcsize("@qb0q")], [
    16,
    9,
    16,
  ]);
  assertEquals([calcsize("@b0h"), calcsize("@b0i"), calcsize("=b0q")], [
    2,
    4,
    1,
  ]);
  assertEquals([calcsize("0q"), calcsize("0s"), calcsize("")], [0, 0, 0]);
});

Deno.test("a format may have white space between letters, and an order first", () => {
  for (const space of [" ", "\t", "\n", "\v", "\f", "\r", "  \r\n "]) {
    assertEquals(calcsize(`<${space}h${space}2i${space}`), 10);
    assertEquals(pack(`!H${space}B`, 1, 2), new Uint8Array([0, 1, 2]));
  }
  assertEquals(calcsize("  "), 0);
});

Deno.test("a format that is none is a SyntaxError that says what and where", () => {
  for (const [format, why] of WRONG) {
    const message = `Cannot use the format ${JSON.stringify(format)}: ${why}`;
    const calls = [
      () => calcsize(format),
      () => new Struct(format),
      () => pack(format, 1),
      () => unpack(format, new Uint8Array(2)),
    ];
    for (const call of calls) {
      assertEquals(assertThrows(call, SyntaxError).message, message);
    }
  }
});

Deno.test("a format that is no text is a TypeError", () => {
  assertThrows(
    () => calcsize(7 as never),
    TypeError,
    "Cannot use the format: it is a number",
  );
});

Deno.test("a format may be large, but its size must be exact", () => {
  const max = Number.MAX_SAFE_INTEGER;
  assertEquals(calcsize(`${max}x`), max);
  assertEquals(calcsize(`<${2 ** 50 - 1}q`), 8 * (2 ** 50 - 1));
  for (const format of [`${max}xb`, `${max + 1}s`, "<1125899906842624q"]) {
    assertThrows(
      () => calcsize(format),
      RangeError,
      `Cannot use the format "${format}": it has over ${max} octets`,
    );
  }
  assertThrows(
    () => calcsize(`${"9".repeat(400)}x`),
    RangeError,
    "it has over",
  );
});

Deno.test("a count may have zeros before it", () => {
  assertEquals(calcsize("<003h"), 6);
  assertEquals(calcsize("<00h"), 0);
});
