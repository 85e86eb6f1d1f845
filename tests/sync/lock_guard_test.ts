import { assert, assertEquals } from "@std/assert";
import { Lock } from "../../sync/lock.ts";
import { threads } from "../../sync/threads.ts";
import { LIMIT } from "./_doors.ts";
import { until } from "./_until.ts";

const bodies = threads<typeof import("./_lock_bodies.ts")>(
  import.meta.resolve("./_lock_bodies.ts"),
);

Deno.test("Guard of a Lock releases at the end of its block", async () => {
  const lock = new Lock();
  {
    using _held = lock.acquireSync();
    assert(lock.locked);
  }
  assertEquals(lock.locked, false);
  {
    using _held = await lock.acquire();
    assert(lock.locked);
  }
  assertEquals(lock.locked, false);
  {
    using held = lock.tryAcquire();
    using none = lock.tryAcquire();
    assert(held !== undefined && none === undefined);
  }
  assertEquals(lock.locked, false);
});

Deno.test("Guard of a Lock releases at most once", () => {
  const lock = new Lock();
  const held = lock.acquireSync();
  held.release();
  held.release();
  held[Symbol.dispose]();
  const next = lock.acquireSync();
  held.release();
  held[Symbol.dispose]();
  assert(lock.locked);
  next.release();
  assertEquals(lock.locked, false);
});

Deno.test("Guard of a Lock is spent after a release by hand", async () => {
  const lock = new Lock();
  const acquirers = [
    () => lock.acquire(),
    () => Promise.resolve(lock.acquireSync()),
    () => Promise.resolve(lock.tryAcquire()!),
  ];
  for (const before of acquirers) {
    for (const after of acquirers) {
      const spent = await before();
      lock.release();
      const held = await after();
      spent.release();
      assert(lock.locked);
      held.release();
      assertEquals(lock.locked, false);
    }
  }
});

Deno.test("Guard of a Lock is spent after a release by another object", () => {
  const lock = new Lock();
  const same = Lock.attach(lock.share());
  const spent = lock.acquireSync();
  same.release();
  const held = same.acquireSync();
  spent.release();
  assert(lock.locked);
  held.release();
  assertEquals(lock.locked, false);
});

Deno.test("Guard of a Lock is spent after a release by another thread", async () => {
  const lock = new Lock();
  const spent = lock.acquireSync();
  await bodies.start("release", [lock]).join(LIMIT);
  const held = lock.acquireSync({ timeoutMs: 0 });
  spent.release();
  assert(lock.locked);
  held.release();
});

Deno.test("Guard of a Lock does not free what another thread has acquired since", async () => {
  const lock = new Lock();
  const spent = lock.acquireSync();
  lock.release();
  await bodies.start("takeAndReturn", [lock]).join(LIMIT);
  spent.release();
  assert(lock.locked);
});

Deno.test("Guard of a Lock does not free what a task that waited has got", async () => {
  const lock = new Lock();
  const spent = lock.acquireSync();
  const waited = lock.acquire(LIMIT);
  await until(() => lock.waiting === 1);
  lock.release();
  const held = await waited;
  spent.release();
  assert(lock.locked);
  held.release();
});

Deno.test("Lock.withLock() does not free what was acquired after a release by hand", async () => {
  const lock = new Lock();
  await lock.withLock(() => {
    lock.release();
    lock.acquireSync({ timeoutMs: 0 });
  });
  assert(lock.locked);
  lock.release();
  lock.withLockSync(() => {
    lock.release();
    lock.acquireSync({ timeoutMs: 0 });
  });
  assert(lock.locked);
});

Deno.test("Lock.withLock() accepts that it was released by hand", async () => {
  const lock = new Lock();
  assertEquals(await lock.withLock(() => lock.release()), undefined);
  assertEquals(lock.withLockSync(() => lock.release()), undefined);
  assertEquals(lock.locked, false);
});
