import { assertEquals, assertThrows } from "@std/assert";
import { BoundedSemaphore } from "../../sync/bounded_semaphore.ts";
import type { Handle } from "../../sync/handle.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { blockingClaims, turnClaims } from "./_blocking_claims.ts";
import { LIMIT } from "./_doors.ts";
import { hands } from "./_lock_hands.ts";
import { until } from "./_until.ts";
import { waitClaims } from "./_wait_claims.ts";

const MAX = 268_435_455;

waitClaims("BoundedSemaphore.acquire()", () => new BoundedSemaphore());
blockingClaims("BoundedSemaphore.acquireSync()", () => new BoundedSemaphore());
turnClaims("BoundedSemaphore.acquire()", () => new BoundedSemaphore());

Deno.test("BoundedSemaphore has as many permits as told, 1 by default", () => {
  assertEquals(new BoundedSemaphore().value, 1);
  for (const value of [0, 1, 7, MAX]) {
    assertEquals(new BoundedSemaphore(value).value, value);
  }
  for (const value of [-1, 1.5, NaN, Infinity, MAX + 1]) {
    assertThrows(() => new BoundedSemaphore(value), RangeError, String(value));
  }
});

Deno.test("BoundedSemaphore.release() never gives more than there were", () => {
  for (const limit of [0, 1, 3, MAX]) {
    const seats = new BoundedSemaphore(limit);
    assertThrows(() => seats.release(), RangeError, String(limit));
    assertEquals(seats.value, limit);
    if (limit === 0) continue;
    seats.acquireSync();
    assertThrows(() => seats.release(2), RangeError);
    assertEquals(seats.value, limit - 1);
    seats.release();
    assertThrows(() => seats.release(), RangeError);
    assertEquals(seats.value, limit);
  }
});

Deno.test("BoundedSemaphore.release() gives several, or none", () => {
  const seats = new BoundedSemaphore(3);
  for (let taken = 0; taken < 3; taken++) seats.acquireSync();
  assertThrows(() => seats.release(4), RangeError);
  assertEquals(seats.value, 0);
  seats.release(2);
  assertThrows(() => seats.release(2), RangeError);
  assertEquals(seats.value, 2);
  for (const n of [0, -1, 1.5, NaN]) {
    assertThrows(() => seats.release(n), RangeError, String(n));
  }
});

Deno.test("BoundedSemaphore.release() by any thread is counted, past the limit refused", async () => {
  const seats = new BoundedSemaphore(2);
  const log = new SharedArray("i32", 2);
  await hands.start("takeAll", [seats, 2, log]).join(LIMIT);
  assertEquals(seats.value, 0);
  seats.release();
  assertEquals(await hands.start("release", [seats]).join(LIMIT), "released");
  const refused = await hands.start("release", [seats]).join(LIMIT);
  assertEquals([refused, seats.value], ["RangeError", 2]);
});

Deno.test("BoundedSemaphore.release() past the limit wakes nobody", async () => {
  const seats = new BoundedSemaphore(1);
  seats.acquireSync();
  const log = new SharedArray("i32", 2);
  const thread = hands.start("takeAll", [seats, 1, log]);
  await until(() => seats.waiting === 1);
  const waited = seats.acquire(LIMIT);
  await until(() => seats.waiting === 2);
  assertThrows(() => seats.release(2), RangeError);
  assertEquals([seats.value, seats.waiting, log.get(0)], [0, 2, 0]);
  seats.release();
  await until(() => seats.waiting === 1);
  seats.release();
  await Promise.all([waited, thread.join(LIMIT)]);
  assertEquals([seats.value, seats.waiting], [0, 0]);
});

Deno.test("BoundedSemaphore.attach() keeps the limit, and takes its own handles only", () => {
  const seats = new BoundedSemaphore(2);
  const same = BoundedSemaphore.attach(structuredClone(seats.share()));
  same.acquireSync();
  assertEquals([seats.value, same.value], [1, 1]);
  same.release();
  assertThrows(() => same.release(), RangeError);
  for (const handle of [new Semaphore(2).share(), {}, 2, undefined]) {
    const attaching = () =>
      BoundedSemaphore.attach(handle as Handle<"BoundedSemaphore">);
    assertThrows(attaching, TypeError, undefined, JSON.stringify(handle));
  }
});
