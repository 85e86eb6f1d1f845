import { assertEquals } from "@std/assert";
import type { Label } from "../../sync/_trap.ts";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { threads } from "../../sync/threads.ts";
import { Hands } from "./_hands.ts";
import { type Gate, STAGE, visit } from "./_kill_bodies.ts";
import { STRESS } from "./_random.ts";
import { until } from "./_until.ts";

const BODIES = import.meta.resolve("./_kill_bodies.ts");
const hands = new Hands<typeof import("./_kill_bodies.ts")>(BODIES, 1);
const mortals = threads<typeof import("./_kill_bodies.ts")>(BODIES);

const LIMIT = { timeoutMs: 10_000 };

/** How a thread dies, and what happens meanwhile. */
interface Scene {
  readonly body: "wait" | "waitAsync" | "giveUp" | "giveUpAsync" | "release";
  readonly label: Label;
  readonly nth?: number;
  /** Whether it comes to the label only once the gate has been opened. */
  readonly afterOpening?: boolean;
  /** Whether others wait already when it comes. */
  readonly last?: boolean;
  /** Whether the gate is opened before it is dead. */
  readonly openFirst?: boolean;
}

/**
 * A task and a blocking thread wait for a gate when another thread, which has to
 * do with it, dies: both get in all the same, and so does who comes after.
 */
async function play(gate: Gate, scene: Scene): Promise<void> {
  const { body, label, nth = 1 } = scene;
  const inside = new SharedValue("i32", 0);
  const stage = new SharedValue("i32", 0);
  const come = new Event();
  const held = body === "release" ? undefined : gate.tryAcquire();
  const walker = hands.start("walk", [gate, inside, come, 2]);
  let task = Promise.resolve();
  const gather = async () => {
    const before = gate.waiting;
    task = gate.acquire(LIMIT).then((guard) => {
      visit(inside);
      guard.release();
    });
    come.set();
    await until(() => gate.waiting === before + 2);
  };
  if (scene.last) await gather();
  const victim = mortals.start(body, [gate, { label, nth }, stage]);
  if (body === "release") {
    await until(() => stage.get() === STAGE.READY);
    await gather();
    stage.set(STAGE.GO);
  } else if (scene.afterOpening) {
    const parked = body === "waitAsync" ? "running" : "blocked";
    await until(() => gate.waiting === 1 && victim.state === parked);
    await gather();
    held?.release();
  } else if (!scene.last) {
    await until(() => stage.get() === STAGE.STUCK);
    await gather();
  }
  await until(() => stage.get() === STAGE.STUCK);
  if (scene.openFirst) held?.release();
  await victim.terminate(LIMIT);
  held?.release();
  const lost = label === "taken";
  if (lost && gate instanceof Semaphore) gate.release(); // nobody else does
  await task;
  await walker.join(LIMIT);
  assertEquals(gate.waiting, 0);
  if (gate instanceof Lock) assertEquals(gate.ownerDied, lost);
  (await gate.acquire(LIMIT)).release();
  gate.acquireSync(LIMIT).release();
  if (gate instanceof Lock) assertEquals(gate.locked, false);
  else assertEquals(gate.value, 1);
}

/** Who dies. */
const SCENES: Readonly<Record<string, Scene>> = {
  "a waiter that does not show yet": { body: "wait", label: "claimed" },
  "a waiter that has not tried yet": { body: "wait", label: "published" },
  "a waiter that was refused": { body: "wait", label: "refused" },
  "a waiter that was woken": {
    body: "wait",
    label: "woken",
    afterOpening: true,
  },
  "a waiter that has just got in": {
    body: "wait",
    label: "taken",
    afterOpening: true,
  },
  "a waiter whose time is over": { body: "giveUp", label: "cancelled" },
  "a waiter whose time is over, while it wakes a task": {
    body: "giveUp",
    label: "chosen",
    last: true,
  },
  "a waiter whose time is over, while it wakes a thread": {
    body: "giveUp",
    label: "chosen",
    nth: 2,
    last: true,
  },
  "a task that has not tried yet": { body: "waitAsync", label: "published" },
  "a task that was refused": { body: "waitAsync", label: "refused" },
  "a task that was woken": {
    body: "waitAsync",
    label: "published",
    nth: 2,
    afterOpening: true,
  },
  "a task whose time is over, while it wakes a task": {
    body: "giveUpAsync",
    label: "chosen",
    last: true,
  },
  "a task whose time is over, while it wakes a thread": {
    body: "giveUpAsync",
    label: "chosen",
    nth: 2,
    last: true,
  },
  "a releaser that has woken nobody": { body: "release", label: "released" },
  "a releaser, while it wakes a task": { body: "release", label: "chosen" },
  "a releaser, while it wakes a thread": {
    body: "release",
    label: "chosen",
    nth: 2,
  },
};

for (const [who, scene] of Object.entries(SCENES)) {
  const canOpenFirst = !scene.afterOpening && scene.body !== "release";

  Deno.test(`Lock.acquire() outlives ${who}`, async () => {
    await play(new Lock(), scene);
  });

  Deno.test(`Semaphore.acquire() outlives ${who}`, async () => {
    await play(new Semaphore(1), { ...scene, openFirst: canOpenFirst });
  });

  if (!canOpenFirst || !STRESS) continue;

  Deno.test(`Lock.release() is not lost with ${who}`, async () => {
    await play(new Lock(), { ...scene, openFirst: true });
  });
}

Deno.test("Lock.release() by another thread does not hide that the holder died", async () => {
  const lock = new Lock();
  const stage = new SharedValue("i32", 0);
  const place = { label: "released", nth: 1 } as const;
  const victim = mortals.start("release", [lock, place, stage]);
  await until(() => stage.get() === STAGE.READY);
  await victim.terminate(LIMIT);
  lock.release(); // that of the dead: nobody else would
  const guard = await lock.acquire(LIMIT);
  assertEquals(lock.ownerDied, true);
  lock.markConsistent();
  guard.release();
  assertEquals([lock.ownerDied, lock.locked], [false, false]);
});
