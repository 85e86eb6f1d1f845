import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
  unreachable,
} from "@std/assert";
import { Condition } from "../../sync/condition.ts";
import { Lock } from "../../sync/lock.ts";
import { RLock } from "../../sync/rlock.ts";
import { spawn } from "../../sync/task.ts";
import { enter, LIMIT, notify } from "./_condition_waits.ts";
import { until } from "./_until.ts";

/** 0 to n - 1. */
function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, index) => index);
}

Deno.test("Condition uses the lock that it is given, or a new RLock", () => {
  const lock = new Lock();
  assertStrictEquals(new Condition(lock).lock, lock);
  const condition = new Condition();
  assertInstanceOf(condition.lock, RLock);
  const held = condition.acquireSync();
  const again = condition.tryAcquire();
  assertEquals((condition.lock as RLock).count, 2);
  again!.release();
  condition.release();
  held.release(); // spent
  assertEquals(condition.lock.locked, false);
});

Deno.test("Condition.notify() refuses what is no number of waits", () => {
  const condition = new Condition();
  using _held = condition.acquireSync();
  for (const n of [-1, 0.5, NaN, Infinity, "1" as never]) {
    assertThrows(() => condition.notify(n), RangeError, `notify ${n}`);
  }
});

Deno.test("Condition.notify() is refused while another task holds the RLock", async () => {
  const condition = new Condition();
  const leave = Promise.withResolvers<void>();
  const holder = condition.withLock(() => leave.promise);
  await until(() => condition.lock.locked);
  assertThrows(() => condition.notify(), TypeError, "must be held");
  const other = spawn(() => condition.notifyAll());
  await assertRejects(() => other.join(LIMIT), TypeError, "must be held");
  leave.resolve();
  await holder;
});

for (const Class of [Lock, RLock]) {
  const { name } = Class;

  Deno.test(`Condition.attach() uses the same condition and ${name}`, async () => {
    const condition = new Condition(new Class());
    const same = Condition.attach(structuredClone(condition.share()));
    assertInstanceOf(same.lock, Class);
    const log: number[] = [];
    const waits = await enter(condition, log, 1);
    assertEquals(same.waiting, 1);
    await same.withLock(() => same.notify());
    await Promise.all(waits);
    assertEquals(log, [0]);
  });

  Deno.test(`Condition.notify(n) ends exactly n waits, in order (${name})`, async () => {
    const condition = new Condition(new Class());
    const log: number[] = [];
    const waits = await enter(condition, log, 5);
    for (const [n, ended] of [[0, 0], [undefined, 1], [2, 3]] as const) {
      await condition.withLock(() => {
        condition.notify(n);
        assertEquals(condition.waiting, 5 - ended);
      });
      await until(() => log.length >= ended);
      assertEquals(log, upTo(ended));
    }
    await notify(condition, 2); // as many as wait
    await Promise.all(waits);
    assertEquals([log, condition.waiting], [upTo(5), 0]);
    const more = await enter(condition, log, 2);
    await notify(condition, 9); // more than wait
    await Promise.all(more);
    assertEquals(log, [...upTo(5), 0, 1]);
  });

  Deno.test(`Condition.notify() is forgotten if nobody waits (${name})`, async () => {
    const condition = new Condition(new Class());
    await notify(condition, 3);
    await condition.withLock(() => condition.notifyAll());
    const log: number[] = [];
    const waits = await enter(condition, log, 1);
    for (let turn = 0; turn < 100; turn++) {
      await condition.withLock(() => {}); // a free lock is no notification
    }
    assertEquals([log, condition.waiting], [[], 1]);
    await notify(condition);
    await Promise.all(waits);
  });

  Deno.test(`Condition.notify() reaches 1000 waits, each once (${name})`, async () => {
    const condition = new Condition(new Class());
    const log: number[] = [];
    const waits = await enter(condition, log, 1000);
    await notify(condition, 300);
    await until(() => log.length >= 300);
    assertEquals([log, condition.waiting], [upTo(300), 700]);
    await condition.withLock(() => condition.notifyAll());
    await Promise.all(waits);
    assertEquals([log, condition.waiting], [upTo(1000), 0]);
  });

  Deno.test(`Condition cannot wait or notify without its ${name}`, async () => {
    const condition = new Condition(new Class());
    const message = "the lock of the Condition must be held";
    for (const name of ["wait", "waitFor"] as const) {
      const wait = () => condition[name](unreachable as never);
      await assertRejects(wait, TypeError, message);
    }
    const blocking = [
      "waitSync",
      "waitForSync",
      "notify",
      "notifyAll",
    ] as const;
    for (const name of blocking) {
      const call = () => condition[name](undefined as never);
      assertThrows(call, TypeError, message);
    }
    assertEquals([condition.waiting, condition.lock.locked], [0, false]);
  });

  Deno.test(`Condition lets two tasks alternate for 1000 rounds (${name})`, async () => {
    const condition = new Condition(new Class());
    const log: number[] = [];
    await Promise.all([0, 1].map(async (me) => {
      for (let round = 0; round < 1000; round++) {
        await condition.withLock(async () => {
          while (log.length % 2 !== me) await condition.wait(LIMIT);
          log.push(me);
          condition.notify();
        });
      }
    }));
    assertEquals(log, upTo(2000).map((index) => index % 2));
  });
}
