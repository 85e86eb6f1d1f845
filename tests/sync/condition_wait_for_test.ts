import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Condition } from "../../sync/condition.ts";
import { Lock } from "../../sync/lock.ts";
import { RLock } from "../../sync/rlock.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { LIMIT } from "./_condition_waits.ts";
import { Hands } from "./_hands.ts";
import { until } from "./_until.ts";

const hands = new Hands<typeof import("./_condition_bodies.ts")>(
  import.meta.resolve("./_condition_bodies.ts"),
  1,
);

for (const Class of [Lock, RLock]) {
  const { name } = Class;

  Deno.test(`Condition.waitFor() answers at once what is true (${name})`, async () => {
    const condition = new Condition(new Class());
    await condition.withLock(async () => {
      const wait = condition.waitFor(() => "true", { timeoutMs: 0 });
      assertEquals([condition.lock.owned, condition.waiting], [true, 0]);
      assertEquals(await wait, "true");
      assertEquals(condition.waitForSync(() => 7, { timeoutMs: 0 }), 7);
    });
  });

  Deno.test(`Condition.waitFor() asks again after each notification, with the ${name} held`, async () => {
    const condition = new Condition(new Class());
    const seen: [boolean, number][] = [];
    let state = 0;
    const waited = condition.withLock(() =>
      condition.waitFor(() => {
        seen.push([condition.lock.owned, state]);
        return state === 3 && "three";
      }, LIMIT)
    );
    for (let next = 1; next <= 3; next++) {
      await until(() => condition.waiting === 1);
      await condition.withLock(() => {
        state = next;
        condition.notify();
      });
    }
    assertEquals(await waited, "three");
    assertEquals(seen, [0, 1, 2, 3].map((state) => [true, state]));
    assertEquals(condition.lock.locked, false);
  });

  Deno.test(`Condition.waitFor() has one timeout for all its waits (${name})`, async () => {
    const condition = new Condition(new Class());
    let asked = 0;
    let ended = false;
    const waited = condition.withLock(async () => {
      const wait = () =>
        condition.waitFor(() => ++asked < 0, { timeoutMs: 50 });
      const error = await assertRejects(wait, DOMException);
      assertEquals([error.name, condition.lock.owned], ["TimeoutError", true]);
      ended = true;
    });
    await until(() => asked > 0);
    const giveUp = performance.now() + 5000;
    while (!ended && performance.now() < giveUp) {
      await condition.withLock(() => condition.notify()); // without a pause
    }
    assertEquals(ended, true);
    await waited;
    assertEquals(condition.lock.locked, false);
  });

  Deno.test(`Condition.waitFor() looks a last time when the time is over (${name})`, async () => {
    const condition = new Condition(new Class());
    let state = 0;
    const waited = condition.withLock(() =>
      condition.waitFor(() => ++state === 2 && "two", { timeoutMs: 5 })
    );
    assertEquals(await waited, "two"); // without a notification
    condition.withLockSync(() => {
      const isFour = () => ++state === 4 && "four";
      assertEquals(condition.waitForSync(isFour, { timeoutMs: 5 }), "four");
    });
  });

  Deno.test(`Condition.waitFor() refuses a predicate that is asynchronous (${name})`, async () => {
    const condition = new Condition(new Class());
    const promised = () => Promise.resolve(false);
    await condition.withLock(async () => {
      await assertRejects(() => condition.waitFor(promised, LIMIT), TypeError);
      assertThrows(() => condition.waitForSync(promised, LIMIT), TypeError);
      assertEquals([condition.lock.owned, condition.waiting], [true, 0]);
    });
  });

  Deno.test(`Condition.waitFor() names the timeout that it was given (${name})`, async () => {
    const condition = new Condition(new Class());
    const [never, limit] = [() => false, { timeoutMs: 5 }];
    const wait = () => condition.waitFor(never, limit);
    await condition.withLock(() =>
      assertRejects(wait, DOMException, "within 5 ms")
    );
    condition.withLockSync(() => {
      const block = () => condition.waitForSync(never, limit);
      assertThrows(block, DOMException, "within 5 ms");
    });
  });

  Deno.test(`Condition.waitFor() throws what its predicate throws, with the ${name} held`, async () => {
    const condition = new Condition(new Class());
    let asked = 0;
    const predicate = () => {
      if (++asked === 2) throw new Error(`asked ${asked} times`);
    };
    const waited = condition.withLock(async () => {
      const wait = () => condition.waitFor(predicate, LIMIT);
      await assertRejects(wait, Error, "asked 2 times");
      return condition.lock.owned;
    });
    await until(() => condition.waiting === 1);
    await condition.withLock(() => condition.notify());
    assertEquals(await waited, true);
    condition.withLockSync(() => {
      asked = 1;
      assertThrows(() => condition.waitForSync(predicate), Error, "2 times");
      assertEquals(condition.lock.owned, true);
    });
    assertEquals([condition.lock.locked, condition.waiting], [false, 0]);
  });

  Deno.test(`Condition.waitFor() that is aborted holds the ${name}`, async () => {
    const condition = new Condition(new Class());
    const stop = new AbortController();
    const options = { ...LIMIT, signal: stop.signal };
    const waited = condition.withLock(async () => {
      const wait = () => condition.waitFor(() => false, options);
      await assertRejects(wait, Error, "enough");
      return [condition.lock.owned, condition.waiting];
    });
    await until(() => condition.waiting === 1);
    stop.abort(new Error("enough"));
    assertEquals(await waited, [true, 0]);
  });

  Deno.test(`Condition.waitForSync() blocks until another thread made it true (${name})`, async () => {
    const condition = new Condition(new Class());
    const state = new SharedValue("i32", 0);
    const asked = new SharedValue("i32", 0);
    const options = { wanted: 3, timeoutMs: 10_000 };
    const thread = hands.start("waitFor", [condition, state, asked, options]);
    for (let next = 1; next <= 3; next++) {
      await until(() => asked.get() === next && condition.waiting === 1);
      await condition.withLock(() => {
        state.set(next);
        condition.notify();
      });
    }
    assertEquals(await thread.join(LIMIT), { how: 3, held: true });
    assertEquals(asked.get(), 4);
  });

  Deno.test(`Condition.waitForSync() has one timeout for all its waits (${name})`, async () => {
    const condition = new Condition(new Class());
    const state = new SharedValue("i32", 0);
    const asked = new SharedValue("i32", 0);
    const options = { wanted: 1, timeoutMs: 50 };
    const thread = hands.start("waitFor", [condition, state, asked, options]);
    await until(() => asked.get() > 0);
    await until(() => {
      using held = condition.tryAcquire();
      if (held !== undefined) condition.notify();
      return !thread.alive;
    });
    const ended = { how: "TimeoutError", held: true };
    assertEquals(await thread.join(LIMIT), ended);
    assertEquals(condition.lock.locked, false);
  });
}

Deno.test("Condition.waitForSync() blocks the main thread until a thread notifies", async () => {
  const condition = new Condition();
  const state = new SharedValue("i32", 0);
  const thread = hands.start("countTo", [condition, state, 5]);
  condition.withLockSync(() => {
    const isFive = () => state.get() === 5 && "five";
    assertEquals(condition.waitForSync(isFive, LIMIT), "five");
    assertEquals(condition.lock.owned, true);
  });
  await thread.join(LIMIT);
});
