import { assert, assertEquals, assertThrows } from "@std/assert";
import { decode, Encoder } from "../../sync/_codec.ts";

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
