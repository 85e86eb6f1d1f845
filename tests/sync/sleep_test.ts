import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { sleep, sleepSync } from "../../sync/sleep.ts";

/** Times at which a coarse timer would be early. */
const TIMES = [0, 0.1, 0.9, 1, 1.5, 2.999, 7];

Deno.test("sleep() is never early", async () => {
  for (const ms of TIMES) {
    const start = performance.now();
    await sleep(ms);
    assert(performance.now() - start >= ms, `${ms} ms`);
  }
});

Deno.test("sleepSync() is never early", () => {
  for (const ms of TIMES) {
    const start = performance.now();
    sleepSync(ms);
    assert(performance.now() - start >= ms, `${ms} ms`);
  }
});

Deno.test("sleep() lets other tasks go on, sleepSync() does not", async () => {
  const order: string[] = [];
  const timer = setTimeout(() => order.push("other"), 0);
  sleepSync(5);
  order.push("blocked");
  await sleep(5);
  order.push("slept");
  assertEquals(order, ["blocked", "other", "slept"]);
  clearTimeout(timer);
});

Deno.test("sleep() rejects with the reason of a signal that is aborted before", async () => {
  const reason = new Error("not now");
  const error = await assertRejects(() =>
    sleep(60_000, { signal: AbortSignal.abort(reason) })
  );
  assertStrictEquals(error, reason);
});

Deno.test("sleep() rejects with the reason of a signal that is aborted meanwhile", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const sleeping = sleep(60_000, { signal: controller.signal });
  controller.abort(reason);
  const error = await assertRejects(() => sleeping);
  assertStrictEquals(error, reason);
});

Deno.test("sleep() takes no notice of an abort afterwards", async () => {
  const controller = new AbortController();
  await sleep(1, { signal: controller.signal });
  controller.abort();
});

Deno.test("sleep() can be longer than a timer", async () => {
  const controller = new AbortController();
  const sleeping = sleep(2 ** 40, { signal: controller.signal });
  const first = await Promise.race([
    sleeping.then(() => "slept", () => "aborted"),
    sleep(5).then(() => "still asleep"),
  ]);
  controller.abort();
  assertEquals(first, "still asleep");
  await assertRejects(() => sleeping);
});

Deno.test("sleep() and sleepSync() refuse a time that is none", async () => {
  for (const ms of [-1, NaN]) {
    await assertRejects(() => sleep(ms), RangeError, `got ${ms}`);
    assertThrows(() => sleepSync(ms), RangeError, `got ${ms}`);
  }
});
