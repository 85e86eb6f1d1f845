import { assert, assertEquals, assertThrows } from "@std/assert";
import { decode, Encoder } from "../../sync/_codec.ts";
import { Buffer } from "node:buffer";

const encoder = new Encoder();

/** Whether a value is left to another route, and the next one is not. */
function isRefused(value: unknown): boolean {
  const refused = !encoder.encode(value);
  assert(encoder.encode([value === 1, "next"]));
  assertEquals(decode(encoder.octets, 0, encoder.length), [false, "next"]);
  return refused;
}

function nested(depth: number): unknown[] {
  let value: unknown[] = [];
  for (let level = 1; level < depth; level++) value = [value];
  return value;
}

class Point {
  x = 1;
}

class Points extends Array<number> {}

class Octets extends Uint8Array {}

function holed(array: unknown[]): unknown[] {
  delete array[1];
  return array;
}

function detached(): ArrayBuffer {
  const buffer = new ArrayBuffer(8);
  buffer.transfer();
  return buffer;
}

function detachedView(): Uint8Array {
  const view = new Uint8Array(8);
  view.buffer.transfer();
  return view;
}

const REFUSED: Readonly<Record<string, () => unknown>> = {
  "a function": () => () => 1,
  "a symbol": () => Symbol("s"),
  "a Map": () => new Map(),
  "a Set": () => new Set(),
  "a Date": () => new Date(),
  "a RegExp": () => /x/,
  "an Error": () => new Error("x"),
  "a Promise": () => Promise.resolve(),
  "a boxed number": () => Object(1),
  "a boxed string": () => Object("x"),
  "an object of a class": () => new Point(),
  "an object without prototype": () => Object.create(null),
  "an object that inherits": () => Object.create({ x: 1 }),
  "a key __proto__": () => JSON.parse('{ "a": 1, "__proto__": {} }'),
  "an array with a hole": () => holed([1, 2, 3]),
  "an array with a hole and a property": () =>
    Object.assign(holed([1, 2, 3]), { name: "x" }),
  "an array of holes": () => new Array(100),
  "a long array with a hole": () => holed(new Array(99).fill(7)),
  "an array with a property": () => Object.assign([1, 2], { name: "x" }),
  "a match of a RegExp": () => /a/.exec("a"),
  "an array of a class": () => Points.from([1, 2]),
  "what only inherits from Array": () => Object.create(Array.prototype),
  "an array made plain": () => Object.setPrototypeOf([1], Object.prototype),
  "a typed array of a class": () => new Octets(3),
  "a Buffer": () => Buffer.from("abc"),
  "shared memory": () => new SharedArrayBuffer(8),
  "a view of shared memory": () => new Int32Array(new SharedArrayBuffer(8)),
  "a resizable buffer": () => new ArrayBuffer(8, { maxByteLength: 16 }),
  "a view of a resizable buffer": () =>
    new Uint8Array(new ArrayBuffer(8, { maxByteLength: 16 })),
  "a detached buffer": detached,
  "a detached view": detachedView,
  "what only inherits from ArrayBuffer": () =>
    Object.create(ArrayBuffer.prototype),
  "what only inherits from Uint8Array": () =>
    Object.create(Uint8Array.prototype),
  "what only inherits from DataView": () => Object.create(DataView.prototype),
  "a view that poses as another": () =>
    Object.setPrototypeOf(new Uint8Array(8), Float64Array.prototype),
};

for (const [what, make] of Object.entries(REFUSED)) {
  Deno.test(`Encoder.encode() answers false for ${what}`, () => {
    assert(isRefused(make()), "by itself");
    assert(isRefused([1, make()]), "in an array");
    assert(isRefused([...new Array(20).fill(3), make()]), "in a long array");
    assert(isRefused({ a: 1, b: { c: make() } }), "in an object");
  });
}

Deno.test("Encoder.encode() answers false for what occurs twice", () => {
  for (const twice of [[], {}, [1, 2], { a: 1 }, new Uint8Array(3)]) {
    assert(isRefused([twice, twice]));
    assert(isRefused({ a: [twice], b: { c: twice } }));
    for (const between of [21, 22, 23, 24, 25, 1000]) {
      const others = Array.from({ length: between }, (_, i) => [i]);
      assert(isRefused([twice, ...others, twice]), `after ${between}`);
      assert(isRefused([...others, twice, others[0]]), `after ${between}`);
      assert(isRefused([...others, twice, others.at(-1)]), `after ${between}`);
      assert(encoder.encode([...others, twice]), `${between} others`);
      assert(encoder.encode([...others, twice]), `${between} others again`);
    }
  }
  const buffer = new ArrayBuffer(16);
  assert(isRefused([new Uint8Array(buffer, 0, 8), new Uint8Array(buffer, 8)]));
  assert(isRefused([buffer, new DataView(buffer)]));
});

Deno.test("Encoder.encode() answers false for what contains itself", () => {
  const array: unknown[] = [1];
  array.push(array);
  assert(isRefused(array));
  const object: Record<string, unknown> = { a: 1 };
  object.b = { c: [object] };
  assert(isRefused(object));
});

