import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { decode, Encoder } from "../../sync/_codec.ts";

const encoder = new Encoder();

type View = ArrayBufferView<ArrayBuffer>;
const VIEWS: (new (of: ArrayBuffer, offset: number, length: number) => View)[] =
  [
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

/** What arrives of a value; the octets that it came by are gone. */
function roundTrip<T>(value: T, by = encoder): T {
  assert(by.encode(value), "it was not encoded");
  const octets = by.octets.slice(0, by.length);
  by.octets.fill(0xff);
  const arrived = decode(octets, 0, octets.length);
  octets.fill(0xff);
  return arrived as T;
}

Deno.test("Encoder keeps every number as it is", () => {
  const numbers = [0, -0, 1, -1, 0.5, NaN, Infinity, -Infinity];
  numbers.push(5e-324, -5e-324, 2.2250738585072014e-308, Number.MAX_VALUE);
  for (const edge of [7, 8, 15, 16, 31, 32, 52, 53, 63].map((n) => 2 ** n)) {
    for (const near of [edge - 1, edge, edge + 1, edge + 0.5]) {
      numbers.push(near, -near);
    }
  }
  for (const number of numbers) {
    assert(Object.is(roundTrip(number), number), String(number));
  }
});

Deno.test("Encoder keeps null, booleans, and undefined inside", () => {
  for (const value of [null, true, false]) {
    assertStrictEquals(roundTrip(value), value);
  }
  assertEquals(roundTrip([undefined, null]), [undefined, null]);
  const arrived = roundTrip({ none: undefined });
  assertEquals([Object.keys(arrived), arrived.none], [["none"], undefined]);
  assertEquals(roundTrip(undefined), undefined);
});

Deno.test("Encoder keeps bigints of 64 bits, and leaves others", () => {
  const [i63, u64] = [2n ** 63n, 2n ** 64n];
  for (const value of [0n, 1n, -1n, i63 - 1n, -i63, i63, u64 - 1n]) {
    assertStrictEquals(roundTrip(value), value);
  }
  for (const value of [u64, -i63 - 1n, 10n ** 40n]) {
    assertEquals(encoder.encode(value), false, String(value));
  }
});

Deno.test("Encoder keeps text of every length and alphabet", () => {
  const lengths = [0, 1, 7, 8, 9, 15, 16, 17, 39, 40, 41, 63, 64, 255, 256];
  for (const length of [...lengths, 4091, 4096, 65535, 65536]) {
    for (const unit of ["a", "\x7f", "\x80", "é", "漢", "😀", "\0", "\ud83d"]) {
      const text = unit.repeat(length);
      assertStrictEquals(roundTrip(text), text);
      assertStrictEquals(roundTrip(text, new Encoder()), text);
      assertEquals(roundTrip([text, 5]), [text, 5]);
    }
  }
});

Deno.test("Encoder keeps marks of order, and surrogates without their pair", () => {
  for (const odd of ["\ufeff", "\ufffe", "\ud800", "\udfff", "\udc00\ud800"]) {
    for (const fill of ["", "abc", "x".repeat(50), "x".repeat(5000), "漢字"]) {
      for (const text of [odd + fill, fill + odd, fill + odd + fill]) {
        assertStrictEquals(roundTrip(text, new Encoder()), text);
      }
    }
  }
});

Deno.test("Encoder keeps arrays, dense ones of any length", () => {
  for (const length of [0, 1, 2, 15, 16, 17, 255, 256, 10_000]) {
    const makes: ((i: number) => unknown)[] = [
      (i) => i - 3,
      (i) => i + 0.5,
      (i) => `item ${i}`,
      (i) => i % 2 === 0,
      (i) => i + 1 < length ? i : 0.5,
      (i) => i + 1 < length ? i : -0,
      (i) => i + 1 < length ? i : 2 ** 31,
      (i) => i + 1 < length ? i : "last",
      (i) => i + 1 < length ? i / 2 : undefined,
    ];
    for (const make of makes) {
      const array = Array.from({ length }, (_, i) => make(i));
      const arrived = roundTrip(array);
      assertEquals(arrived, array);
      assert(arrived.every((item, i) => Object.is(item, array[i])));
    }
  }
});

Deno.test("Encoder keeps what is nested", () => {
  const values = [
    [7, 3, [1, 2]],
    [[], [[]], {}, [{}]],
    { a: { b: [{ c: null }, "d"] }, e: [[1.5, [2n]], { f: false }] },
    Array.from({ length: 40 }, (_, id) => ({ id, tags: [`t${id}`, id] })),
  ];
  for (const value of values) assertEquals(roundTrip(value), value);
});

Deno.test("Encoder keeps keys, and their order", () => {
  const long = "k".repeat(300);
  const keys = ["b", "10", "1", "01", "", "a b", "é", "漢字", "😀", "\ud800"];
  keys.push(long, `${long}é`, "constructor", "toString", "length", "-1");
  const object = Object.fromEntries(keys.map((key, i) => [key, i]));
  for (const value of [{}, object, { ...object, inner: { ...object } }]) {
    const arrived = roundTrip(value);
    assertEquals(Object.entries(arrived), Object.entries(value));
    assertStrictEquals(Object.getPrototypeOf(arrived), Object.prototype);
  }
});

Deno.test("Encoder keeps more keys than the decoder remembers", () => {
  const names = Array.from({ length: 3000 }, (_, i) => `key${i}`);
  for (const part of [names.slice(0, 1000), names, names.toReversed()]) {
    const object = Object.fromEntries(part.map((name) => [name, `${name}!`]));
    assertEquals(Object.entries(roundTrip(object)), Object.entries(object));
  }
});

Deno.test("Encoder reads enumerable properties, getters too", () => {
  const object = {
    [Symbol.toStringTag]: "Odd",
    get sum() {
      return 1 + 2;
    },
  };
  Object.defineProperty(object, "hidden", { value: 1, enumerable: false });
  assertEquals(Object.entries(roundTrip<object>(object)), [["sum", 3]]);
  assertEquals(roundTrip(Object.freeze([1, "a"])), [1, "a"]);
});

Deno.test("Encoder copies buffers and views of every kind", () => {
  const memory = new ArrayBuffer(64);
  for (let i = 0; i < 64; i++) new Uint8Array(memory)[i] = 3 * i;
  for (const Kind of VIEWS) {
    for (const [offset, length] of [[0, 0], [8, 1], [16, 3], [0, 8]] as const) {
      const view = new Kind(memory, offset, length);
      const arrived = roundTrip(view);
      assertStrictEquals(Object.getPrototypeOf(arrived), Kind.prototype);
      assertEquals(arrived.byteOffset, 0);
      assertEquals(arrived.buffer.byteLength, view.byteLength);
      const sent = new Uint8Array(memory, offset, view.byteLength);
      assertEquals(new Uint8Array(arrived.buffer), sent);
    }
  }
  const arrived = roundTrip(memory);
  assertStrictEquals(Object.getPrototypeOf(arrived), ArrayBuffer.prototype);
  assertEquals(new Uint8Array(arrived), new Uint8Array(memory));
  const large = crypto.getRandomValues(new Uint8Array(65536));
  assertEquals(roundTrip([large, large.slice(), 5]), [large, large, 5]);
});
