import { assert, assertEquals, assertThrows } from "@std/assert";
import { Condition } from "../../sync/condition.ts";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { RLock } from "../../sync/rlock.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { threads } from "../../sync/threads.ts";
import * as here from "./_condition_bodies.ts";
import { LIMIT, notify } from "./_condition_waits.ts";
import { type Call, Hands } from "./_hands.ts";
import { until } from "./_until.ts";

const { recorded } = here;
const BODIES = import.meta.resolve("./_condition_bodies.ts");
const hands = new Hands<typeof here>(BODIES, 3);
const mortals = threads<typeof here>(BODIES);

/** Starts threads that wait again and again, in this order. */
async function startWaiters(
  condition: Condition,
  over: SharedValue,
  log: SharedArray,
  count: number,
): Promise<() => Promise<unknown>> {
  const started: Call<void>[] = [];
  for (let me = 0; me < count; me++) {
    const args = [condition, over, log, me] as const;
    started.push(hands.start("waitUntil", [...args]));
    await until(() => condition.waiting === me + 1);
  }
  return async () => {
    over.set(1);
    await condition.withLock(() => condition.notifyAll());
    await Promise.all(started.map((thread) => thread.join(LIMIT)));
  };
}

for (const Class of [Lock, RLock]) {
  const { name } = Class;

  Deno.test(`Condition.notify(n) ends exactly n waits of threads, in order (${name})`, async () => {
    const condition = new Condition(new Class());
    const log = new SharedArray("i32", 100);
    const over = new SharedValue("i32", 0);
    const end = await startWaiters(condition, over, log, 3);
    const expectAfter = async (n: number | undefined, ended: number) => {
      const before = log.get(0);
      await notify(condition, n);
      await until(() => log.get(0) >= before + ended);
      await until(() => condition.waiting === 3); // all wait again
      assertEquals(log.get(0), before + ended);
    };
    for (let turn = 0; turn < 6; turn++) await expectAfter(undefined, 1);
    assertEquals(recorded(log), [0, 1, 2, 0, 1, 2]);
    await expectAfter(0, 0);
    await expectAfter(2, 2);
    assertEquals(recorded(log).slice(6).sort(), [0, 1]);
    await expectAfter(3, 3);
    await expectAfter(4, 3);
    assertEquals(recorded(log).slice(11).sort(), [0, 1, 2]);
    await end();
    assertEquals([log.get(0), condition.waiting], [14, 0]);
  });

  Deno.test(`Condition.notify(n) counts threads and tasks alike (${name})`, async () => {
    const condition = new Condition(new Class());
    const log = new SharedArray("i32", 100);
    const over = new SharedValue("i32", 0);
    const end = await startWaiters(condition, over, log, 2);
    const away = hands.start("waitInTasks", [condition, log, 10, 3]);
    const tasks = here.waitInTasks(condition, log, 20, 3);
    await until(() => condition.waiting === 8);
    for (let ended = 0; ended < 6; ended += 2) {
      await notify(condition, 2);
      await until(() => log.get(0) >= ended + 2);
      const blocked = recorded(log).filter((me) => me < 10).length;
      // Those that block wait again.
      await until(() => condition.waiting === 8 - (ended + 2 - blocked));
      assertEquals(log.get(0), ended + 2);
    }
    await until(() => {
      using held = condition.tryAcquire();
      if (held !== undefined) condition.notify(9);
      return recorded(log).filter((me) => me >= 10).length === 6;
    });
    await Promise.all([tasks, away.join(LIMIT)]);
    await end();
    for (const first of [10, 20]) {
      const ofThread = recorded(log).filter((me) => me - me % 10 === first);
      assertEquals(ofThread, [first, first + 1, first + 2]);
    }
  });

  Deno.test(`Condition.waiting does not count who was notified (${name})`, async () => {
    const condition = new Condition(new Class());
    const blocked = hands.start("wait", [condition, 10_000]);
    const task = condition.withLock(() => condition.wait(LIMIT));
    await until(() => condition.waiting === 2);
    await condition.withLock(() => {
      condition.notify(2);
      assertEquals(condition.waiting, 0); // though they still want the lock
    });
    await Promise.all([task, blocked.join(LIMIT)]);
  });

  Deno.test(`Condition.notifyAll() ends the waits of threads and tasks (${name})`, async () => {
    const condition = new Condition(new Class());
    const blocked = [10_000, 10_000].map((timeoutMs) =>
      hands.start("wait", [condition, timeoutMs])
    );
    const tasks = [1, 2, 3].map(() =>
      condition.withLock(() => condition.wait(LIMIT))
    );
    await until(() => condition.waiting === 5);
    await condition.withLock(() => condition.notifyAll());
    await Promise.all(tasks);
    for (const thread of blocked) {
      const ended = { how: "notified", held: true };
      assertEquals(await thread.join(LIMIT), ended);
    }
    assertEquals([condition.waiting, condition.lock.locked], [0, false]);
  });

  Deno.test(`Condition.wait() and waitSync() of a thread that was terminated take no notification (${name})`, async () => {
    const conditions = [1, 2].map(() => new Condition(new Class()));
    const haveAll = (count: number) => () =>
      conditions.every(({ waiting }) => waiting === count);
    const [inTask, blocking] = conditions as [Condition, Condition];
    const dying = mortals.start("waitForTwo", [inTask, blocking]);
    await until(haveAll(1));
    const blocked = conditions.map((condition) =>
      hands.start("wait", [condition, 10_000])
    );
    await until(haveAll(2));
    const tasks = conditions.map((condition) =>
      condition.withLock(() => condition.wait(LIMIT))
    );
    await until(haveAll(3));
    await dying.terminate(LIMIT);
    for (const [index, condition] of conditions.entries()) {
      assertEquals(condition.waiting, 2);
      await notify(condition);
      await until(() => condition.waiting <= 1);
      await notify(condition);
      await tasks[index];
      const ended = { how: "notified", held: true };
      assertEquals(await blocked[index]!.join(LIMIT), ended);
    }
  });

  Deno.test(`Condition.waitSync() that timed out holds the ${name} and takes no notification`, async () => {
    const condition = new Condition(new Class());
    const [go, entered] = [new Event(), new Event()];
    const second = hands.start("waitWhenTold", [condition, go, entered]);
    const first = hands.start("wait", [condition, 100]);
    await until(() => condition.waiting === 1 || !first.alive);
    go.set();
    await entered.wait(LIMIT);
    await condition.withLock(async () => {
      await until(() => condition.waiting === 1);
      condition.notify();
    });
    const late = { how: "TimeoutError", held: true };
    assertEquals(await first.join(LIMIT), late);
    await second.join(LIMIT);
    assertEquals(condition.lock.locked, false);
  });

  Deno.test(`Condition lets two threads alternate for 200 rounds (${name})`, async () => {
    const condition = new Condition(new Class());
    const log = new SharedArray("i32", 401);
    const started = [0, 1].map((me) =>
      hands.start("alternate", [condition, log, me, 200])
    );
    for (const thread of started) await thread.join(LIMIT);
    assertEquals(recorded(log), Array.from({ length: 400 }, (_, i) => i % 2));
  });

  Deno.test(`Condition lets a task alternate with another thread that blocks, and the other way round (${name})`, async () => {
    const condition = new Condition(new Class());
    const log = new SharedArray("i32", 401);
    const expected = Array.from({ length: 400 }, (_, index) => index % 2);
    const blocking = hands.start("alternate", [condition, log, 1, 200]);
    await here.alternateInTask(condition, log, 0, 200);
    await blocking.join(LIMIT);
    assertEquals(recorded(log), expected);

    log.set(0, 0);
    const inTask = hands.start("alternateInTask", [condition, log, 0, 200]);
    here.alternate(condition, log, 1, 200); // blocks the main thread
    await inTask.join(LIMIT);
    assertEquals(recorded(log), expected);
  });

  Deno.test(`Condition.waitSync() leaves the guard of its ${name} valid`, async () => {
    const condition = new Condition(new Class());
    const thread = hands.start("waitGuarded", [condition]);
    await until(() => condition.waiting === 1);
    await notify(condition);
    assertEquals(await thread.join(LIMIT), [true, false]);
  });

  Deno.test(`Condition.notify() is refused while another thread holds the ${name}`, async () => {
    const condition = new Condition(new Class());
    const [held, leave] = [new Event(), new Event()];
    const thread = hands.start("hold", [condition, held, leave]);
    await held.wait(LIMIT);
    assertThrows(() => condition.notify(), TypeError, "must be held");
    assertThrows(() => condition.notifyAll(), TypeError, "must be held");
    assertThrows(() => condition.waitSync(), TypeError, "must be held");
    assert(condition.lock.locked);
    leave.set();
    await thread.join(LIMIT);
  });

  Deno.test(`Condition.notify(2) ends a task and the wait that blocks its thread (${name})`, async () => {
    const condition = new Condition(new Class());
    const thread = hands.start("notifyWhen", [condition, 2, 2]);
    assertEquals(await here.waitBothWays(condition), false);
    await thread.join(LIMIT);
  });
}

Deno.test("Condition.waitSync() releases all levels of an RLock and restores them", async () => {
  const condition = new Condition();
  const thread = hands.start("waitDeep", [condition, 3]);
  await until(() => condition.waiting === 1);
  await notify(condition); // the lock is free
  assertEquals(await thread.join(LIMIT), [3, 3, 0]);
  assertEquals(condition.lock.locked, false);
});
