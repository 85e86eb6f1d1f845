import { assertEquals, assertRejects } from "@std/assert";
import { Condition } from "../../sync/condition.ts";
import { Lock } from "../../sync/lock.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { threads } from "../../sync/threads.ts";
import { Hands } from "./_hands.ts";
import { STAGE } from "./_kill_bodies.ts";
import { until } from "./_until.ts";

const BODIES = import.meta.resolve("./_kill_bodies.ts");
const hands = new Hands<typeof import("./_kill_bodies.ts")>(BODIES, 2);
const mortals = threads<typeof import("./_kill_bodies.ts")>(BODIES);

const LIMIT = { timeoutMs: 10_000 };

/** More than a primitive has nodes. */
const MANY = 70;

/** Tasks that wait to be notified, and note when they were. */
class Tasks {
  readonly done: number[] = [];
  readonly #all: Promise<void>[] = [];
  #cancelling = new AbortController();

  /** Has one more wait, of another object if `condition` is one. */
  async add(condition: Condition): Promise<void> {
    const { signal } = this.#cancelling;
    const index = this.#all.length;
    await condition.acquire();
    this.#all.push((async () => {
      try {
        await condition.wait({ signal });
        this.done.push(index);
      } catch (error) {
        if (error !== "over") throw error;
      } finally {
        condition.release();
      }
    })());
  }

  /** Ends all that were not notified. */
  async end(): Promise<void> {
    this.#cancelling.abort("over");
    await Promise.all(this.#all);
  }
}

for (const nth of [1, 2]) {
  Deno.test(`Condition.notify() reaches whom it chose, though its thread dies at choice ${nth}`, async () => {
    const condition = new Condition(new Lock());
    const stage = new SharedValue("i32", 0);
    const tasks = new Tasks();
    const listeners = [1, 2].map(() => hands.start("listenWell", [condition]));
    await until(() => condition.waiting === 2);
    await tasks.add(condition);
    await tasks.add(condition);
    const place = { label: "chosen", nth } as const;
    const victim = mortals.start("notify", [condition, 2, place, stage]);
    await until(() => stage.get() === STAGE.STUCK);
    assertEquals(listeners.map((thread) => thread.alive), [true, true]);
    await victim.terminate(LIMIT);
    await until(() => condition.waiting === 4 - nth);
    await condition.acquire(LIMIT);
    assertEquals(condition.lock.ownerDied, true);
    condition.notify(2 - nth);
    condition.release();
    for (const thread of listeners) {
      assertEquals(await thread.join(LIMIT), true);
    }
    assertEquals([condition.waiting, tasks.done], [2, []]);
    await tasks.end();
    assertEquals([condition.waiting, tasks.done], [0, []]);
  });
}

Deno.test("Condition.wait() is left by a thread that dies before it waits", async () => {
  const condition = new Condition(new Lock());
  const stage = new SharedValue("i32", 0);
  const tasks = new Tasks();
  const place = { label: "published", nth: 1 } as const;
  const victim = mortals.start("listen", [condition, place, stage]);
  await until(() => stage.get() === STAGE.STUCK);
  assertEquals(condition.lock.locked, true);
  await victim.terminate(LIMIT);
  await tasks.add(condition);
  assertEquals([condition.waiting, condition.lock.ownerDied], [1, true]);
  condition.acquireSync(LIMIT);
  condition.notify();
  condition.release();
  await until(() => tasks.done.length === 1);
  await tasks.end();
  assertEquals([condition.waiting, condition.lock.locked], [0, false]);
});

Deno.test("Condition.notify() is given on if the blocking thread that got it is dead", async () => {
  const condition = new Condition(new Lock());
  const stage = new SharedValue("i32", 0);
  const tasks = new Tasks();
  const place = { label: "woken", nth: 1 } as const;
  const victim = mortals.start("listen", [condition, place, stage]);
  await until(() => condition.waiting === 1);
  await tasks.add(condition);
  await tasks.add(condition);
  condition.acquireSync(LIMIT);
  condition.notify();
  condition.release();
  await until(() => stage.get() === STAGE.STUCK);
  assertEquals(tasks.done, []);
  await victim.terminate(LIMIT);
  await until(() => tasks.done.length === 1);
  assertEquals(condition.waiting, 1);
  await tasks.end();
  assertEquals(tasks.done, [0]);
});

