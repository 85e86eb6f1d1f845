import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Event } from "../../sync/event.ts";
import type { Handle } from "../../sync/handle.ts";
import { Lock } from "../../sync/lock.ts";
import { RLock } from "../../sync/rlock.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { attach, share } from "../../sync/share.ts";
import { spawn } from "../../sync/task.ts";
import { isTimeout } from "../../sync/wait_options.ts";
import { blockingClaims, turnClaims } from "./_blocking_claims.ts";
import { LIMIT } from "./_doors.ts";
import { hands } from "./_lock_hands.ts";
import { until } from "./_until.ts";
import { waitClaims } from "./_wait_claims.ts";

waitClaims("Lock.acquire()", () => new Lock());
blockingClaims("Lock.acquireSync()", () => new Lock());
turnClaims("Lock.acquire()", () => new Lock());

Deno.test("Lock is free at first", () => {
  const lock = new Lock();
  assertEquals([lock.locked, lock.owned, lock.ready], [false, false, true]);
  assertEquals([lock.waiting, lock.ownerDied], [0, false]);
});

Deno.test("Lock.acquire() keeps out everybody, its holder as well", async () => {
  const lock = new Lock();
  const acquirers = [
    () => lock.acquire(),
    () => Promise.resolve(lock.acquireSync()),
    () => Promise.resolve(lock.tryAcquire()!),
  ];
  for (const acquire of acquirers) {
    const held = await acquire();
    assertEquals([lock.locked, lock.owned, lock.ready], [true, true, false]);
    assertEquals(lock.tryAcquire(), undefined);
    assertThrows(() => lock.acquireSync({ timeoutMs: 1 }), DOMException);
    await assertRejects(() => lock.acquire({ timeoutMs: 1 }), DOMException);
    held.release();
    assertEquals([lock.locked, lock.owned, lock.ready], [false, false, true]);
  }
});

Deno.test("Lock.acquire() is of one task, not of its thread", async () => {
  const lock = new Lock();
  const first = spawn(() => lock.acquire());
  await first.join(LIMIT);
  const second = spawn(() => lock.acquire(LIMIT));
  await until(() => lock.waiting === 1);
  assertEquals(second.done, false);
  lock.release();
  await second.join(LIMIT);
});

Deno.test("Lock.acquire() names the lock in the error of a timeout", async () => {
  const lock = new Lock();
  lock.acquireSync();
  const late = () => lock.acquireSync({ timeoutMs: 1 });
  const error = assertThrows(late, DOMException, "Lock");
  assert(isTimeout(error));
  const later = () => lock.acquire({ timeoutMs: 1 });
  assert(isTimeout(await assertRejects(later, DOMException, "Lock")));
});

Deno.test("Lock.tryAcquire() sees what another thread holds", async () => {
  const lock = new Lock();
  const [closed, go] = [new Event(), new Event()];
  const holder = hands.start("closeUntil", [lock, closed, go]);
  await closed.wait(LIMIT);
  assertEquals(lock.tryAcquire(), undefined);
  assertEquals([lock.locked, lock.owned], [true, false]);
  go.set();
  await holder.join(LIMIT);
  const held = lock.tryAcquire();
  assert(held !== undefined && lock.owned);
});

Deno.test("Lock.release() of a free lock is an error", () => {
  const lock = new Lock();
  assertThrows(() => lock.release(), TypeError);
  lock.acquireSync();
  lock.release();
  assertThrows(() => lock.release(), TypeError);
  assertEquals(lock.locked, false);
});

Deno.test("Lock.release() frees what another thread holds", async () => {
  const lock = new Lock();
  await hands.start("takeAndReturn", [lock]).join(LIMIT);
  assertEquals([lock.locked, lock.owned], [true, false]);
  lock.release();
  assertEquals([lock.locked, lock.ownerDied], [false, false]);
  lock.acquireSync({ timeoutMs: 0 });
  await hands.start("release", [lock]).join(LIMIT);
  assertEquals([lock.locked, lock.owned], [false, false]);
});

