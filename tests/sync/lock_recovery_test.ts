import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { RLock } from "../../sync/rlock.ts";
import type { Thread } from "../../sync/thread.ts";
import { threads } from "../../sync/threads.ts";
import { type Death, look, lookInTasks } from "./_death_bodies.ts";
import { LIMIT } from "./_doors.ts";
import { Hands } from "./_hands.ts";
import { until } from "./_until.ts";

const BODIES = import.meta.resolve("./_death_bodies.ts");
const hands = new Hands<typeof import("./_death_bodies.ts")>(BODIES, 3);
const mortals = threads<typeof import("./_death_bodies.ts")>(BODIES);

const DEATHS: readonly Death[] = [
  "throw",
  "reject",
  "stray",
  "exit",
  "spin",
  "block",
];
const DIED = { ownerDied: true, count: 1 };
const FINE = { ownerDied: false, count: 1 };

function both(): (Lock | RLock)[] {
  return [new Lock(), new RLock()];
}

/** Starts a thread that holds locks; answers how to make it die. */
async function holder(
  locks: readonly (Lock | RLock)[],
  death: Death,
  ofTask?: readonly (Lock | RLock)[],
): Promise<() => Promise<unknown>> {
  const [inside, go] = [new Event(), new Event()];
  const thread: Thread<void> = ofTask === undefined
    ? mortals.start("acquireAndDie", [locks, death, inside, go])
    : mortals.start("acquireBothWaysAndDie", [
      locks,
      ofTask,
      death,
      inside,
      go,
    ]);
  await inside.wait(LIMIT);
  return async () => {
    go.set();
    if (death === "block" || death === "spin") await thread.terminate(LIMIT);
    return await thread.join(LIMIT).catch((error) => error);
  };
}

for (const death of DEATHS) {
  Deno.test(`Lock and RLock of a thread that died pass to who waits, or comes later: ${death}`, async () => {
    const [locks, ofTask] = [both(), both()];
    const kill = await holder(locks, death, ofTask);
    assert(ofTask.every((lock) => !lock.ownerDied));
    const blocking = locks.map((lock) => hands.start("look", [lock]));
    const elsewhere = hands.start("lookInTasks", [locks]);
    const here = lookInTasks(locks);
    await until(() => locks.every((lock) => lock.waiting === 3));
    assert(await kill() instanceof Error);
    for (const one of blocking) assertEquals(await one.join(LIMIT), DIED);
    assertEquals(await elsewhere.join(LIMIT), [DIED, DIED]);
    assertEquals(await here, [DIED, DIED]);
    for (const lock of locks) {
      assertEquals([lock.locked, lock.ownerDied], [false, true]);
    }
    assertEquals(ofTask.map(look), [DIED, DIED]);
    assertEquals(await lookInTasks(ofTask), [DIED, DIED]);
    for (const lock of ofTask) {
      assertEquals(await hands.start("look", [lock]).join(LIMIT), DIED);
    }
  });
}

Deno.test("Lock and RLock that a dead thread held are got without a wait", async () => {
  const [tried, blocked, awaited] = [both(), both(), both()];
  const kill = await holder([tried, blocked, awaited].flat(), "exit");
  for (const lock of tried) assertEquals(lock.tryAcquire(), undefined);
  await kill();
  for (const lock of tried) {
    using held = lock.tryAcquire();
    assert(held !== undefined && lock.ownerDied);
  }
  for (const lock of blocked) {
    using _held = lock.acquireSync({ timeoutMs: 0 });
    assert(lock.ownerDied);
  }
  for (const lock of awaited) {
    await lock.withLock(() => assert(lock.ownerDied), { timeoutMs: 0 });
  }
});

Deno.test("Lock and RLock pass on ownerDied until markConsistent() of the holder", async () => {
  const locks = both();
  const refuse = () => {
    for (const lock of locks) {
      assertThrows(() => lock.markConsistent(), TypeError);
    }
  };
  refuse();
  const kill = await holder(locks, "throw");
  refuse();
  await kill();
  refuse();
  for (const lock of locks) {
    for (let time = 0; time < 3; time++) assertEquals(look(lock), DIED);
    lock.withLockSync(() => {
      lock.markConsistent();
      assertEquals(lock.ownerDied, false);
    });
    lock.withLockSync(() => lock.markConsistent()); // does nothing
    assertEquals(look(lock), FINE);
    assertEquals(await lookInTasks([lock]), [FINE]);
  }
  await (await holder(locks, "throw"))();
  assertEquals(locks.map(look), [DIED, DIED]);
});

Deno.test("Lock and RLock of a thread that returned stay held", async () => {
  const locks = both();
  await mortals.start("acquireAndReturn", [locks]).join(LIMIT);
  for (const lock of locks) {
    assertEquals([lock.locked, lock.ownerDied], [true, false]);
    assertEquals(lock.tryAcquire(), undefined);
    assertThrows(() => lock.acquireSync({ timeoutMs: 5 }), DOMException);
    const found = await lock.withLock(() => "in", { timeoutMs: 5 })
      .catch((error) => error.name);
    assertEquals(found, "TimeoutError");
    assertEquals([lock.locked, lock.waiting], [true, 0]);
  }
});

Deno.test("Lock and RLock lose no waiter to a thread that dies in the queue", async () => {
  const locks = both();
  const kill = await holder(locks, "block");
  const queued = mortals.start("queueUp", [locks]);
  await until(() => locks.every((lock) => lock.waiting === 1));
  const blocking = locks.map((lock) => hands.start("look", [lock]));
  const here = lookInTasks(locks);
  await until(() => locks.every((lock) => lock.waiting === 3));
  await Promise.all([queued.terminate(LIMIT), kill()]);
  for (const one of blocking) assertEquals(await one.join(LIMIT), DIED);
  assertEquals(await here, [DIED, DIED]);
  for (const lock of locks) {
    assertEquals([lock.locked, lock.waiting], [false, 0]);
  }
});

Deno.test("Lock of a thread that died before it released is not freed twice", async () => {
  const lock = new Lock();
  const kill = await holder([lock], "throw");
  lock.release();
  const held = lock.acquireSync({ timeoutMs: 0 });
  await kill();
  assertEquals(lock.tryAcquire(), undefined);
  assertEquals([lock.locked, lock.owned, lock.ownerDied], [true, true, false]);
  held.release();
  assertEquals(look(lock), FINE);
});

for (
  const [death, message] of [["throw", "meant"], ["exit", "exited"]] as const
) {
  Deno.test(`Lock of a thread that is killed while it dies passes on: ${death}`, async () => {
    const lock = new Lock();
    const thread = mortals.start("acquireAndVanish", [lock, death]);
    assertThrows(() => thread.joinSync(LIMIT), Error, message);
    assertEquals(look(lock), DIED);
    const other = mortals.start("acquireAndVanish", [new Lock(), death]);
    await assertRejects(() => other.join(LIMIT), Error, message);
  });
}
