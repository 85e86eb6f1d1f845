import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Barrier } from "../../sync/barrier.ts";
import { DeadlockError } from "../../sync/deadlock.ts";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { RLock } from "../../sync/rlock.ts";
import { spawn } from "../../sync/task.ts";
import { waitFor } from "../../sync/wait_options.ts";
import { crossInTask, type Outcome } from "./_deadlock_bodies.ts";
import { reporting } from "./_deadlocks.ts";
import { LIMIT } from "./_doors.ts";
import { Hands } from "./_hands.ts";
import { until } from "./_until.ts";

Lock.detectDeadlocks(true); // threads do if their starter does
const hands = new Hands<typeof import("./_deadlock_bodies.ts")>(
  import.meta.resolve("./_deadlock_bodies.ts"),
  3,
);
Lock.detectDeadlocks(false);

/** Checks that one of a circle was told, and the others went on. */
function assertOneVictim(outcomes: readonly Outcome[], parties: number) {
  const victims = outcomes.filter(({ how }) => how === "DeadlockError");
  const others = outcomes.filter(({ how }) => how === "entered");
  assertEquals(
    [victims.length, others.length],
    [1, outcomes.length - 1],
    JSON.stringify(outcomes),
  );
  const [{ code, cycle, message, kept }] = victims as [Outcome];
  assertEquals([code, cycle.length, kept], ["deadlock", parties, true]);
  for (const step of cycle) assertStringIncludes(message, step);
}

/** Two threads that cross, by their blocking forms. */
function startToCross(a: Lock | RLock, b: Lock | RLock) {
  const met = new Barrier(2);
  const one = hands.start("cross", [a, b, met]);
  const two = hands.start("cross", [b, a, met]);
  return [one, two] as const;
}

/** How that ends. */
async function crossThreads(
  a: Lock | RLock,
  b: Lock | RLock,
): Promise<Outcome[]> {
  const crew = startToCross(a, b);
  return await Promise.all(crew.map((thread) => thread.join(LIMIT)));
}

reporting("Lock.detectDeadlocks() reports two threads that cross", async () => {
  const outcomes = await crossThreads(new Lock(), new Lock());
  assertOneVictim(outcomes, 2);
});

reporting(
  "Lock.detectDeadlocks() reports an RLock and a Lock that cross",
  async () => {
    assertOneVictim(await crossThreads(new RLock(), new Lock()), 2);
    assertOneVictim(await crossThreads(new RLock(), new RLock()), 2);
  },
);

reporting(
  "DeadlockError names the threads, what they hold and wait for",
  async () => {
    const [one, two] = startToCross(new Lock(), new RLock());
    const outcomes = [await one.join(LIMIT), await two.join(LIMIT)];
    const { cycle, message } = outcomes.find(({ how }) => how !== "entered")!;
    assertMatch(message, /^Cannot wait/);
    for (const { name } of [one, two]) {
      const step = cycle.find((step) => step.includes(`"${name}"`));
      assert(step !== undefined, message);
      const [own, other] = name === one.name
        ? [/\bLock\b/, /\bRLock\b/]
        : [/\bRLock\b/, /\bLock\b/];
      assertMatch(step, new RegExp(`holds.*${own.source}.*waits`));
      assertMatch(step, new RegExp(`waits.*${other.source}`));
    }
  },
);

reporting("DeadlockError tells locks of a kind apart", async () => {
  const outcomes = await crossThreads(new Lock(), new Lock());
  const { cycle } = outcomes.find(({ how }) => how !== "entered")!;
  const locks = cycle.map((step) => step.match(/Lock\S*( \d+)?/g) ?? []);
  assertEquals(new Set(locks.flat()).size, 2, cycle.join("; "));
  assertEquals(locks[0], locks[1]!.toReversed(), cycle.join("; "));
});

reporting("Lock.detectDeadlocks() reports a circle of three", async () => {
  const locks = [new Lock(), new Lock(), new Lock()];
  const met = new Barrier(3);
  const crew = locks.map((lock, index) =>
    hands.start("cross", [lock, locks[(index + 1) % 3]!, met])
  );
  const outcomes = await Promise.all(crew.map((thread) => thread.join(LIMIT)));
  assertOneVictim(outcomes, 3);
});

