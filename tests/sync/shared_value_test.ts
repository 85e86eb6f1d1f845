import { assertEquals, assertThrows } from "@std/assert";
import { Worker } from "node:worker_threads";
import { SharedValue } from "../../sync/shared_value.ts";

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
  const rounds = 20_000;
  const whole = new SharedValue("i32", 0);
  const float = new SharedValue("f64", 0);
  const start = new SharedValue("i32", 0);
  const program = `
    import { workerData, parentPort } from "node:worker_threads";
    import { SharedValue } from ${JSON.stringify(MODULE)};
    const [whole, float, start] = workerData.map(SharedValue.attach);
    start.add(1);
    while (start.get() < 3); // nobody adds before all are here
    for (let i = 0; i < ${rounds}; i++) {
      whole.add(1);
      float.add(0.5);
    }
    parentPort.postMessage("done");`;
  const url = new URL(
    `data:application/javascript,${encodeURIComponent(program)}`,
  );
  const workerData = [whole.share(), float.share(), start.share()];
  await Promise.all(Array.from({ length: 3 }, async () => {
    const worker = new Worker(url, { workerData });
    const exit = Promise.withResolvers<void>();
    const failed = Promise.withResolvers<never>();
    worker.once("exit", () => exit.resolve());
    worker.once("error", failed.reject);
    await Promise.race([exit.promise, failed.promise]);
  }));
  assertEquals(whole.get(), 3 * rounds);
  assertEquals(float.get(), 1.5 * rounds);
});
