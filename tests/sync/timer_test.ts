import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { sleep } from "../../sync/sleep.ts";
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
