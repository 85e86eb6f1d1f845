import { assert, assertEquals } from "@std/assert";
import { decode, Encoder } from "../../sync/_codec.ts";
import { type Next, random, STRESS, withSeed } from "./_random.ts";

const ROUNDS = STRESS ? 100 : 1;
const VALUES = STRESS ? 300 : 100;

type Box = unknown[] | Record<string, unknown>;

const UNITS = [
  "abcXYZ 019_",
  "éßÿ",
  "漢字",
  "\0\ufeff\x7f\x80",
  "\ud83d\ude00",
];
const EDGES = [0, 1, 15, 16, 39, 40, 41, 63, 64, 255, 256];
const VIEWS: readonly (new (of: ArrayBuffer) => ArrayBufferView)[] = [
  DataView,
  Uint8Array,
  Int16Array,
  Float64Array,
  BigUint64Array,
];
const STRANGERS: readonly (() => unknown)[] = [
  () => new Map(),
  () => new Date(0),
  () => Symbol.iterator,
  () => decode,
  () => new Array(3),
  () => 2n ** 70n,
  () => new Uint8Array(new SharedArrayBuffer(4)),
  () => Object.create(null),
];

function pick<T>(next: Next, items: readonly T[]): T {
  return items[next(items.length)]!;
}

function text(next: Next): string {
  const units = next(3) > 0 ? UNITS[0]! : pick(next, UNITS) + pick(next, UNITS);
  const length = next(4) > 0 ? next(12) : pick(next, EDGES);
  return Array.from({ length }, () => units[next(units.length)]).join("");
}

function double(next: Next): number {
  const bits = new Uint32Array([next(2 ** 32), next(2 ** 32)]);
  return new Float64Array(bits.buffer)[0]!;
}

function number(next: Next): number {
  const whole = [next(128), next(2 ** 32) - 2 ** 31, next(2 ** 32), 2 ** 53];
  return pick(next, [...whole, -0, NaN, -Infinity, double(next), -next(9)]);
}

function buffer(next: Next): ArrayBuffer | ArrayBufferView {
  const octets = Uint8Array.from({ length: 8 * next(9) }, () => next(256));
  if (next(6) === 0) return octets.buffer;
  return new (pick(next, VIEWS))(octets.buffer);
}

function plain(next: Next): unknown {
  switch (next(8)) {
    case 0:
      return pick(next, [null, true, false, undefined]);
    case 1:
      return BigInt.asIntN(1 + next(64), BigInt(next(2 ** 32)) ** 2n);
    case 2:
      return buffer(next);
    case 3:
    case 4:
      return text(next);
    default:
      return number(next);
  }
}

/** A key that no other of the object has. */
function key(next: Next, place: number): string {
  return next(4) === 0 ? `${99 - place}` : `${place}:${text(next)}`;
}

/** Makes an array or object, and notes all that are in it. */
function box(next: Next, boxes: Box[], depth = 0): Box {
  const length = next(12) > 0 ? next(6) : pick(next, EDGES);
  const kind = next(5);
  const item = () => {
    if (kind === 0) return next(2 ** 32) - 2 ** 31;
    if (kind === 1) return number(next);
    return depth < 4 && next(4) === 0
      ? box(next, boxes, depth + 1)
      : plain(next);
  };
  const items = Array.from({ length }, item);
  const made = kind < 3
    ? items
    : Object.fromEntries(items.map((item, i) => [key(next, i), item]));
  boxes.push(made);
  return made;
}

function put(next: Next, into: Box, item: unknown): void {
  if (Array.isArray(into)) into.splice(next(into.length + 1), 0, item);
  else into[`more ${Object.keys(into).length}`] = item;
}

/** As `assertEquals()`, but 0 is not -0, keys have an order, and classes count. */
function assertSame(arrived: unknown, sent: unknown): void {
  if (typeof sent !== "object" || sent === null) {
    return assert(Object.is(arrived, sent), `${String(arrived)} arrived`);
  }
  assertEquals(Object.getPrototypeOf(arrived), Object.getPrototypeOf(sent));
  if (ArrayBuffer.isView(sent)) {
    return assertSame((arrived as ArrayBufferView).buffer, sent.buffer);
  }
  if (sent instanceof ArrayBuffer) {
    const octets = new Uint8Array(arrived as ArrayBuffer);
    return assertEquals(octets, new Uint8Array(sent));
  }
  assertEquals(Object.keys(arrived as Box), Object.keys(sent));
  for (const [key, item] of Object.entries(sent)) {
    assertSame((arrived as Record<string, unknown>)[key], item);
  }
}

Deno.test("Encoder keeps random values as they are", async () => {
  const encoder = new Encoder();
  await withSeed(ROUNDS, (seed) => {
    const next = random(seed);
    const memory = new Uint8Array(2 ** 20);
    for (let i = 0; i < VALUES; i++) {
      const sent = box(next, []);
      assert(encoder.encode(sent), "it was not encoded");
      const start = next(100);
      const end = start + encoder.length;
      memory.fill(0xff).set(encoder.octets.subarray(0, encoder.length), start);
      encoder.octets.fill(0xff);
      const arrived = decode(memory, start, end);
      memory.fill(0xff);
      assertEquals(arrived, sent);
      assertSame(arrived, sent);
    }
    return Promise.resolve();
  });
});

Deno.test("Encoder.encode() answers false for random values with a stranger", async () => {
  const encoder = new Encoder();
  await withSeed(ROUNDS, (seed) => {
    const next = random(seed);
    for (let i = 0; i < VALUES; i++) {
      const boxes: Box[] = [];
      const sent = box(next, boxes);
      assert(encoder.encode(sent), "it was not encoded");
      put(next, pick(next, boxes), pick(next, STRANGERS)());
      assertEquals(encoder.encode(sent), false, "a stranger was encoded");
    }
    return Promise.resolve();
  });
});

Deno.test("Encoder.encode() answers false for random values with something twice", async () => {
  const encoder = new Encoder();
  await withSeed(ROUNDS, (seed) => {
    const next = random(seed);
    for (let i = 0; i < VALUES; i++) {
      const boxes: Box[] = [];
      const sent = box(next, boxes);
      put(next, pick(next, boxes), pick(next, boxes)); // maybe in itself
      assertEquals(encoder.encode(sent), false, "it was encoded");
    }
    return Promise.resolve();
  });
});

Deno.test("decode() comes to an end with damaged octets", async () => {
  const encoder = new Encoder();
  await withSeed(ROUNDS, (seed) => {
    const next = random(seed);
    for (let i = 0; i < VALUES; i++) {
      assert(encoder.encode(box(next, [])), "it was not encoded");
      const octets = encoder.octets.slice(0, encoder.length);
      for (let n = 1 + next(4); n > 0; n--) {
        octets[next(octets.length)] = next(256);
      }
      try {
        decode(octets, 0, octets.length);
      } catch (error) {
        assert(error instanceof Error);
      }
    }
    return Promise.resolve();
  });
});
