import { assert, assertEquals } from "@std/assert";
import type { Guard } from "../../sync/guard.ts";
import { RLock } from "../../sync/rlock.ts";
import { spawn } from "../../sync/task.ts";
import { threads } from "../../sync/threads.ts";
import { LIMIT } from "./_doors.ts";

const bodies = threads<typeof import("./_lock_bodies.ts")>(
  import.meta.resolve("./_lock_bodies.ts"),
);

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
  await bodies.start("takeAndReturn", [lock]).join(LIMIT);
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
