import { assertEquals, assertRejects } from "@std/assert";
import { Barrier } from "../../sync/barrier.ts";
import { BrokenBarrierError } from "../../sync/broken_barrier.ts";
import { Event } from "../../sync/event.ts";
import { RwLock } from "../../sync/rw_lock.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import type { Thread } from "../../sync/thread.ts";
import { threads } from "../../sync/threads.ts";
import { waitFor } from "../../sync/wait_options.ts";
import { Hands } from "./_hands.ts";
import { STAGE, visit } from "./_kill_bodies.ts";
import { until } from "./_until.ts";

const BODIES = import.meta.resolve("./_kill_bodies.ts");
const hands = new Hands<typeof import("./_kill_bodies.ts")>(BODIES, 3);
const mortals = threads<typeof import("./_kill_bodies.ts")>(BODIES);

const LIMIT = { timeoutMs: 10_000 };

/** Has a thread go on from where it is ready, and kills it where it is stuck. */
async function kill(
  victim: Thread<void>,
  stage: SharedValue,
  last = () => {},
): Promise<void> {
  await until(() => stage.get() === STAGE.READY);
  stage.set(STAGE.GO);
  await until(() => stage.get() === STAGE.STUCK);
  last();
  await victim.terminate(LIMIT);
}

/**
 * Where those who let many pass may die; a task waits first, then a thread. A
 * victim dies at all of them, each in another passage.
 */
const PLACES = [
  { label: "released", nth: 1 },
  { label: "chosen", nth: 1 },
  { label: "chosen", nth: 2 },
] as const;

Deno.test("Event.set() lets all pass, cleared or not, wherever its thread dies", async () => {
  for (const isCleared of [false, true]) {
    const events = PLACES.map(() => new Event());
    const stage = new SharedValue("i32", 0);
    const tasks = events.map((event) => event.wait(LIMIT));
    const passers = events.map((event) => hands.start("pass", [event]));
    const victim = mortals.start("letPass", [events, PLACES, stage]);
    await until(() => events.every((event) => event.waiting === 2));
    await kill(victim, stage, () => {
      if (isCleared) events.forEach((event) => event.clear());
    });
    await Promise.all(tasks);
    for (const passer of passers) await passer.join(LIMIT);
    for (const event of events) {
      assertEquals([event.isSet, event.waiting], [!isCleared, 0]);
      if (isCleared) continue;
      await event.wait(LIMIT);
      event.waitSync(LIMIT);
    }
  }
});

Deno.test("Barrier.wait() returns, wherever the last to arrive dies", async () => {
  const barriers = PLACES.map(() => new Barrier(3));
  const stage = new SharedValue("i32", 0);
  const tasks = barriers.map((barrier) => barrier.wait(LIMIT));
  const others = barriers.map((barrier) => hands.start("meet", [barrier]));
  const victim = mortals.start("letPass", [barriers, PLACES, stage]);
  const isHere = (barrier: Barrier) => barrier.waiting === 2;
  const isBlocked = ({ state }: { state: string }) => state === "blocked";
  await until(() => barriers.every(isHere) && others.every(isBlocked));
  await kill(victim, stage);
  for (const [index, barrier] of barriers.entries()) {
    const places = [await tasks[index], await others[index]!.join(LIMIT)];
    assertEquals(places, [0, 1]);
    assertEquals([barrier.waiting, barrier.broken], [0, false]);
    const next = [1, 2, 3].map(() => barrier.wait(LIMIT));
    assertEquals((await Promise.all(next)).sort(), [0, 1, 2]);
  }
});

Deno.test("RwLock.write() and read() return, wherever a writer dies", async () => {
  const locks = PLACES.map(() => new RwLock());
  const stage = new SharedValue("i32", 0);
  const victim = mortals.start("letPass", [locks, PLACES, stage]);
  await until(() => stage.get() === STAGE.READY);
  const ends = locks.map((lock) => {
    const inside = new SharedValue("i32", 0);
    const task = lock.write(LIMIT).then((guard) => {
      visit(inside);
      guard.release();
    });
    const other = hands.start("readAndWrite", [lock, inside]);
    return () => Promise.all([task, other.join(LIMIT)]);
  });
  await until(() => locks.every((lock) => lock.waiting === 2));
  await kill(victim, stage);
  for (const [index, lock] of locks.entries()) {
    await ends[index]!();
    assertEquals([lock.waiting, lock.readers], [0, 0]);
    assertEquals([lock.writing, lock.ownerDied], [false, false]);
    (await lock.read(LIMIT)).release();
    lock.writeSync(LIMIT).release();
  }
});

Deno.test("RwLock.write() returns once a thread that reads is dead", async () => {
  const lock = new RwLock();
  const stage = new SharedValue("i32", 0);
  const inside = new SharedValue("i32", 0);
  const victim = mortals.start("read", [lock, stage]);
  await until(() => stage.get() === STAGE.READY);
  const other = hands.start("readAndWrite", [lock, inside]);
  await until(() => lock.writing && other.state === "blocked");
  const task = lock.read(LIMIT);
  assertEquals([lock.readers, lock.tryRead()], [1, undefined]);
  await victim.terminate(LIMIT);
  (await task).release();
  await other.join(LIMIT);
  assertEquals([lock.readers, lock.writing], [0, false]);
  assertEquals([lock.waiting, lock.ownerDied], [0, false]);
});

Deno.test("RwLock.read() returns once a writer that waited for readers is dead", async () => {
  const lock = new RwLock();
  const stage = new SharedValue("i32", 0);
  const first = await lock.read();
  const victim = mortals.start("startWriting", [lock, stage]);
  await until(() => stage.get() === STAGE.READY);
  stage.set(STAGE.GO);
  await until(() => lock.writing && victim.state === "blocked");
  const task = lock.read(LIMIT);
  await until(() => lock.waiting === 1);
  await victim.terminate(LIMIT);
  (await task).release();
  assertEquals([lock.readers, lock.writing], [1, false]);
  first.release();
  const guard = await lock.write(LIMIT);
  await assertRejects(() => lock.read({ timeoutMs: 1 }), DOMException);
  guard.release();
  assertEquals([lock.readers, lock.writing, lock.waiting], [0, false, 0]);
});

Deno.test("Barrier.wait() ends, with a limit or not, though the thread of the action is dead", async () => {
  const barriers = [new Barrier(2), new Barrier(2)];
  const stage = new SharedValue("i32", 0);
  const victim = mortals.start("actForEver", [barriers, stage]);
  await until(() => stage.get() === STAGE.READY);
  const limits = [{}, { timeoutMs: 1000 }];
  const ends = barriers.map((barrier, index) =>
    assertRejects(
      () => waitFor(barrier.wait(limits[index]), LIMIT),
      BrokenBarrierError,
    )
  );
  await kill(victim, stage);
  await Promise.all(ends);
  for (const barrier of barriers) {
    barrier.reset();
    const next = [1, 2].map(() => barrier.wait(LIMIT));
    assertEquals((await Promise.all(next)).sort(), [0, 1]);
  }
});
