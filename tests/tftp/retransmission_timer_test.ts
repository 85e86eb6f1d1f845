import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
} from "@std/assert";
import { RetransmissionTimer } from "../../tftp/_retransmission_timer.ts";

/** Without jitter, unless a test says so. */
function timer(ceilingMs = 4_000, jitter = 0): RetransmissionTimer {
  return new RetransmissionTimer(ceilingMs, () => jitter);
}

Deno.test("RetransmissionTimer waits 250 ms before anything was measured", () => {
  const fresh = timer();
  assertEquals([fresh.waitMs, fresh.roundTripMs], [250, undefined]);
});

Deno.test("RetransmissionTimer starts with the ceiling where it is lower", () => {
  assertEquals(timer(100).waitMs, 100);
  assertEquals(timer(1).waitMs, 1);
});

Deno.test("RetransmissionTimer.sample() waits three times the first round trip", () => {
  const t = timer();
  t.sample(100); // RFC 6298 section 2.2: SRTT = R, RTTVAR = R/2
  assertEquals([t.roundTripMs, t.waitMs], [100, 300]);
});

Deno.test("RetransmissionTimer.sample() smooths the second and later ones", () => {
  const t = timer();
  t.sample(100);
  t.sample(200); // section 2.3: RTTVAR before SRTT
  assertAlmostEquals(t.roundTripMs!, 0.875 * 100 + 0.125 * 200);
  assertAlmostEquals(t.waitMs, 112.5 + 4 * (0.75 * 50 + 0.25 * 100));
  t.sample(60);
  const variation = 0.75 * 62.5 + 0.25 * (112.5 - 60);
  assertAlmostEquals(t.roundTripMs!, 0.875 * 112.5 + 0.125 * 60);
  assertAlmostEquals(t.waitMs, t.roundTripMs! + 4 * variation);
});

Deno.test("RetransmissionTimer.sample() never waits below 20 ms", () => {
  const t = timer();
  for (const roundTripMs of [0, 0.1, 0.2, 1]) {
    t.sample(roundTripMs);
    assertEquals(t.waitMs, 20);
  }
});

Deno.test("RetransmissionTimer.sample() never waits beyond the ceiling", () => {
  const t = timer(1_000);
  t.sample(900);
  assertEquals(t.waitMs, 1_000);
  const low = timer(5); // the ceiling is the user's word, the floor is ours
  low.sample(1);
  assertEquals(low.waitMs, 5);
});

Deno.test("RetransmissionTimer.sample() closes in on a steady round trip", () => {
  const t = timer();
  t.sample(1_000);
  for (let i = 0; i < 200; i++) t.sample(50);
  assertAlmostEquals(t.roundTripMs!, 50, 1);
  assert(t.waitMs >= 50 && t.waitMs < 60, `${t.waitMs}`);
});

Deno.test("RetransmissionTimer.backOff() doubles up to the ceiling", () => {
  const t = timer(3_000);
  const waits: number[] = [];
  for (let i = 0; i < 6; i++) {
    t.backOff();
    waits.push(t.waitMs);
  }
  assertEquals(waits, [500, 1_000, 2_000, 3_000, 3_000, 3_000]);
});

Deno.test("RetransmissionTimer.backOff() adds up to a quarter by chance", () => {
  assertEquals(backedOff(0), 500);
  assertEquals(backedOff(0.5), 500 * 1.125);
  assertAlmostEquals(backedOff(0.999_999), 500 * 1.25, 0.01);
  assertEquals(timer(400, 0.9).waitMs, 250); // the first wait has none

  function backedOff(jitter: number): number {
    const t = timer(4_000, jitter);
    t.backOff();
    return t.waitMs;
  }
});

Deno.test("RetransmissionTimer.backOff() draws anew each time, from Math.random", () => {
  const random = [0, 1];
  const t = new RetransmissionTimer(1e9, () => random.shift()!);
  t.backOff();
  assertEquals(t.waitMs, 500);
  t.backOff();
  assertEquals(t.waitMs, 1_250);
  const real = new RetransmissionTimer(1e9);
  real.backOff();
  assert(real.waitMs >= 500 && real.waitMs <= 625);
});

Deno.test("RetransmissionTimer stays backed off until the next sample", () => {
  const t = timer();
  t.sample(10);
  t.backOff();
  t.backOff();
  assertEquals(t.waitMs, 4 * 30);
  assertEquals(t.roundTripMs, 10);
  t.sample(10);
  assertGreater(30, t.waitMs);
});
