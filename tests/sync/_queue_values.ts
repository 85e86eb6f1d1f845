import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
} from "@std/assert";
import type { Shareable } from "../../sync/queue.ts";

/** An error that only those know who import this. */
export class PaintError extends Error {
  override readonly name = "PaintError";
  readonly code = "too-thin";
  readonly layers: readonly unknown[] = [1, { seen: new Date(0) }];
}

const VIEWS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float16Array,
  Float32Array,
  Float64Array,
];

/** Values of all kinds that can be sent, each made anew. */
export function values(): Record<string, Shareable> {
  return {
    "small numbers": [0, -0, 1, -1, 127, 128, -128, -129, 255, 65_536],
    "numbers at limits": [
      ...[2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 32, -(2 ** 31) - 1],
      ...[Number.MAX_SAFE_INTEGER, -(2 ** 53), Number.MAX_VALUE],
      ...[Number.MIN_VALUE, Number.EPSILON, 0.1, -1.5e-300],
    ],
    "odd numbers": [NaN, Infinity, -Infinity, -0],
    "big integers": [
      ...[0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n],
      ...[-(2n ** 64n) - 1n, 3n ** 500n, -(3n ** 501n)],
    ],
    "constants": [true, false, null],
    "short strings": ["", "a", "\0", "ä", "€", "😀", "a\u0300", "\uffff"],
    "strings with half a character": ["\ud800", "a\udc00b", "\udfff\ud800"],
    "long strings": [
      ...["x".repeat(255), "x".repeat(256), "x".repeat(70_000)],
      ...["ÿ".repeat(300), "€".repeat(30_000), "x".repeat(999) + "€"],
    ],
    "typed arrays": [
      ...VIEWS.map((View) => new View([1, 0, 100])),
      ...VIEWS.map((View) => new View(0)),
      new BigInt64Array([1n, -(2n ** 63n)]),
      new BigUint64Array([0n, 2n ** 64n - 1n]),
      new Float64Array([NaN, -0, Infinity]),
    ],
    "parts of buffers": [
      new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
      new Float64Array([1, 2, 3]).subarray(2),
      new Uint16Array(new ArrayBuffer(9), 2, 3),
    ],
    "a DataView": new DataView(new Uint8Array([1, 2, 3]).buffer),
    "an ArrayBuffer": new Uint8Array([1, 2, 3]).buffer,
    "arrays": [[], [[]], [1, [2, [3, ["four"]]]], Array(1000).fill(7)],
    "arrays with holes": [Array(3), Object.assign(Array(5), { 3: 1 })],
    "plain objects": [
      {},
      { a: 1, "": 2, "ä b": { c: [null] }, 0: "zero", 10: "ten" },
      { a: undefined, b: [undefined] },
    ],
    "keys with a meaning": JSON.parse(
      '{"__proto__": {"admin": true}, "constructor": 1, "toJSON": 2}',
    ),
    "a Map": new Map<unknown, unknown>([
      [1, "one"],
      [{ key: [1] }, new Map([["deep", new Set()]])],
      [NaN, null],
      ["x", undefined],
    ]),
    "a Set": new Set<unknown>([1, "a", [2], new Set([new Date(7)])]),
    "dates": [new Date(0), new Date(-1), new Date(8.64e15), new Date(NaN)],
    "regular expressions": [/a\/b/giu, /^$/s],
    "boxed primitives": [Object(5), Object("text"), Object(true), Object(5n)],
    "built-in errors": [
      ...[new Error("plain"), new TypeError("type"), new RangeError("")],
      new AggregateError([new SyntaxError("inner"), 5], "many"),
      new Error("outer", { cause: new URIError("inner", { cause: [1] }) }),
    ],
    "a mixture": {
      list: [{ when: new Date(5), bytes: new Uint8Array([1, 2]) }],
      map: new Map([[{ n: 1n }, [new Set(["x"]), -0.5, "ö"]]]),
    },
  };
}

/** Asserts that a value arrived as it was, to the sign of a zero. */
export function assertSame(actual: unknown, expected: unknown): void {
  assertEquals(actual, expected);
  assertEquals(typeOf(actual), typeOf(expected));
  if (typeof expected === "number") assert(Object.is(actual, expected));
  if (Array.isArray(expected)) {
    assertEquals(Object.keys(actual as unknown[]), Object.keys(expected));
    expected.forEach((item, at) => assertSame((actual as unknown[])[at], item));
  } else if (isPlain(expected)) {
    assertEquals(Object.keys(actual as object), Object.keys(expected));
    for (const [key, value] of Object.entries(expected)) {
      assertSame((actual as Record<string, unknown>)[key], value);
    }
  } else if (expected instanceof Error) {
    assertInstanceOf(actual, Error);
    const { message, stack, cause } = expected;
    assertEquals([actual.message, actual.stack], [message, stack]);
    assertEquals("cause" in actual, "cause" in expected);
    if (cause !== undefined) assertSame(actual.cause, cause);
    if (!(expected instanceof AggregateError)) return;
    assertSame((actual as AggregateError).errors, expected.errors);
  }
}

function typeOf(value: unknown): string {
  return typeof value === "object" && value !== null
    ? String(value.constructor?.name)
    : typeof value;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
}

/** A value with circles, and with what is in it twice. */
export function knot(): Shareable {
  const date = new Date(5);
  const bytes = new Uint8Array([1, 2, 3, 4]);
  const list: unknown[] = [date, bytes];
  const map = new Map<unknown, unknown>([[list, list]]);
  const top = { list, map, set: new Set<unknown>([map]), date, bytes };
  list.push(top, bytes.subarray(2));
  return Object.assign(top, { self: top });
}

/** Asserts that something is what {@linkcode knot} makes. */
export function assertKnot(value: unknown): void {
  const top = value as Record<string, unknown>;
  const { list, map, set, date, bytes } = top as {
    list: unknown[];
    map: Map<unknown, unknown>;
    set: Set<unknown>;
    date: Date;
    bytes: Uint8Array;
  };
  assertStrictEquals(top.self, top);
  assertStrictEquals(list[0], date);
  assertStrictEquals(list[1], bytes);
  assertStrictEquals(list[2], top);
  assertStrictEquals([...map.keys()][0], list);
  assertStrictEquals(map.get(list), list);
  assertStrictEquals([...set][0], map);
  assertEquals([date, [...bytes]], [new Date(5), [1, 2, 3, 4]]);
  const part = list[3] as Uint8Array;
  bytes[3] = 9; // still two views of one buffer
  assertEquals([...part], [3, 9]);
  bytes[3] = 4;
}
