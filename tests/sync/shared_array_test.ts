import { assertEquals, assertThrows } from "@std/assert";
import { SharedArray } from "../../sync/shared_array.ts";

Deno.test("SharedArray starts with zeros", () => {
  assertEquals([...new SharedArray("i32", 3)], [0, 0, 0]);
  assertEquals([...new SharedArray("i64", 2)], [0n, 0n]);
  assertEquals([...new SharedArray("f64", 0)], []);
});

Deno.test("SharedArray changes one number and leaves the others", () => {
  const array = new SharedArray("f64", 3);
  array.set(1, 1.5);
  assertEquals(array.add(1, 1), 1.5);
  assertEquals([...array], [0, 2.5, 0]);
});

Deno.test("SharedArray.compareExchange() writes only what is expected", () => {
  const array = new SharedArray("i64", 2);
  const lost = { expected: 1n, replacement: 9n };
  assertEquals([array.compareExchange(1, lost), array.get(1)], [0n, 0n]);
  const won = { expected: 0n, replacement: 9n };
  assertEquals([array.compareExchange(1, won), array.get(1)], [0n, 9n]);
});

Deno.test("SharedArray.attach() uses the same numbers", () => {
  const array = new SharedArray("i32", 2);
  const same = SharedArray.attach(structuredClone(array.share()));
  same.set(0, 7);
  assertEquals([array.get(0), same.length, same.kind], [7, 2, "i32"]);
});

Deno.test("SharedArray refuses an index that it does not have", () => {
  const array = new SharedArray("i32", 2);
  for (const index of [-1, 2, 0.5, NaN, "0" as never]) {
    assertThrows(() => array.get(index), RangeError, "there are 2");
    assertThrows(() => array.set(index, 1), RangeError);
    assertThrows(() => array.add(index, 1), RangeError);
    const change = { expected: 0, replacement: 1 };
    assertThrows(() => array.compareExchange(index, change), RangeError);
  }
  assertEquals([...array], [0, 0]);
});

Deno.test("SharedArray refuses a length that is none", () => {
  for (const length of [-1, 1.5, NaN, Infinity]) {
    assertThrows(() => new SharedArray("i32", length), RangeError);
  }
});
