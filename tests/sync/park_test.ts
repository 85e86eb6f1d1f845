import { assertEquals, assertRejects } from "@std/assert";
import { Barrier } from "../../sync/barrier.ts";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { RwLock } from "../../sync/rw_lock.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { Hands } from "./_hands.ts";
import { until } from "./_until.ts";

const hands = new Hands<typeof import("./_park_bodies.ts")>(
  import.meta.resolve("./_park_bodies.ts"),
  2,
);

const LIMIT = { timeoutMs: 10_000 };

/** More objects than a primitive has nodes, each with a task that waits. */
const MANY = 70;

Deno.test(`Lock.acquire() serves ${MANY} objects and a blocking thread`, async () => {
  const lock = new Lock();
  const held = lock.tryAcquire()!;
  let inside = 0;
  const served: number[] = [];
  const tasks = Array.from({ length: MANY }, async (_, index) => {
    const guard = await Lock.attach(lock.share()).acquire(LIMIT);
    assertEquals(++inside, 1);
    await Promise.resolve();
    served.push(index);
    inside--;
    guard.release();
  });
  const thread = hands.start("enter", [lock]);
  await until(() => thread.state === "blocked");
  held.release();
  await Promise.all(tasks);
  await thread.join(LIMIT);
  assertEquals(served.sort((a, b) => a - b), [...Array(MANY).keys()]);
  assertEquals([lock.locked, lock.waiting], [false, 0]);
});

Deno.test(`Semaphore.acquire() serves ${MANY} objects and a blocking thread`, async () => {
  const permits = new Semaphore(0);
  const tasks = Array.from(
    { length: MANY },
    () => Semaphore.attach(permits.share()).acquire(LIMIT),
  );
  const thread = hands.start("enter", [permits]);
  await until(() => thread.state === "blocked");
  permits.release(MANY);
  for (const task of tasks) await task;
  permits.release();
  await thread.join(LIMIT);
  assertEquals([permits.value, permits.waiting], [1, 0]);
});

Deno.test(`Event.wait() lets pass ${MANY} objects and a blocking thread`, async () => {
  const event = new Event();
  const tasks = Array.from(
    { length: MANY },
    () => Event.attach(event.share()).wait(LIMIT),
  );
  const thread = hands.start("pass", [event]);
  await until(() => thread.state === "blocked");
  event.set();
  event.clear();
  await Promise.all(tasks);
  await thread.join(LIMIT);
  assertEquals(event.waiting, 0);
});

Deno.test(`Barrier.wait() lets pass ${MANY} objects and a blocking thread`, async () => {
  const barrier = new Barrier(MANY + 1);
  const tasks = Array.from(
    { length: MANY },
    () => Barrier.attach(barrier.share()).wait(LIMIT),
  );
  const thread = hands.start("meet", [barrier]);
  assertEquals(await Promise.all(tasks), [...Array(MANY).keys()]);
  assertEquals(await thread.join(LIMIT), MANY);
  assertEquals([barrier.waiting, barrier.broken], [0, false]);
});

Deno.test(`RwLock.read() and write() serve ${MANY} objects`, async () => {
  const lock = new RwLock();
  const held = await lock.write();
  let readers = 0;
  let writers = 0;
  const tasks = Array.from({ length: MANY }, async (_, index) => {
    const same = RwLock.attach(lock.share());
    if (index % 7 === 0) {
      const guard = await same.write(LIMIT);
      assertEquals([++writers, readers], [1, 0]);
      await Promise.resolve();
      writers--;
      guard.release();
    } else {
      const guard = await same.read(LIMIT);
      readers++;
      assertEquals(writers, 0);
      await Promise.resolve();
      readers--;
      guard.release();
    }
  });
  held.release();
  await Promise.all(tasks);
  assertEquals([lock.readers, lock.writing, lock.waiting], [0, false, 0]);
});

Deno.test("Lock.acquireSync() blocks behind a task of the same thread, and gets it", async () => {
  const lock = new Lock();
  const held = new Event();
  const holder = hands.start("holdUntil", [lock, held, 2]);
  await held.wait(LIMIT);
  const task = lock.acquire(LIMIT);
  lock.acquireSync(LIMIT); // the task cannot run before this returns
  lock.release();
  (await task).release();
  await holder.join(LIMIT);
  assertEquals([lock.locked, lock.waiting], [false, 0]);
});

