import { assert, assertEquals, assertRejects } from "@std/assert";
import { Event } from "../../sync/event.ts";
import { RwLock } from "../../sync/rw_lock.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import type { Thread } from "../../sync/thread.ts";
import { threads } from "../../sync/threads.ts";
import { Hands } from "./_hands.ts";
import * as here from "./_rw_lock_bodies.ts";
import { until } from "./_until.ts";

/** So that a test that fails does not hang. */
const LIMIT = { timeoutMs: 10_000 };

const BODIES = import.meta.resolve("./_rw_lock_bodies.ts");
const hands = new Hands<typeof here>(BODIES, 3);
const mortals = threads<typeof here>(BODIES);

/** Has a thread read or write; answers how to end that. */
async function holder(
  lock: RwLock,
  how: here.Way,
): Promise<() => Promise<void>> {
  const [held, leave] = [new Event(), new Event()];
  const thread = hands.start("hold", [lock, how, held, leave]);
  await held.wait(LIMIT);
  return () => {
    leave.set();
    return thread.join(LIMIT);
  };
}

/** A thread that reads or writes locks, each in its way, and is to die. */
async function mortal(
  locks: readonly RwLock[],
  ...ways: here.Way[]
): Promise<Thread> {
  const held = new Event();
  const thread = mortals.start("holdAll", [locks, ways, held]);
  await held.wait(LIMIT);
  return thread;
}

function isFree(lock: RwLock): boolean {
  const guard = lock.tryWrite();
  guard?.release();
  return guard !== undefined && lock.readers === 0 && lock.waiting === 0;
}

Deno.test("RwLock lets threads and tasks read at once, and one of them write", async () => {
  const lock = new RwLock();
  const holders = [await holder(lock, "readSync"), await holder(lock, "read")];
  const mine = [await lock.read(LIMIT), lock.readSync(LIMIT)];
  assertEquals([lock.readers, lock.tryWrite()], [4, undefined]);
  for (const guard of mine) guard.release();
  for (const leave of holders) await leave();
  const leave = await holder(lock, "writeSync");
  assertEquals([lock.readers, lock.writing], [0, true]);
  assertEquals([lock.tryRead(), lock.tryWrite()], [undefined, undefined]);
  await leave();
  assert(isFree(lock));
});

for (const how of ["write", "writeSync"] as const) {
  const read = how === "write" ? "readSync" : "read";

  Deno.test(`RwLock.${how}() of a thread waits for readers, and keeps new ones out`, async () => {
    const lock = new RwLock();
    const log = new SharedArray("i32", 10);
    const leave = await holder(lock, "readSync");
    const mine = await lock.read(LIMIT);
    const writer = hands.start("enter", [lock, how, log, 1]);
    await until(() => lock.writing);
    const second = hands.start("enter", [lock, read, log, 2]);
    await until(() => lock.waiting === 1);
    assertEquals([lock.tryRead(), lock.tryWrite()], [undefined, undefined]);
    await leave();
    assertEquals([lock.readers, log.get(0)], [1, 0]);
    mine.release();
    await writer.join(LIMIT);
    await second.join(LIMIT);
    assertEquals([...log].slice(0, 3), [2, 1, 2]);
    assert(isFree(lock));
  });

  Deno.test(`RwLock.${how}() of a thread that gives up lets readers in again`, async () => {
    const lock = new RwLock();
    const log = new SharedArray("i32", 10);
    const mine = await lock.read(LIMIT);
    const writer = hands.start("giveUp", [lock, how, 100]);
    await until(() => lock.writing || !writer.alive);
    const reader = hands.start("enter", [lock, read, log, 2]);
    assertEquals(await writer.join(LIMIT), "TimeoutError");
    await reader.join(LIMIT); // though there was no release
    lock.tryRead()!.release();
    assertEquals([lock.readers, lock.tryWrite()], [1, undefined]);
    mine.release();
    assert(isFree(lock));
  });

  Deno.test(`RwLock.${how}() gets in when a thread that reads is terminated`, async () => {
    const locks = [new RwLock(), new RwLock()];
    const reader = await mortal(locks, "read", "readSync");
    const log = new SharedArray("i32", 10);
    const mine = await Promise.all(locks.map((lock) => lock.read(LIMIT)));
    const writers = locks.map((lock) =>
      hands.start("enter", [lock, how, log, 1])
    );
    await until(() => locks.every((lock) => lock.writing));
    for (const guard of mine) guard.release();
    assertEquals([log.get(0), ...locks.map(({ readers }) => readers)], [
      0,
      1,
      1,
    ]);
    await reader.terminate(LIMIT);
    for (const writer of writers) await writer.join(LIMIT);
    for (const lock of locks) {
      assertEquals([lock.readers, lock.ownerDied], [0, false]);
      (await lock[how](LIMIT)).release();
      assert(isFree(lock));
    }
  });

  Deno.test(`RwLock.${how}() of a thread that dies is recovered`, async () => {
    const lock = new RwLock();
    const writer = await mortal([lock], how);
    const reader = lock.read(LIMIT);
    await until(() => lock.waiting === 1);
    await writer.terminate(LIMIT);
    (await reader).release();
    assertEquals([lock.writing, lock.ownerDied], [false, true]);
    {
      using _writer = lock.writeSync(LIMIT);
      assertEquals(lock.ownerDied, true);
      lock.markConsistent();
      assertEquals(lock.ownerDied, false);
    }
    const thrown = mortals.start("throwWhile", [lock, how]);
    await assertRejects(() => thrown.join(LIMIT), Error, "it died");
    const next = await lock[how](LIMIT);
    assertEquals(lock.ownerDied, true);
    lock.markConsistent();
    next.release();
    assertEquals([isFree(lock), lock.ownerDied], [true, false]);
  });

  Deno.test(`RwLock.${how}() that waits for readers is given up when its thread dies`, async () => {
    const lock = new RwLock();
    const log = new SharedArray("i32", 10);
    const mine = await lock.read(LIMIT);
    const writer = mortals.start("enter", [lock, how, log, 1]);
    await until(() => lock.writing);
    const reader = hands.start("enter", [lock, read, log, 2]);
    await until(() => lock.waiting === 1);
    await writer.terminate(LIMIT);
    await reader.join(LIMIT);
    assertEquals([...log].slice(0, 2), [1, 2]);
    mine.release();
    (await lock.write(LIMIT)).release();
    assertEquals(lock.readers, 0);
  });
}