Deno.test("Lock.release() by another thread lets in who waits", async () => {
  const lock = new Lock();
  await hands.start("takeAndReturn", [lock]).join(LIMIT);
  const waited = lock.acquire(LIMIT);
  await until(() => lock.waiting === 1);
  await hands.start("release", [lock]).join(LIMIT);
  await waited;
  assert(lock.owned);
});

Deno.test("Lock.withLock() holds the lock until its function is done", async () => {
  const lock = new Lock();
  const over = Promise.withResolvers<string>();
  const result = lock.withLock(() => over.promise, LIMIT);
  await until(() => lock.locked);
  assertEquals(lock.tryAcquire(), undefined);
  over.resolve("done");
  assertEquals(await result, "done");
  assertEquals(lock.locked, false);
  assertEquals(await lock.withLock(() => lock.owned), true);
});

Deno.test("Lock.withLock() lets errors through, and releases", async () => {
  const lock = new Lock();
  const error = new SyntaxError("its own");
  const failing = [() => Promise.reject(error), () => {
    throw error;
  }];
  for (const fn of failing) {
    const thrown = await assertRejects(() => lock.withLock<void>(fn));
    assertStrictEquals(thrown, error);
    assertEquals(lock.locked, false);
  }
});

Deno.test("Lock.withLock() calls nothing if it does not get the lock", async () => {
  const lock = new Lock();
  lock.acquireSync();
  const fn = () => {
    throw new Error("called");
  };
  const { signal } = new AbortController();
  const options = [{ timeoutMs: 1 }, { timeoutMs: 0, signal }];
  for (const given of options) {
    assert(isTimeout(await lock.withLock(fn, given).catch((why) => why)));
    assertThrows(() => lock.withLockSync(fn, given), DOMException);
  }
  const gone = { signal: AbortSignal.abort("gone") };
  assertEquals(await lock.withLock(fn, gone).catch((why) => why), "gone");
  await assertRejects(() => lock.withLock(fn, { timeoutMs: -1 }), RangeError);
  assertThrows(() => lock.withLockSync(fn, { timeoutMs: NaN }), RangeError);
  lock.release();
});

Deno.test("Lock.withLockSync() holds the lock meanwhile, and lets errors through", () => {
  const lock = new Lock();
  for (const options of [undefined, LIMIT]) {
    assertEquals(lock.withLockSync(() => lock.owned, options), true);
    assertEquals(lock.locked, false);
    const fail = () => {
      throw new SyntaxError("its own");
    };
    assertThrows(
      () => lock.withLockSync(fail, options),
      SyntaxError,
      "its own",
    );
    assertEquals(lock.locked, false);
  }
});

Deno.test("Lock.withLockSync() refuses an asynchronous function", () => {
  const lock = new Lock();
  assertThrows(() => lock.withLockSync(async () => {}), TypeError);
  const fail = () => Promise.reject(new Error("not for anybody to see"));
  assertThrows(() => lock.withLockSync(fail), TypeError);
  assertEquals(lock.locked, false);
});

Deno.test("Lock.attach() takes a handle of a Lock only", () => {
  const lock = new Lock();
  const same = Lock.attach(structuredClone(lock.share()));
  same.acquireSync();
  assertEquals([lock.locked, lock.owned], [true, true]);
  lock.release();
  assertEquals(same.locked, false);
  const wrong: unknown[] = [
    new RLock().share(),
    new Semaphore().share(),
    new Event().share(),
    { type: "Lock" },
    {},
    null,
    undefined,
    7,
    "Lock",
    lock,
  ];
  for (const handle of wrong) {
    const attaching = () => Lock.attach(handle as Handle<"Lock">);
    assertThrows(attaching, TypeError, undefined, JSON.stringify(handle));
  }
});

Deno.test("share() takes a Lock along at any depth", () => {
  const lock = new Lock();
  const sent = structuredClone(share({ lock, all: [new Map([[1, lock]])] }));
  const { lock: one, all } = attach(sent) as {
    lock: Lock;
    all: Map<number, Lock>[];
  };
  assertStrictEquals(all[0]!.get(1), one);
  one.acquireSync();
  assert(lock.locked);
});