Deno.test("Encoder.encode() answers false beyond a depth of 64", () => {
  assert(encoder.encode(nested(64)));
  assertEquals(decode(encoder.octets, 0, encoder.length), nested(64));
  assert(isRefused(nested(65)));
  assert(isRefused(nested(100_000)));
});

Deno.test("Encoder.encode() answers false while all objects inherit something", () => {
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  prototype.inherited = 1;
  try {
    assertEquals(encoder.encode({ a: 1 }), false);
  } finally {
    delete prototype.inherited;
  }
  assert(encoder.encode({ a: 1 }));
});

Deno.test("Encoder.encode() throws what a getter throws, and works again", () => {
  const bad = {
    a: [1],
    get b(): never {
      throw new SyntaxError("no");
    },
  };
  for (let time = 0; time < 3; time++) {
    assertThrows(() => encoder.encode([[2], { bad }]), SyntaxError, "no");
    assert(encoder.encode([bad.a]));
    assertEquals(decode(encoder.octets, 0, encoder.length), [[1]]);
  }
});

Deno.test("Encoder.encode() answers false to a getter of what it encodes", () => {
  const inner: boolean[] = [];
  const value = {
    a: "before",
    get b() {
      inner.push(encoder.encode("x".repeat(9000)));
      return 2;
    },
    c: "after",
  };
  assert(encoder.encode(value));
  const arrived = decode(encoder.octets, 0, encoder.length);
  assertEquals(arrived, { a: "before", b: 2, c: "after" });
  assertEquals(inner, [false]);
});

const VALUE = { id: 300, items: [1.5, "é", "text", { ok: true }], big: 5n };

Deno.test("Encoder grows its scratch, and gives back what was very large", () => {
  const encoder = new Encoder();
  const large = new Uint8Array(3 * 2 ** 20).fill(7);
  assert(encoder.encode({ large, VALUE }));
  const arrived = decode(encoder.octets, 0, encoder.length);
  assertEquals(arrived, { large, VALUE });
  const grown = encoder.octets.length;
  assert(grown > 3 * 2 ** 20);
  assert(encoder.encode(1));
  assertEquals(encoder.octets.length, grown, "more may be as large");
  assert(encoder.encode(VALUE));
  assert(encoder.octets.length < 2 ** 20);
  assertEquals(decode(encoder.octets, 0, encoder.length), VALUE);
});

Deno.test("Encoder grows wherever its scratch ends", () => {
  for (let length = 3900; length < 4200; length++) {
    const octets = new Uint8Array(length);
    const after = ["abc", 0.5, { key: "é", end: [] }];
    const wholes = new Array(length >> 2).fill(7);
    const halves = new Array(length >> 3).fill(0.5);
    const values = [[octets, after], { octets }, [wholes, 1], [halves, 1]];
    for (const value of values) {
      const encoder = new Encoder();
      assert(encoder.encode(value));
      assertEquals(decode(encoder.octets, 0, encoder.length), value);
    }
  }
});

Deno.test("decode() reads from its start to its end", () => {
  const encoder = new Encoder();
  assert(encoder.encode(VALUE));
  const { length } = encoder;
  for (const offset of [0, 1, 2, 3, 4, 5, 6, 7, 8, 100]) {
    const octets = new Uint8Array(new ArrayBuffer(length + 300), 3).fill(0xff);
    octets.set(encoder.octets.subarray(0, length), offset);
    assertEquals(decode(octets, offset, offset + length), VALUE);
  }
});

Deno.test("decode() keeps its values apart from the octets", () => {
  const encoder = new Encoder();
  const value = { octets: new Uint8Array([1, 2]), text: "x".repeat(99) };
  assert(encoder.encode(value));
  const first = decode(encoder.octets, 0, encoder.length);
  const second = decode(encoder.octets, 0, encoder.length) as typeof value;
  second.octets.fill(9);
  second.text = "";
  encoder.octets.fill(0xff);
  assertEquals(first, value);
});

Deno.test("decode() refuses octets that are not those of a value", () => {
  const encoder = new Encoder();
  assert(encoder.encode(VALUE));
  const { length } = encoder;
  const octets = encoder.octets.slice(0, length);
  for (let end = 0; end < length; end++) {
    assertThrows(() => decode(octets.slice(0, end), 0, end), RangeError);
  }
  assertThrows(() => decode(octets, 0, length - 1), RangeError, "damaged");
  for (const tag of [0xd8, 0xd9, 0xda, 0xdb, 0xdc]) {
    const many = Uint8Array.of(tag, 9, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
    assertThrows(() => decode(many, 0, 13), RangeError, "damaged", `${tag}`);
  }
  for (const tag of [0xa9, 0xde, 0xe0, 0xff]) {
    const one = Uint8Array.of(tag);
    assertThrows(() => decode(one, 0, 1), RangeError, "damaged", `${tag}`);
  }
});
