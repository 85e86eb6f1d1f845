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
const hands = new Hands<typeof import("./_kill_bodies.ts")>(BODIES, 1);
const mortals = threads<typeof import("./_kill_bodies.ts")>(BODIES);

const LIMIT = { timeoutMs: 10_000 };

/** Has a thread go on from where it is ready, and kills it where it is stuck. */
async function kill(victim: Thread<void>, stage: SharedValue): Promise<void> {
  await until(() => stage.get() === STAGE.READY);
  stage.set(STAGE.GO);
  await until(() => stage.get() === STAGE.STUCK);
  await victim.terminate(LIMIT);
}

/** Where those who let many pass may die; a task waits first, then a thread. */
const PLACES = [
  { label: "released", nth: 1 },
  { label: "chosen", nth: 1 },
  { label: "chosen", nth: 2 },
] as const;

for (const place of PLACES) {
  const where = `at "${place.label}" number ${place.nth}`;

  Deno.test(`Event.set() lets all pass, though its thread dies ${where}`, async () => {
    const event = new Event();
    const stage = new SharedValue("i32", 0);
    const task = event.wait(LIMIT);
    const passer = hands.start("pass", [event]);
    const victim = mortals.start("set", [event, place, stage]);
    await until(() => event.waiting === 2);
    await kill(victim, stage);
    await task;
    await passer.join(LIMIT);
    assertEquals([event.isSet, event.waiting], [true, 0]);
    await event.wait(LIMIT);
    event.waitSync(LIMIT);
  });

  Deno.test(`Event.set() lets all pass, cleared or not, though its thread dies ${where}`, async () => {
    const event = new Event();
    const stage = new SharedValue("i32", 0);
    const task = event.wait(LIMIT);
    const passer = hands.start("pass", [event]);
    const victim = mortals.start("set", [event, place, stage]);
    await until(() => event.waiting === 2);
    await until(() => stage.get() === STAGE.READY);
    stage.set(STAGE.GO);
    await until(() => stage.get() === STAGE.STUCK);
    event.clear();
    await victim.terminate(LIMIT);
    await task;
    await passer.join(LIMIT);
    assertEquals([event.isSet, event.waiting], [false, 0]);
  });

  Deno.test(`Barrier.wait() returns, though the last to arrive dies ${where}`, async () => {
    const barrier = new Barrier(3);
    const stage = new SharedValue("i32", 0);
    const task = barrier.wait(LIMIT);
    const other = hands.start("meet", [barrier]);
    const victim = mortals.start("arrive", [barrier, place, stage]);
    await until(() => barrier.waiting === 2 && other.state === "blocked");
    await kill(victim, stage);
    assertEquals([await task, await other.join(LIMIT)], [0, 1]);
    assertEquals([barrier.waiting, barrier.broken], [0, false]);
    const next = [1, 2, 3].map(() => barrier.wait(LIMIT));
    assertEquals((await Promise.all(next)).sort(), [0, 1, 2]);
  });

  Deno.test(`RwLock.write() and read() return, though a writer dies ${where}`, async () => {
    const lock = new RwLock();
    const stage = new SharedValue("i32", 0);
    const inside = new SharedValue("i32", 0);
    const victim = mortals.start("endWriting", [lock, place, stage]);
    await until(() => stage.get() === STAGE.READY);
    const task = lock.write(LIMIT).then((guard) => {
      visit(inside);
      guard.release();
    });
    const other = hands.start("readAndWrite", [lock, inside]);
    await until(() => lock.waiting === 2);
    await kill(victim, stage);
    await task;
    await other.join(LIMIT);
    assertEquals([lock.waiting, lock.readers], [0, 0]);
    assertEquals([lock.writing, lock.ownerDied], [false, false]);
    (await lock.read(LIMIT)).release();
    lock.writeSync(LIMIT).release();
  });
}

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

for (const limit of [{}, { timeoutMs: 1000 }]) {
  const kind = JSON.stringify(limit);
  Deno.test(`Barrier.wait(${kind}) ends, though the thread of the action is dead`, async () => {
    const barrier = new Barrier(2);
    const stage = new SharedValue("i32", 0);
    const victim = mortals.start("actForEver", [barrier, stage]);
    await until(() => stage.get() === STAGE.READY);
    const task = barrier.wait(limit);
    await kill(victim, stage);
    await assertRejects(() => waitFor(task, LIMIT), BrokenBarrierError);
    barrier.reset();
    const next = [1, 2].map(() => barrier.wait(LIMIT));
    assertEquals((await Promise.all(next)).sort(), [0, 1]);
  });
}