Deno.test("Lock.acquireSync() gets it while the task ahead of it is busy elsewhere", async () => {
  const lock = new Lock();
  const asked = new Event();
  const done = new Event();
  const held = lock.tryAcquire()!;
  const thread = hands.start("busy", [lock, asked, done]);
  const other = hands.start("enter", [lock]);
  await asked.wait(LIMIT);
  await until(() => lock.waiting === 2);
  held.release();
  await other.join(LIMIT);
  lock.acquireSync(LIMIT); // also who comes now
  lock.release();
  assertEquals(thread.alive, true);
  done.set();
  await thread.join(LIMIT);
  assertEquals([lock.locked, lock.waiting], [false, 0]);
});

Deno.test("Lock.tryAcquire() does not overtake a thread that waited for more than 1 ms", async () => {
  const lock = new Lock();
  const held = new Event();
  const thread = hands.start("overtake", [lock, held]);
  await held.wait(LIMIT);
  lock.acquireSync(LIMIT);
  assertEquals(await thread.join(LIMIT), false);
  lock.release();
  assertEquals([lock.locked, lock.waiting], [false, 0]);
});

Deno.test("RwLock.readSync() lets in all who wait behind a writer", async () => {
  const lock = new RwLock();
  const others = new Barrier(2);
  const writer = lock.writeSync();
  const readers = [1, 2].map(() => hands.start("readTogether", [lock, others]));
  await until(() => lock.waiting === 2);
  writer.release();
  for (const thread of readers) await thread.join(LIMIT);
  assertEquals([lock.readers, lock.waiting], [0, 0]);
});

Deno.test("Lock.acquireSync() gets it though others take it over and over", async () => {
  const lock = new Lock();
  const done = new Event();
  const hogs = [1, 2].map(() => hands.start("hog", [lock, done]));
  await until(() => lock.locked);
  for (let time = 0; time < 20; time++) {
    lock.acquireSync(LIMIT);
    sleepSync(1);
    lock.release();
  }
  done.set();
  for (const thread of hogs) await thread.join(LIMIT);
  assertEquals([lock.locked, lock.waiting], [false, 0]);
});

Deno.test("Lock.acquire() of two objects of the same memory in one thread serves both", async () => {
  const lock = new Lock();
  const same = Lock.attach(lock.share());
  const held = lock.tryAcquire()!;
  const order: string[] = [];
  const enter = async (of: Lock, name: string) => {
    const guard = await of.acquire(LIMIT);
    order.push(name);
    guard.release();
  };
  const tasks = [
    enter(lock, "a1"),
    enter(same, "b1"),
    enter(lock, "a2"),
    enter(same, "b2"),
  ];
  assertEquals([lock.waiting, same.waiting], [4, 4]);
  same.release();
  await Promise.all(tasks);
  assertEquals(order.filter((name) => name.startsWith("a")), ["a1", "a2"]);
  assertEquals(order.filter((name) => name.startsWith("b")), ["b1", "b2"]);
  held.release(); // spent
  assertEquals([lock.locked, same.waiting], [false, 0]);
});

Deno.test("Lock.waiting counts threads and tasks until they have it or give up", async () => {
  const lock = new Lock();
  const same = Lock.attach(lock.share());
  const controller = new AbortController();
  const { signal } = controller;
  lock.acquireSync();
  assertEquals(lock.waiting, 0);
  const thread = hands.start("enter", [lock]);
  await until(() => lock.waiting === 1);
  const aborted = assertRejects(
    () => lock.acquire({ signal }),
    DOMException,
    "gone",
  );
  const late = assertRejects(
    () => same.acquire({ timeoutMs: 5 }),
    DOMException,
    "5 ms",
  );
  const lasting = lock.acquire(LIMIT);
  assertEquals([lock.waiting, same.waiting], [4, 4]);
  controller.abort(new DOMException("gone"));
  assertEquals(lock.waiting, 3);
  await Promise.all([aborted, late]);
  assertEquals(same.waiting, 2);
  lock.release();
  (await lasting).release();
  await thread.join(LIMIT);
  assertEquals([lock.waiting, lock.locked], [0, false]);
});
