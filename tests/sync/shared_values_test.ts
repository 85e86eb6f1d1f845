import { assertEquals, assertThrows } from "@std/assert";
import { SharedArray } from "../../sync/shared_array.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { Worker } from "node:worker_threads";

const MODULE = import.meta.resolve("../../sync/shared_value.ts");

Deno.test("SharedValue holds its first value", () => {
  assertEquals(new SharedValue("i32", -7).get(), -7);
  assertEquals(new SharedValue("i64", 2n ** 62n).get(), 2n ** 62n);
  assertEquals(new SharedValue("f64", 0.1).get(), 0.1);
});

Deno.test("SharedValue.add() answers what was there before", () => {
  const whole = new SharedValue("i32", 40);
  assertEquals([whole.add(2), whole.get()], [40, 42]);
  const big = new SharedValue("i64", 40n);
  assertEquals([big.add(-50n), big.get()], [40n, -10n]);
  const float = new SharedValue("f64", 0.5);
  assertEquals([float.add(0.25), float.get()], [0.5, 0.75]);
});

Deno.test("SharedValue.add() wraps integers around", () => {
  const whole = new SharedValue("i32", 2 ** 31 - 1);
  whole.add(1);
  assertEquals(whole.get(), -(2 ** 31));
  const big = new SharedValue("i64", 2n ** 63n - 1n);
  big.add(1n);
  assertEquals(big.get(), -(2n ** 63n));
});

Deno.test("SharedValue.compareExchange() writes only what is expected", () => {
  const value = new SharedValue("i32", 1);
  assertEquals([value.compareExchange(2, 9), value.get()], [1, 1]);
  assertEquals([value.compareExchange(1, 9), value.get()], [1, 9]);
});

Deno.test("SharedValue.compareExchange() tells floats apart by their bits", () => {
  const value = new SharedValue("f64", NaN);
  assertEquals(value.compareExchange(NaN, 0), NaN);
  assertEquals(value.compareExchange(-0, 1), 0);
  assertEquals(value.get(), 0);
  assertEquals(value.compareExchange(0, Infinity), 0);
  assertEquals(value.get(), Infinity);
});

Deno.test("SharedValue.attach() uses the same number", () => {
  const value = new SharedValue("f64", 1);
  const handle = structuredClone(value.share());
  const same = SharedValue.attach(handle);
  same.set(2.5);
  assertEquals([value.get(), same.kind], [2.5, "f64"]);
});

Deno.test("SharedValue refuses an unknown kind, and a value of another kind", () => {
  assertThrows(() => new SharedValue("u8" as "i32", 1), TypeError, '"u8"');
  assertThrows(() => new SharedValue("i64", 1 as never), TypeError);
  assertThrows(() => new SharedValue("i32", 1n as never), TypeError);
});

Deno.test("SharedValue.add() loses nothing when threads add at once", async () => {
  const rounds = 10_000;
  const whole = new SharedValue("i32", 0);
  const float = new SharedValue("f64", 0);
  const start = new SharedValue("i32", 0);
  const program = `
    import { workerData, parentPort } from "node:worker_threads";
    import { SharedValue } from ${JSON.stringify(MODULE)};
    const [whole, float, start] = workerData.map(SharedValue.attach);
    start.add(1);
    while (start.get() < 2); // nobody adds before both are here
    for (let i = 0; i < ${rounds}; i++) {
      whole.add(1);
      float.add(0.5);
    }
    parentPort.postMessage("done");`;
  const url = new URL(
    `data:application/javascript,${encodeURIComponent(program)}`,
  );
  const workerData = [whole.share(), float.share(), start.share()];
  await Promise.all(Array.from({ length: 2 }, async () => {
    const worker = new Worker(url, { workerData });
    const exit = Promise.withResolvers<void>();
    const failed = Promise.withResolvers<never>();
    worker.once("exit", () => exit.resolve());
    worker.once("error", failed.reject);
    await Promise.race([exit.promise, failed.promise]);
  }));
  assertEquals(whole.get(), 2 * rounds);
  assertEquals(float.get(), rounds);
});

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
