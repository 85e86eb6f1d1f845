import { assertEquals, assertNotStrictEquals } from "@std/assert";
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
