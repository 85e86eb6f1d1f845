import { assert, assertEquals } from "@std/assert";
import type { Guard } from "../../sync/guard.ts";
import { Lock } from "../../sync/lock.ts";
import { RLock } from "../../sync/rlock.ts";
import { spawn } from "../../sync/task.ts";
import { LIMIT } from "./_doors.ts";
import { Hands } from "./_hands.ts";
import { until } from "./_until.ts";

const hands = new Hands<typeof import("./_lock_bodies.ts")>(
  import.meta.resolve("./_lock_bodies.ts"),
  1,
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
  await hands.start("release", [lock]).join(LIMIT);
  const held = lock.acquireSync({ timeoutMs: 0 });
  spent.release();
  assert(lock.locked);
  held.release();
});

Deno.test("Guard of a Lock does not free what another thread has acquired since", async () => {
  const lock = new Lock();
  const spent = lock.acquireSync();
  lock.release();
  await hands.start("takeAndReturn", [lock]).join(LIMIT);
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

/** Ways to acquire that suit a task, and those that suit a thread. */
const FORMS: Record<string, ((lock: RLock) => Promise<Guard>)[]> = {
  task: [
    (lock) => lock.acquire(),
    (lock) => Promise.resolve(lock.tryAcquire()!),
  ],
  thread: [
    (lock) => Promise.resolve(lock.acquireSync()),
    (lock) => Promise.resolve(lock.tryAcquire()!),
  ],
};

/** Runs a test as a task, and as the thread. */
function test(
  claim: string,
  body: (
    lock: RLock,
    acquire: (lock: RLock) => Promise<Guard>,
  ) => Promise<void>,
): void {
  for (const [owner, forms] of Object.entries(FORMS)) {
    Deno.test(`Guard of an RLock of a ${owner} ${claim}`, async () => {
      for (const acquire of forms) {
        const lock = new RLock();
        const run = () => body(lock, acquire);
        if (owner === "task") await spawn(run).join();
        else await run();
        assertEquals(lock.locked, false);
      }
    });
  }
}

test("releases one level at the end of its block", async (lock, acquire) => {
  using _outer = await acquire(lock);
  {
    using _inner = await acquire(lock);
    assertEquals(lock.count, 2);
  }
  assertEquals(lock.count, 1);
});

test("releases at most once", async (lock, acquire) => {
  const outer = await acquire(lock);
  const inner = await acquire(lock);
  inner.release();
  inner.release();
  inner[Symbol.dispose]();
  assertEquals(lock.count, 1);
  const again = await acquire(lock);
  inner.release();
  assertEquals(lock.count, 2);
  again.release();
  outer.release();
  outer.release();
  assertEquals(lock.locked, false);
});

test("is spent once all was released by hand", async (lock, acquire) => {
  const spent = await acquire(lock);
  lock.release();
  spent.release();
  const held = await acquire(lock);
  spent.release();
  assertEquals(lock.count, 1);
  held.release();
});

test("is spent for another owner", async (lock, acquire) => {
  const spent = await acquire(lock);
  lock.release();
  const gate = Promise.withResolvers<void>();
  const other = spawn(async () => {
    using _held = await lock.acquire();
    await gate.promise;
    assertEquals(lock.count, 1);
  });
  while (!lock.locked) await null;
  spent.release();
  assert(lock.locked);
  gate.resolve();
  await other.join();
});

Deno.test("Guard of an RLock does not free what another thread has acquired since", async () => {
  const lock = new RLock();
  const spent = lock.acquireSync();
  lock.release();
  await hands.start("takeAndReturn", [lock]).join(LIMIT);
  spent.release();
  assert(lock.locked);
});

Deno.test("RLock.withLock() accepts that it was released by hand", async () => {
  const lock = new RLock();
  await lock.withLock(() => lock.release());
  lock.withLockSync(() => lock.release());
  assertEquals(lock.locked, false);
});

Deno.test("RLock.withLock() does not free what was acquired after a release by hand", async () => {
  const lock = new RLock();
  await spawn(async () => {
    await lock.withLock(async () => {
      lock.release();
      await lock.acquire();
    });
    assert(lock.locked);
  }).join();
  const other = new RLock();
  other.withLockSync(() => {
    other.release();
    other.acquireSync();
  });
  assertEquals(other.count, 1);
});
