import { assert, assertEquals, assertThrows } from "@std/assert";
import { BoundedSemaphore } from "../../sync/bounded_semaphore.ts";
import { Event } from "../../sync/event.ts";
import type { Handle } from "../../sync/handle.ts";
import { Lock } from "../../sync/lock.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { threads } from "../../sync/threads.ts";
import { blockingClaims, turnClaims } from "./_blocking_claims.ts";
import { LIMIT } from "./_doors.ts";
import { hands } from "./_lock_hands.ts";
import { until } from "./_until.ts";
import { waitClaims } from "./_wait_claims.ts";

const deathBodies = threads<typeof import("./_death_bodies.ts")>(
  import.meta.resolve("./_death_bodies.ts"),
);

const MAX = 268_435_455;

waitClaims("Semaphore.acquire()", () => new Semaphore());
blockingClaims("Semaphore.acquireSync()", () => new Semaphore());
turnClaims("Semaphore.acquire()", () => new Semaphore());

waitClaims("BoundedSemaphore.acquire()", () => new BoundedSemaphore());
blockingClaims("BoundedSemaphore.acquireSync()", () => new BoundedSemaphore());
turnClaims("BoundedSemaphore.acquire()", () => new BoundedSemaphore());

Deno.test("Semaphore has as many permits as told, 1 by default", () => {
  assertEquals(new Semaphore().value, 1);
  for (const value of [0, 1, 7, MAX]) {
    const seats = new Semaphore(value);
    assertEquals([seats.value, seats.waiting], [value, 0]);
    assertEquals(seats.ready, value > 0);
  }
  for (const value of [-1, 1.5, NaN, Infinity, MAX + 1]) {
    assertThrows(() => new Semaphore(value), RangeError, String(value));
  }
});

Deno.test("Semaphore.acquire() takes one permit each time", async () => {
  const seats = new Semaphore(3);
  await seats.acquire();
  assertEquals(seats.value, 2);
  seats.acquireSync();
  assertEquals(seats.value, 1);
  assert(seats.tryAcquire() !== undefined);
  assertEquals([seats.value, seats.ready], [0, false]);
  assertEquals(seats.tryAcquire(), undefined);
  assertEquals(seats.value, 0);
});

Deno.test("Semaphore.release() gives one or more, also more than was taken", () => {
  const seats = new Semaphore(0);
  seats.release();
  seats.release(3);
  assertEquals(seats.value, 4);
  for (const n of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => seats.release(n), RangeError, String(n));
  }
  assertThrows(() => seats.release(MAX - 3), RangeError);
  assertEquals(seats.value, 4);
  seats.release(MAX - 4);
  assertEquals(seats.value, MAX);
  assertThrows(() => seats.release(), RangeError);
});

Deno.test("Semaphore.release() lets in as many as it gives, tasks and threads", async () => {
  const seats = new Semaphore(0);
  const log = new SharedArray("i32", 8);
  const crew = [1, 2].map(() => hands.start("takeAll", [seats, 3, log]));
  await until(() => seats.waiting === 2);
  let got = 0;
  const tasks = [1, 2].map(() => seats.acquire(LIMIT).then(() => got++));
  await until(() => seats.waiting === 4);
  seats.release(2);
  await until(() => log.get(0) + got === 2);
  await until(() => seats.waiting === 4 - got);
  assertEquals([seats.value, log.get(0) + got], [0, 2]);
  seats.release(6);
  await Promise.all([...tasks, ...crew.map((thread) => thread.join(LIMIT))]);
  assertEquals([log.get(0), seats.value, seats.waiting], [6, 0, 0]);
});

Deno.test("Semaphore.release() keeps what nobody waits for", async () => {
  const seats = new Semaphore(0);
  const waits = [seats.acquire(LIMIT), seats.acquire(LIMIT)];
  await until(() => seats.waiting === 2);
  seats.release(5);
  await Promise.all(waits);
  assertEquals(seats.value, 3);
});

Deno.test("Semaphore stops who only takes, until another thread gives", async () => {
  const seats = new Semaphore(2);
  const log = new SharedArray("i32", 8);
  const taker = hands.start("takeAll", [seats, 5, log]);
  await until(() => seats.waiting === 1);
  assertEquals(log.get(0), 2);
  for (let given = 1; given <= 3; given++) {
    assertEquals(
      await hands.start("release", [seats]).join(LIMIT),
      "released",
    );
    await until(() => log.get(0) === 2 + given);
  }
  await taker.join(LIMIT);
  assertEquals(seats.value, 0);
});

Deno.test("Semaphore lets no more in than it has, tasks and threads", async () => {
  const seats = new Semaphore(3);
  const seen = new SharedArray("i32", 2);
  const crew = [1, 2, 3].map(() => hands.start("visit", [seats, seen, 300]));
  const tasks = [1, 2, 3, 4, 5].map(async () => {
    for (let time = 0; time < 60; time++) {
      using _seat = await seats.acquire(LIMIT);
      const now = seen.add(0, 1) + 1;
      if (now > seen.get(1)) seen.set(1, now);
      await null;
      seen.add(0, -1);
    }
  });
  await Promise.all([...tasks, ...crew.map((thread) => thread.join(LIMIT))]);
  assert(seen.get(1) <= 3, `${seen.get(1)} were inside`);
  assert(seen.get(1) > 1, "nobody ever was beside another");
  assertEquals([seats.value, seen.get(0)], [3, 0]);
});

Deno.test("Semaphore keeps no permit for a thread that died", async () => {
  const seats = new Semaphore(2);
  const [inside, go] = [new Event(), new Event()];
  const holder = deathBodies.start(
    "acquireAndDie",
    [[seats], "throw", inside, go],
  );
  await inside.wait(LIMIT);
  go.set();
  assert(await holder.join(LIMIT).catch((error) => error) instanceof Error);
  assertEquals(seats.value, 1);
});

Deno.test("Guard of a Semaphore gives its permit once", async () => {
  for (const Class of [Semaphore, BoundedSemaphore]) {
    const seats = new Class(2);
    {
      using _seat = await seats.acquire();
      using _other = seats.acquireSync();
      using none = seats.tryAcquire();
      assertEquals([none, seats.value], [undefined, 0]);
    }
    assertEquals(seats.value, 2);
    const seat = seats.tryAcquire()!;
    const other = seats.tryAcquire()!;
    seat.release();
    seat.release();
    seat[Symbol.dispose]();
    assertEquals(seats.value, 1);
    other.release();
    assertEquals(seats.value, 2);
  }
});

Deno.test("Semaphore.attach() takes a handle of a Semaphore only", () => {
  const seats = new Semaphore(5);
  const same = Semaphore.attach(structuredClone(seats.share()));
  same.acquireSync();
  assertEquals([seats.value, same.value], [4, 4]);
  const wrong: unknown[] = [
    new BoundedSemaphore().share(),
    new Lock().share(),
    { type: "Semaphore" },
    {},
    5,
    undefined,
  ];
  for (const handle of wrong) {
    const attaching = () => Semaphore.attach(handle as Handle<"Semaphore">);
    assertThrows(attaching, TypeError, undefined, JSON.stringify(handle));
  }
});

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
