import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Condition } from "../../sync/condition.ts";
import { Lock } from "../../sync/lock.ts";
import { RLock } from "../../sync/rlock.ts";
import { spawn } from "../../sync/task.ts";
import { enter, LIMIT, notify } from "./_condition_waits.ts";
import { until } from "./_until.ts";

Deno.test("Condition.wait() releases all levels of an RLock and restores them", async () => {
  const lock = new RLock();
  const condition = new Condition(lock);
  const waited = lock.withLock(() =>
    lock.withLock(() =>
      lock.withLock(async () => {
        const before = lock.count;
        await condition.wait(LIMIT);
        return [before, lock.count];
      })
    )
  );
  await lock.withLock(() => {
    assertEquals([lock.count, condition.waiting], [1, 1]);
    condition.notify();
    assertEquals(lock.count, 1);
  });
  assertEquals(await waited, [3, 3]);
  assertEquals(lock.locked, false);
});

for (const Class of [Lock, RLock]) {
  const { name } = Class;

  Deno.test(`Condition.wait() ends with the ${name} held, whatever ended it`, async () => {
    const condition = new Condition(new Class());
    const held = () => [condition.lock.owned, condition.waiting];
    await condition.withLock(async () => {
      for (const timeoutMs of [0, 5]) {
        const error = await assertRejects(
          () => condition.wait({ timeoutMs }),
          DOMException,
        );
        assertEquals([error.name, ...held()], ["TimeoutError", true, 0]);
        assertThrows(() => condition.waitSync({ timeoutMs }), DOMException);
        assertEquals(held(), [true, 0]);
      }
      const stop = new AbortController();
      const wait = condition.wait({ ...LIMIT, signal: stop.signal });
      assertEquals([condition.lock.locked, ...held()], [false, false, 1]);
      stop.abort(new Error("enough"));
      await assertRejects(() => wait, Error, "enough");
      assertEquals(held(), [true, 0]);
    });
    assertEquals(condition.lock.locked, false);
  });

  Deno.test(`Condition.wait() keeps the ${name} if it was aborted before, or by a bad timeout`, async () => {
    const condition = new Condition(new Class());
    await condition.withLock(async () => {
      const aborted = { signal: AbortSignal.abort(new Error("too late")) };
      const waits = [
        assertRejects(() => condition.wait(aborted), Error, "too late"),
        assertRejects(() => condition.wait({ timeoutMs: -1 }), RangeError),
        assertRejects(() => condition.wait({ timeoutMs: NaN }), RangeError),
      ];
      assertThrows(() => condition.waitSync({ timeoutMs: -1 }), RangeError);
      assertEquals([condition.lock.owned, condition.waiting], [true, 0]);
      await Promise.all(waits);
    });
  });

  Deno.test(`Condition.wait() that was aborted ends once the ${name} is free`, async () => {
    const condition = new Condition(new Class());
    const stop = new AbortController();
    const events: string[] = [];
    const waited = condition.withLock(async () => {
      const options = { ...LIMIT, signal: stop.signal };
      await assertRejects(() => condition.wait(options), DOMException);
      events.push("ended");
    });
    await until(() => condition.waiting === 1);
    await condition.withLock(async () => {
      stop.abort();
      await until(() => condition.lock.waiting === 1);
      events.push("about to release");
    });
    await waited;
    assertEquals(events, ["about to release", "ended"]);
  });

  Deno.test(`Condition.wait() that was aborted takes no notification (${name})`, async () => {
    const condition = new Condition(new Class());
    const stop = new AbortController();
    const options = { ...LIMIT, signal: stop.signal };
    const first = condition.withLock(() => condition.wait(options));
    first.catch(() => {});
    await until(() => condition.waiting === 1);
    const log: number[] = [];
    const waits = await enter(condition, log, 2);
    using held = condition.acquireSync();
    stop.abort(); // its task has not run yet when the notification is given
    condition.notify();
    held.release();
    await assertRejects(() => first, DOMException);
    await until(() => log.length > 0);
    assertEquals([log, condition.waiting], [[0], 1]);
    await notify(condition);
    await Promise.all(waits);
  });

  Deno.test(`Condition.notify() before an abort ends one wait, not two or none (${name})`, async () => {
    const condition = new Condition(new Class());
    const stop = new AbortController();
    const options = { ...LIMIT, signal: stop.signal };
    const first = condition.withLock(() => condition.wait(options))
      .then(() => "notified", () => "aborted");
    await until(() => condition.waiting === 1);
    const log: number[] = [];
    const waits = await enter(condition, log, 1);
    using held = condition.acquireSync();
    condition.notify();
    stop.abort();
    held.release();
    const isNotified = await first === "notified";
    await until(() => isNotified || log.length === 1);
    assertEquals(condition.waiting, isNotified ? 1 : 0);
    await notify(condition);
    await Promise.all(waits);
  });

  Deno.test(`Condition.wait() of a task that timed out takes no notification (${name})`, async () => {
    const condition = new Condition(new Class());
    const first = condition.withLock(() => condition.wait({ timeoutMs: 50 }));
    first.catch(() => {});
    await until(() => condition.waiting === 1);
    const waits = await enter(condition, [], 1);
    await condition.withLock(async () => {
      await until(() => condition.waiting === 1);
      condition.notify();
      assertEquals(condition.waiting, 0);
    });
    await assertRejects(() => first, DOMException);
    await Promise.all(waits);
  });

  Deno.test(`Condition.wait() leaves the guard of its ${name} valid`, async () => {
    const condition = new Condition(new Class());
    const task = spawn(async () => {
      using guard = await condition.acquire(LIMIT);
      await condition.wait(LIMIT);
      assert(condition.lock.owned);
      guard.release();
      return condition.lock.locked;
    });
    await until(() => condition.waiting === 1);
    await notify(condition);
    assertEquals(await task.join(LIMIT), false);
  });

  Deno.test(`Condition.wait() frees nothing by a guard that waits (${name})`, async () => {
    const condition = new Condition(new Class());
    const guards: Disposable[] = [];
    const task = spawn(async () => {
      guards.push(await condition.acquire(LIMIT));
      await condition.wait(LIMIT);
      condition.release();
    });
    await until(() => condition.waiting === 1);
    await condition.withLock(() => {
      guards[0]![Symbol.dispose]();
      assertEquals(condition.lock.owned, true);
      condition.notify();
    });
    await task.join(LIMIT);
    assertEquals(condition.lock.locked, false);
  });
}