reporting(
  "Lock.detectDeadlocks() reports two tasks of a thread that cross",
  async () => {
    for (
      const [a, b] of [[Lock, Lock], [Lock, RLock], [RLock, RLock]] as const
    ) {
      const [mine, other, met] = [new a(), new b(), new Barrier(2)];
      const crossing = Promise.all([
        crossInTask(mine, other, met),
        crossInTask(other, mine, met),
      ]);
      assertOneVictim(await waitFor(crossing, LIMIT), 2);
      assertEquals([mine.locked, other.locked], [false, false]);
    }
  },
);

reporting("Lock.detectDeadlocks() reports what withLock() calls", async () => {
  for (const Class of [Lock, RLock]) {
    const [a, b, met] = [new Class(), new Class(), new Barrier(2)];
    const cross = (mine: Lock | RLock, other: Lock | RLock) =>
      mine.withLock(async () => {
        await met.wait(LIMIT);
        return await other.withLock(() => "entered");
      }).catch((error) => error.name);
    const hows = await waitFor(Promise.all([cross(a, b), cross(b, a)]), LIMIT);
    assertEquals(hows.toSorted(), ["DeadlockError", "entered"]);
  }
});

reporting(
  "Lock.detectDeadlocks() reports a task and a thread that cross",
  async () => {
    for (const [a, b] of [[Lock, Lock], [RLock, Lock]] as const) {
      const [mine, other, met] = [new a(), new b(), new Barrier(2)];
      const thread = hands.start("cross", [other, mine, met]);
      const task = crossInTask(mine, other, met);
      const outcomes = await Promise.all([
        waitFor(task, LIMIT),
        thread.join(LIMIT),
      ]);
      assertOneVictim(outcomes, 2);
    }
  },
);

reporting("Lock.detectDeadlocks() reports who waits for itself", async () => {
  const lock = new Lock();
  const held = lock.acquireSync();
  const error = assertThrows(() => lock.acquireSync(), DeadlockError);
  assertEquals([error.code, error.cycle.length], ["deadlock", 1]);
  assertThrows(() => lock.withLockSync(() => {}), DeadlockError);
  assertEquals([lock.locked, lock.waiting], [true, 0]);
  held.release();
  const thread = hands.start("acquireTwice", [lock]);
  assertOneVictim([await thread.join(LIMIT)], 1);
  assertEquals([lock.locked, lock.waiting], [false, 0]);
});

reporting(
  "Lock.detectDeadlocks() reports a task that waits for itself",
  async () => {
    const lock = new Lock();
    const attempts: (() => Promise<unknown>)[] = [
      () => lock.withLock(() => lock.withLock(() => {})),
      () => lock.withLock(() => lock.acquire()),
    ];
    for (const attempt of attempts) {
      await assertRejects(() => spawn(attempt).join(LIMIT), DeadlockError);
      assertEquals([lock.locked, lock.waiting], [false, 0]);
    }
    await assertRejects(() => waitFor(attempts[0]!(), LIMIT), DeadlockError);
  },
);

reporting("Lock.detectDeadlocks() lets a victim try again", async () => {
  const [a, b] = [new Lock(), new Lock()];
  for (let round = 0; round < 3; round++) {
    const met = new Barrier(2);
    const crossing = Promise.all([
      crossInTask(a, b, met),
      crossInTask(b, a, met),
    ]);
    assertOneVictim(await waitFor(crossing, LIMIT), 2);
  }
  assertOneVictim(await crossThreads(a, b), 2);
});

reporting(
  "Lock.detectDeadlocks() leaves a wait with a limit alone",
  async () => {
    const [a, b, met] = [new Lock(), new Lock(), new Barrier(2)];
    const crew = [
      hands.start("cross", [a, b, met, 50]),
      hands.start("cross", [b, a, met, 10_000]),
    ];
    const [one, two] = await Promise.all(crew.map((one) => one.join(LIMIT)));
    assertEquals([one!.how, two!.how], ["TimeoutError", "entered"]);
  },
);

reporting(
  "Lock.detectDeadlocks() reports no wait for a thread that ends",
  async () => {
    const lock = new Lock();
    const [held, go] = [new Event(), new Event()];
    const thread = hands.start("holdUntil", [lock, held, go]);
    await held.wait(LIMIT);
    const tasks = [1, 2, 3].map(() => spawn(() => lock.withLock(() => "in")));
    await until(() => lock.waiting === 3);
    go.set();
    for (const task of tasks) assertEquals(await task.join(LIMIT), "in");
    await thread.join(LIMIT);
  },
);
