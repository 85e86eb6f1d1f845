import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Spinner } from "../../sync/_spinner.ts";
import { sleep, sleepSync } from "../../sync/sleep.ts";
import { Timer } from "../../sync/timer.ts";

Deno.test("Timer calls its function once, and not early", async () => {
  const calls: number[] = [];
  const timer = new Timer(3, () => void calls.push(performance.now()));
  const start = performance.now();
  assertEquals(await timer.start(), true);
  assertEquals(calls.length, 1);
  assert(calls[0]! - start >= 3);
});

Deno.test("Timer.start() waits for a function that is asynchronous", async () => {
  let ended = false;
  await new Timer(0, async () => {
    await sleep(1);
    ended = true;
  }).start();
  assert(ended);
});

Deno.test("Timer.cancel() keeps the function from being called", async () => {
  let calls = 0;
  const timer = new Timer(60_000, () => void calls++);
  const finished = timer.start();
  timer.cancel();
  timer.cancel();
  assertEquals([await finished, calls], [false, 0]);
});

Deno.test("Timer.cancel() before start() keeps the function from being called", async () => {
  let calls = 0;
  const timer = new Timer(0, () => void calls++);
  timer.cancel();
  assertEquals([await timer.start(), calls], [false, 0]);
});

Deno.test("Timer.cancel() in the same turn as the end of the time wins", async () => {
  let calls = 0;
  const timer = new Timer(0, () => void calls++);
  const finished = timer.start();
  timer.cancel();
  assertEquals([await finished, calls], [false, 0]);
});

Deno.test("Timer.cancel() does nothing once the function was called", async () => {
  const timer = new Timer(0, () => {});
  assertEquals(await timer.start(), true);
  timer.cancel();
});

Deno.test("Timer is cancelled at the end of its block", async () => {
  let finished: Promise<boolean>;
  {
    using timer = new Timer(60_000, () => {});
    finished = timer.start();
  }
  assertEquals(await finished, false);
});

Deno.test("Timer.start() rejects with what the function throws", async () => {
  const timer = new Timer(0, () => {
    throw new Error("broken");
  });
  await assertRejects(() => timer.start(), Error, "broken");
});

Deno.test("Timer.start() refuses a second start", async () => {
  const timer = new Timer(0, () => {});
  await timer.start();
  assertThrows(() => timer.start(), TypeError, "started before");
});

Deno.test("Timer refuses a time that is none", () => {
  for (const ms of [-1, NaN]) {
    assertThrows(() => new Timer(ms, () => {}), RangeError, `got ${ms}`);
  }
});

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

/** How often a spinner looks before it gives up. */
function looksOf(spinner: Spinner): number {
  let looks = 0;
  assertEquals(spinner.until(() => ++looks < 0), false);
  return looks;
}

const ignore = navigator.hardwareConcurrency < 2; // there it never looks

Deno.test(
  { name: "Spinner.until() ends with the look that finds", ignore },
  () => {
    for (const nth of [1, 2, 100]) {
      let looks = 0;
      assert(new Spinner(false).until(() => ++looks === nth));
      assertEquals(looks, nth);
    }
  },
);

Deno.test({
  name: "Spinner.until() looks 100 times where more does not pay",
  ignore,
}, () => {
  const spinner = new Spinner(false);
  assertEquals([looksOf(spinner), looksOf(spinner)], [100, 100]);
});

Deno.test({
  name:
    "Spinner.until() looks for longer until that is in vain, and again once it is not",
  ignore,
}, () => {
  const spinner = new Spinner();
  assert(looksOf(spinner) > 100);
  for (let failures = 0; failures < 30; failures++) looksOf(spinner);
  assertEquals(looksOf(spinner), 100);
  assert(spinner.until(() => true));
  assert(looksOf(spinner) > 100);
});
