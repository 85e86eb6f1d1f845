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
const lockBodies = threads<typeof import("./_lock_bodies.ts")>(
  import.meta.resolve("./_lock_bodies.ts"),
);

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

/** Starts a thread that holds locks; answers how to make it die. */
async function holder(
  locks: readonly (Lock | RLock)[],
  death: Death,
  body: "acquireAndDie" | "acquireInTaskAndDie" = "acquireAndDie",
): Promise<() => Promise<unknown>> {
  const [inside, go] = [new Event(), new Event()];
  const thread: Thread<void> = mortals.start(body, [locks, death, inside, go]);
  await inside.wait(LIMIT);
  return async () => {
    go.set();
    if (death === "block" || death === "spin") await thread.terminate(LIMIT);
    return await thread.join(LIMIT).catch((error) => error);
  };
}

for (const death of DEATHS) {
  Deno.test(`Lock and RLock of a thread that died pass to who waits: ${death}`, async () => {
    const locks = [new Lock(), new RLock()];
    const kill = await holder(locks, death);
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
  });

  Deno.test(`Lock and RLock of a thread that died are there for who comes later: ${death}`, async () => {
    const locks = [new Lock(), new RLock()];
    const kill = await holder(locks, death, "acquireInTaskAndDie");
    assert(locks.every((lock) => !lock.ownerDied));
    assert(await kill() instanceof Error);
    assertEquals(locks.map(look), [DIED, DIED]);
    assertEquals(await lookInTasks(locks), [DIED, DIED]);
    for (const lock of locks) {
      assertEquals(await hands.start("look", [lock]).join(LIMIT), DIED);
    }
  });
}

for (const Class of [Lock, RLock]) {
  Deno.test(`${Class.name}.tryAcquire() gets what a dead thread held`, async () => {
    const lock = new Class();
    const kill = await holder([lock], "throw");
    assertEquals(lock.tryAcquire(), undefined);
    await kill();
    using held = lock.tryAcquire();
    assert(held !== undefined && lock.ownerDied);
  });

  Deno.test(`${Class.name}.acquire() with timeoutMs 0 gets what a dead thread held`, async () => {
    const lock = new Class();
    await (await holder([lock], "exit"))();
    lock.acquireSync({ timeoutMs: 0 }).release();
    await lock.withLock(() => assert(lock.ownerDied), { timeoutMs: 0 });
  });

  Deno.test(`${Class.name}.ownerDied passes on until markConsistent()`, async () => {
    const lock = new Class();
    await (await holder([lock], "throw"))();
    for (let time = 0; time < 3; time++) assertEquals(look(lock), DIED);
    lock.withLockSync(() => {
      lock.markConsistent();
      assertEquals(lock.ownerDied, false);
    });
    assertEquals(look(lock), FINE);
    assertEquals(await lookInTasks([lock]), [FINE]);
    await (await holder([lock], "throw"))();
    assertEquals(look(lock), DIED);
  });

  Deno.test(`${Class.name}.markConsistent() is for its holder`, async () => {
    const lock = new Class();
    assertThrows(() => lock.markConsistent(), TypeError);
    const kill = await holder([lock], "throw");
    assertThrows(() => lock.markConsistent(), TypeError);
    await kill();
    assertThrows(() => lock.markConsistent(), TypeError);
    assertEquals(look(lock), DIED);
    lock.withLockSync(() => lock.markConsistent());
    lock.withLockSync(() => lock.markConsistent()); // does nothing
    assertEquals(look(lock), FINE);
  });

  Deno.test(`${Class.name} of a thread that returned stays held`, async () => {
    const lock = new Class();
    await lockBodies.start("takeAndReturn", [lock]).join(LIMIT);
    assertEquals([lock.locked, lock.ownerDied], [true, false]);
    assertEquals(lock.tryAcquire(), undefined);
    assertThrows(() => lock.acquireSync({ timeoutMs: 5 }), DOMException);
    const found = await lock.withLock(() => "in", { timeoutMs: 5 })
      .catch((error) => error.name);
    assertEquals(found, "TimeoutError");
    assertEquals([lock.locked, lock.waiting], [true, 0]);
  });

  Deno.test(`${Class.name} loses no waiter to a thread that dies in the queue`, async () => {
    const lock = new Class();
    const kill = await holder([lock], "block");
    const queued = mortals.start("queueUp", [lock]);
    await until(() => lock.waiting === 1);
    const blocking = hands.start("look", [lock]);
    const here = lookInTasks([lock]);
    await until(() => lock.waiting === 3);
    await Promise.all([queued.terminate(LIMIT), kill()]);
    assertEquals(await blocking.join(LIMIT), DIED);
    assertEquals(await here, [DIED]);
    assertEquals([lock.locked, lock.waiting], [false, 0]);
  });
}

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
