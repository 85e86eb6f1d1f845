import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Handle } from "../../sync/handle.ts";
import { Lock } from "../../sync/lock.ts";
import { RLock } from "../../sync/rlock.ts";
import { spawn } from "../../sync/task.ts";
import { isTimeout } from "../../sync/wait_options.ts";
import { blockingClaims, turnClaims } from "./_blocking_claims.ts";
import { LIMIT } from "./_doors.ts";
import { hands } from "./_lock_hands.ts";
import { until } from "./_until.ts";
import { waitClaims } from "./_wait_claims.ts";

waitClaims("RLock.acquire()", () => new RLock());
blockingClaims("RLock.acquireSync()", () => new RLock());
turnClaims("RLock.acquire()", () => new RLock());

Deno.test("RLock.acquireSync() lets its thread in again, and counts", () => {
  const lock = new RLock();
  assertEquals([lock.locked, lock.owned, lock.count], [false, false, 0]);
  for (let count = 1; count <= 5; count++) {
    if (count % 2 === 0) assert(lock.tryAcquire() !== undefined);
    else lock.acquireSync(count === 3 ? { timeoutMs: 0 } : undefined);
    assertEquals([lock.locked, lock.owned, lock.count], [true, true, count]);
  }
  for (let count = 4; count > 0; count--) {
    lock.release();
    assertEquals([lock.locked, lock.owned, lock.count], [true, true, count]);
  }
  lock.release();
  assertEquals([lock.locked, lock.owned, lock.count], [false, false, 0]);
});

Deno.test("RLock.release() frees it for other threads at the outermost", async () => {
  const lock = new RLock();
  lock.acquireSync();
  lock.acquireSync();
  const waiter = hands.start("enterWithin", [lock, [10_000]]);
  await until(() => lock.waiting === 1);
  lock.release();
  assertEquals([lock.locked, lock.waiting], [true, 1]);
  lock.release();
  assertEquals(await waiter.join(LIMIT), ["entered"]);
});

Deno.test("RLock.release() is for its owner", async () => {
  const lock = new RLock();
  assertThrows(() => lock.release(), TypeError);
  lock.acquireSync();
  const refused = await hands.start("release", [lock]).join(LIMIT);
  assertEquals([refused, lock.count], ["TypeError", 1]);
  lock.release();
  assertThrows(() => lock.release(), TypeError);
  const gate = Promise.withResolvers<void>();
  const holder = spawn(() => lock.withLock(() => gate.promise));
  await until(() => lock.locked);
  assertThrows(() => lock.release(), TypeError);
  await spawn(() => assertThrows(() => lock.release(), TypeError)).join();
  assertEquals([lock.locked, lock.owned, lock.count], [true, false, 0]);
  gate.resolve();
  await holder.join();
  assertEquals(lock.locked, false);
});

Deno.test("RLock is not owned by a thread that does not hold it", async () => {
  const lock = new RLock();
  await hands.start("takeAndReturn", [lock]).join(LIMIT);
  assertEquals([lock.locked, lock.owned, lock.count], [true, false, 0]);
  assertThrows(() => lock.release(), TypeError);
  assertEquals(lock.tryAcquire(), undefined);
});

Deno.test("RLock.acquire() needs a task that can own it", async () => {
  const lock = new RLock();
  for (const options of [undefined, LIMIT]) {
    await assertRejects(() => lock.acquire(options), TypeError, "task");
  }
  assertEquals([lock.locked, lock.waiting], [false, 0]);
  const held = await spawn(async () => {
    await lock.acquire();
    await lock.acquire(LIMIT);
    await lock.acquire({ timeoutMs: 0, signal: new AbortController().signal });
    return [lock.count, lock.owned];
  }).join();
  assertEquals(held, [3, true]);
  assertEquals([lock.locked, lock.owned, lock.count], [true, false, 0]);
});

Deno.test("RLock.withLock() is a task of its own that may enter again", async () => {
  const lock = new RLock();
  const enter = (depth: number): Promise<number> =>
    lock.withLock(async () => {
      await null;
      if (depth > 1) return await enter(depth - 1);
      using _held = await lock.acquire();
      return lock.count;
    });
  assertEquals(await enter(4), 5);
  assertEquals(lock.locked, false);
});

Deno.test("RLock.withLock() never lets two functions of a thread in together", async () => {
  const lock = new RLock();
  let inside = 0;
  const visit = async () => {
    assertEquals(++inside, 1);
    for (let turn = 0; turn < 3; turn++) {
      await new Promise((done) => setTimeout(done, 0));
      assertEquals([inside, lock.owned, lock.count], [1, true, 1]);
      await lock.withLock(() => assertEquals(lock.count, 2));
    }
    inside--;
  };
  const plain = () => lock.withLock(visit, LIMIT);
  const spawned = () =>
    spawn(async () => {
      using _held = await lock.acquire(LIMIT);
      await visit();
    }).join();
  const tasks = [plain, spawned, plain, spawned, plain, spawned];
  await Promise.all(tasks.map((task) => task()));
  assertEquals([inside, lock.locked], [0, false]);
});