Deno.test("Condition.notify() is given on if the tasks that got it are of a dead thread", async () => {
  const condition = new Condition(new Lock());
  const stage = new SharedValue("i32", 0);
  const tasks = new Tasks();
  const victim = mortals.start("listenDeaf", [condition, 3, stage]);
  await until(() => stage.get() === STAGE.STUCK);
  for (let task = 0; task < 3; task++) await tasks.add(condition);
  const listener = hands.start("listenWell", [condition]);
  await until(() => condition.waiting === 7);
  condition.acquireSync(LIMIT);
  condition.notify(4); // the lanes take turns: two to each, or one and a thread
  condition.release();
  await until(() => tasks.done.length > 0);
  const soFar = tasks.done.length + Number(!listener.alive);
  await victim.terminate(LIMIT);
  await until(() => tasks.done.length + Number(!listener.alive) === 4);
  await condition.acquire(LIMIT);
  condition.notifyAll();
  condition.release();
  assertEquals(soFar < 4, true);
  await listener.join(LIMIT);
  await tasks.end();
  assertEquals([tasks.done, condition.waiting], [[0, 1, 2], 0]);
});

Deno.test("Condition.notify() is given on if its thread dies while others are notified", async () => {
  const condition = new Condition(new Lock());
  const deaf = new SharedValue("i32", 0);
  const stage = new SharedValue("i32", 0);
  const tasks = new Tasks();
  const victim = mortals.start("listenDeaf", [condition, 3, deaf]);
  await until(() => deaf.get() === STAGE.STUCK);
  for (let task = 0; task < 3; task++) await tasks.add(condition);
  const notifier = hands.start("notifySlowly", [condition, 3, stage]);
  await until(() => stage.get() === STAGE.READY); // the first is of the victim
  victim.terminateSync(LIMIT); // and nothing else runs here until the end
  stage.set(STAGE.GO);
  notifier.joinSync(LIMIT);
  await until(() => tasks.done.length === 3);
  await tasks.end();
  assertEquals([tasks.done, condition.waiting], [[0, 1, 2], 0]);
});

Deno.test("Condition.notify() is given on though the table of waiters is full", async () => {
  const condition = new Condition(new Lock());
  const stage = new SharedValue("i32", 0);
  const tasks = new Tasks();
  const place = { label: "woken", nth: 1 } as const;
  const victim = mortals.start("listen", [condition, place, stage]);
  await until(() => condition.waiting === 1);
  for (let copy = 1; copy < 64; copy++) {
    await tasks.add(Condition.attach(condition.share()));
  }
  condition.acquireSync(LIMIT);
  condition.notify(); // to the first
  condition.release();
  await until(() => stage.get() === STAGE.STUCK);
  victim.terminateSync(LIMIT); // and none of the tasks runs until the next waits
  await tasks.add(Condition.attach(condition.share()));
  await until(() => tasks.done.length === 1);
  await tasks.end();
  assertEquals([tasks.done.length, condition.waiting], [1, 0]);
});

Deno.test("Condition.waiting does not count a thread that was notified, and died with it", async () => {
  const condition = new Condition(new Lock());
  const stage = new SharedValue("i32", 0);
  const place = { label: "woken", nth: 1 } as const;
  const victim = mortals.start("listen", [condition, place, stage]);
  await until(() => condition.waiting === 1);
  condition.acquireSync(LIMIT);
  condition.notify();
  condition.release();
  await until(() => stage.get() === STAGE.STUCK); // it does not know yet
  assertEquals(condition.waiting, 0);
  await victim.terminate(LIMIT); // nobody waits who could inherit
  assertEquals(condition.waiting, 0);
  condition.acquireSync(LIMIT);
  await assertRejects(
    () => condition.wait({ timeoutMs: 20 }),
    DOMException,
    "wait for the Condition",
  );
  condition.release();
});

Deno.test(`Condition.notify() ends exactly as many waits as told when ${MANY} objects wait`, async () => {
  const condition = new Condition(new Lock());
  const tasks = new Tasks();
  for (let copy = 0; copy < MANY; copy++) {
    await tasks.add(Condition.attach(condition.share()));
  }
  const listener = hands.start("listenWell", [condition]);
  await until(() => condition.waiting === MANY + 1);
  for (const n of [1, 3, 63]) {
    const before = condition.waiting;
    await condition.acquire(LIMIT);
    condition.notify(n);
    condition.release();
    await until(() => condition.waiting === before - n);
  }
  // Without a node there is no order: the listener may be one of them.
  await until(() => tasks.done.length + Number(!listener.alive) === 67);
  assertEquals(condition.waiting, 4);
  await condition.acquire(LIMIT);
  condition.notifyAll();
  condition.release();
  await listener.join(LIMIT);
  await until(() => tasks.done.length === MANY);
  await tasks.end();
  assertEquals([condition.waiting, condition.lock.locked], [0, false]);
});