Deno.test("RwLock forgets who waits in a thread that dies", async () => {
  for (const what of ["read", "write"] as const) {
    const locks: [RwLock, RwLock] = [new RwLock(), new RwLock()];
    const [inTask, blocking] = locks;
    const log = new SharedArray("i32", 10);
    const writers = await Promise.all(locks.map((lock) => lock.write(LIMIT)));
    const dying = mortals.start("enterTwo", [inTask, blocking, what]);
    await until(() => locks.every((lock) => lock.waiting === 1));
    const living = locks.map((lock) =>
      hands.start("enter", [lock, "readSync", log, 2])
    );
    await until(() => locks.every((lock) => lock.waiting === 2));
    await dying.terminate(LIMIT);
    assertEquals(locks.map(({ waiting }) => waiting), [1, 1]);
    for (const writer of writers) writer.release();
    for (const thread of living) await thread.join(LIMIT);
    assertEquals([...log].slice(0, 3), [2, 2, 2]);
    for (const lock of locks) {
      assertEquals([isFree(lock), lock.ownerDied], [true, false]);
    }
  }
});

Deno.test("RwLock lets readers in that wait behind a writer, in threads and tasks", async () => {
  const lock = new RwLock();
  const writer = await lock.write(LIMIT);
  const log = new SharedArray("i32", 10);
  const blocked = hands.start("enter", [lock, "readSync", log, 1]);
  const inTask = hands.start("enter", [lock, "read", log, 2]);
  const mine = lock.read(LIMIT);
  await until(() => lock.waiting === 3);
  writer.release();
  using _reader = await mine; // stays, and keeps no other reader out
  await Promise.all([blocked.join(LIMIT), inTask.join(LIMIT)]);
  assertEquals([log.get(0), lock.readers], [2, 1]);
});

Deno.test("RwLock.readSync() blocks the main thread while another writes", async () => {
  const lock = new RwLock();
  const [held, leave] = [new Event(), new Event()];
  for (const how of ["write", "writeSync"] as const) {
    const writer = hands.start("hold", [lock, how, held, leave]);
    held.waitSync(LIMIT);
    assertEquals([lock.tryRead(), lock.writing], [undefined, true]);
    const reader = hands.start("enter", [
      lock,
      "readSync",
      new SharedArray("i32", 2),
      1,
    ]);
    leave.set();
    lock.readSync(LIMIT).release();
    lock.writeSync(LIMIT).release();
    writer.joinSync(LIMIT);
    reader.joinSync(LIMIT);
    held.clear();
    leave.clear();
  }
  assert(isFree(lock));
  await lock.read(LIMIT).then((guard) => guard.release());
});

Deno.test("RwLock does not let writers starve under a stream of readers", async () => {
  const lock = new RwLock();
  const over = new Event();
  const readers = [1, 2, 3].map(() => hands.start("readUntil", [lock, over]));
  await until(() => lock.readers > 0);
  for (let times = 0; times < 20; times++) {
    using _blocking = lock.writeSync(LIMIT);
    assertEquals(lock.tryRead(), undefined);
  }
  for (let times = 0; times < 20; times++) {
    using _writer = await lock.write(LIMIT);
    assertEquals(lock.tryRead(), undefined);
  }
  over.set();
  for (const reader of readers) assert(await reader.join(LIMIT) > 0);
  assert(isFree(lock));
});

Deno.test("RwLock keeps what a thread reads or writes that has returned", async () => {
  const [read, written] = [new RwLock(), new RwLock()];
  await mortals.start("returnWhile", [read, written]).join(LIMIT);
  assertEquals([read.readers, read.tryWrite()], [1, undefined]);
  read.tryRead()!.release();
  assertEquals([written.writing, written.ownerDied], [true, false]);
  assertEquals([written.tryRead(), written.tryWrite()], [undefined, undefined]);
});

Deno.test("RwLock keeps 3 threads that read and write apart", async () => {
  const lock = new RwLock();
  const [left, right] = [new SharedValue("i32", 0), new SharedValue("i32", 0)];
  const started = [1, 2, 3].map(() =>
    hands.start("stress", [lock, left, right, 1000])
  );
  for (const thread of started) assertEquals(await thread.join(LIMIT), 0);
  assertEquals([left.get(), right.get()], [750, 750]);
  assert(isFree(lock));
});

Deno.test("RwLock keeps threads and tasks that read and write apart", async () => {
  const lock = new RwLock();
  const [left, right] = [new SharedValue("i32", 0), new SharedValue("i32", 0)];
  const args = [lock, left, right, 400] as const;
  const blocking = hands.start("stress", [...args]);
  const inTask = hands.start("stressInTask", [...args]);
  const tasks = [1, 2].map(() => here.stressInTask(...args));
  assertEquals(await Promise.all(tasks), [0, 0]);
  assertEquals(await blocking.join(LIMIT), 0);
  assertEquals(await inTask.join(LIMIT), 0);
  assertEquals([left.get(), right.get()], [400, 400]);
  assert(isFree(lock));
});