Deno.test("RLock.withLock() keeps out a task that its function spawns", async () => {
  const lock = new RLock();
  let entered = false;
  const task = await lock.withLock(async () => {
    const task = spawn(() => lock.withLock(() => void (entered = true)));
    for (let turn = 0; turn < 5; turn++) {
      await new Promise((done) => setTimeout(done, 0));
    }
    assertEquals([entered, lock.count, lock.waiting], [false, 1, 1]);
    return task;
  });
  await task.join(LIMIT);
  assert(entered);
});

Deno.test("RLock.tryAcquire() is for the task that calls", async () => {
  const lock = new RLock();
  const gate = Promise.withResolvers<void>();
  const first = spawn(async () => {
    using held = lock.tryAcquire();
    using again = lock.tryAcquire();
    assert(held !== undefined && again !== undefined);
    assertEquals(lock.count, 2);
    await gate.promise;
  });
  assertEquals(lock.tryAcquire(), undefined);
  assertEquals(await spawn(() => lock.tryAcquire()).join(), undefined);
  gate.resolve();
  await first.join();
  assertEquals(lock.locked, false);
});

Deno.test("RLock.acquireSync() refuses to block for a task of its own thread", async () => {
  const lock = new RLock();
  const gate = Promise.withResolvers<void>();
  const holder = lock.withLock(() => gate.promise);
  await until(() => lock.locked);
  const forms = [
    () => lock.acquireSync(),
    () => lock.acquireSync(LIMIT),
    () => lock.withLockSync(() => {}),
    () => lock.withLockSync(() => {}, LIMIT),
  ];
  for (const form of forms) {
    assertThrows(form, TypeError, "task");
    await spawn(() => assertThrows(form, TypeError, "task")).join();
  }
  assertEquals([lock.locked, lock.waiting], [true, 0]);
  gate.resolve();
  await holder;
  assertEquals(lock.withLockSync(() => lock.count), 1);
});

Deno.test("RLock.acquire() lets nothing of a bad wait happen to who is in", async () => {
  const lock = new RLock();
  lock.acquireSync();
  for (const timeoutMs of [-1, NaN]) {
    assertThrows(() => lock.acquireSync({ timeoutMs }), RangeError);
    assertThrows(() => lock.withLockSync(() => {}, { timeoutMs }), RangeError);
    assertEquals(lock.count, 1);
  }
  lock.release();
  await lock.withLock(async () => {
    await assertRejects(() => lock.acquire({ timeoutMs: -1 }), RangeError);
    const gone = { signal: AbortSignal.abort("gone") };
    assertEquals(await lock.acquire(gone).catch((why) => why), "gone");
    assertEquals(lock.count, 1);
  });
  assertEquals(lock.locked, false);
});

Deno.test("RLock.withLock() lets errors through, and releases one level", async () => {
  const lock = new RLock();
  const fail = () => {
    throw new SyntaxError("its own");
  };
  await lock.withLock(async () => {
    await assertRejects(() => lock.withLock(fail), SyntaxError);
    await assertRejects(() => lock.withLock(async () => await fail()));
    assertEquals(lock.count, 1);
  });
  assertEquals(lock.locked, false);
  lock.withLockSync(() => {
    assertThrows(() => lock.withLockSync(fail), SyntaxError);
    assertThrows(() => lock.withLockSync(async () => {}), TypeError);
    assertEquals(lock.count, 1);
  });
  assertEquals(lock.locked, false);
});

Deno.test("RLock.withLock() calls nothing if it does not get the lock", async () => {
  const lock = new RLock();
  await hands.start("takeAndReturn", [lock]).join(LIMIT);
  const fn = () => {
    throw new Error("called");
  };
  const soon = { timeoutMs: 1 };
  assert(isTimeout(await lock.withLock(fn, soon).catch((why) => why)));
  assertThrows(() => lock.withLockSync(fn, soon), DOMException);
});

Deno.test("RLock.attach() takes a handle of an RLock only", () => {
  const lock = new RLock();
  const same = RLock.attach(structuredClone(lock.share()));
  same.acquireSync();
  lock.acquireSync();
  assertEquals([lock.count, same.count], [2, 2]);
  same.release();
  lock.release();
  assertEquals([lock.locked, same.locked], [false, false]);
  for (const handle of [new Lock().share(), { type: "RLock" }, {}, undefined]) {
    const attaching = () => RLock.attach(handle as Handle<"RLock">);
    assertThrows(attaching, TypeError, undefined, JSON.stringify(handle));
  }
});
