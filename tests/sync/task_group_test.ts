import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { sleep } from "../../sync/sleep.ts";
import { currentTask, Task } from "../../sync/task.ts";
import { TaskGroup } from "../../sync/task_group.ts";
import { LIMIT } from "./_doors.ts";
import { until } from "./_until.ts";

/** Sleeps until it is cancelled. */
function long(): Promise<void> {
  return sleep(60_000, { signal: currentTask()!.signal });
}

/** What a promise rejects with. */
function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => "did not reject", (reason) => reason);
}

/** A function whose calls end one by one, and in which order they came. */
function turnstile() {
  const gates: PromiseWithResolvers<void>[] = [];
  const order: number[] = [];
  const enter = async (n: number) => {
    order.push(n);
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    await gate.promise;
    return n;
  };
  return { enter, order, leave: () => gates.shift()!.resolve() };
}

Deno.test("TaskGroup.spawn() runs a function until its first await before it returns", async () => {
  const group = new TaskGroup();
  const steps: string[] = [];
  const task = group.spawn(
    async (...names: string[]) => {
      steps.push(...names);
      await null;
      return currentTask();
    },
    "one",
    "two",
  );
  assert(task instanceof Task);
  assertEquals(steps, ["one", "two"]);
  assertStrictEquals(await task.join(), task);
  await group.join();
});

Deno.test("TaskGroup.join() answers in the order of spawn, as often as it is asked", async () => {
  const group = new TaskGroup<number | undefined>();
  assertEquals(await group.join({ timeoutMs: 0 }), []);
  const gate = Promise.withResolvers<number>();
  const first = group.spawn(() => gate.promise);
  group.spawn((n: number) => n, 2);
  group.spawn(() => undefined);
  assertEquals([group.running, group.waiting], [3, 0]);
  const joined = group.join(LIMIT).then((all) => {
    assertEquals(first.done, true);
    return all;
  });
  gate.resolve(1);
  assertEquals(await joined, [1, 2, undefined]);
  assertEquals([group.running, group.waiting], [0, 0]);
  group.spawn(() => 4);
  assertEquals(await group.join(), [1, 2, undefined, 4]);
});

Deno.test("TaskGroup.join() waits for what is spawned meanwhile", async () => {
  const group = new TaskGroup<number>({ limit: 1 });
  const nest = async (n: number): Promise<number> => {
    await null;
    if (n < 4) group.spawn(nest, n + 1);
    await null;
    return n;
  };
  group.spawn(nest, 0);
  assertEquals(await group.join(LIMIT), [0, 1, 2, 3, 4]);
});

Deno.test("TaskGroup({ limit }) lets so many run, in the order of spawn", async () => {
  for (const limit of [1, 2, 3]) {
    const group = new TaskGroup<number>({ limit });
    const { enter, order, leave } = turnstile();
    for (let n = 0; n < 5; n++) group.spawn(enter, n);
    for (let gone = 0; gone < 5; gone++) {
      const started = Math.min(5, limit + gone);
      await until(() => order.length === started);
      assertEquals(group.running, started - gone);
      assertEquals(group.waiting, 5 - started);
      leave();
      await until(() => group.running + group.waiting === 4 - gone);
    }
    assertEquals(order, [0, 1, 2, 3, 4]);
    assertEquals(await group.join(), [0, 1, 2, 3, 4]);
  }
});

Deno.test("TaskGroup({ limit }) counts a task that spawns before its first await", async () => {
  const group = new TaskGroup({ limit: 1 });
  let inner: boolean | undefined;
  group.spawn(() => {
    group.spawn(() => void (inner = true));
    assertEquals([group.running, group.waiting], [1, 1]);
    assertEquals(inner, undefined);
  });
  await group.join(LIMIT);
  assertEquals(inner, true);
});

Deno.test("TaskGroup({ limit }) is a whole number of at least 1", () => {
  for (const limit of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => new TaskGroup({ limit }), RangeError, String(limit));
  }
  assertEquals(new TaskGroup({ limit: undefined }).running, 0);
});

Deno.test("TaskGroup.join() throws the first failure when the rest have ended", async () => {
  const group = new TaskGroup({ limit: 3 });
  const failing = Promise.withResolvers<void>();
  const clearing = Promise.withResolvers<void>();
  let called = false;
  const failed = group.spawn(() => failing.promise);
  const slow = group.spawn(() => long().catch(() => clearing.promise));
  const worse = group.spawn(() =>
    long().catch(() => {
      throw new RangeError("second");
    })
  );
  const never = group.spawn(() => void (called = true));
  const joined = group.join();
  let over = false;
  joined.catch(() => over = true);
  const error = new SyntaxError("first");
  failing.reject(error);
  await until(() => group.running === 1);
  assertEquals([group.waiting, over, called], [0, false, false]);
  assertStrictEquals(slow.signal.reason, error);
  clearing.resolve();
  assertStrictEquals(await reasonOf(joined), error);
  assertStrictEquals(await reasonOf(group.join()), error);
  assertStrictEquals(await reasonOf(failed.join()), error);
  assertStrictEquals(await reasonOf(never.join()), error);
  await assertRejects(() => worse.join(), RangeError, "second");
  assertEquals([slow.done, called], [true, false]);
});

Deno.test("TaskGroup.spawn() throws after a failure, with its cause", async () => {
  const group = new TaskGroup();
  const late = group.spawn(async () => {
    await reasonOf(long());
    group.spawn(() => {});
  });
  const cause = new SyntaxError("its own");
  group.spawn(() => Promise.reject(cause));
  assertStrictEquals(await reasonOf(group.join()), cause);
  const what = "Cannot spawn a task in the TaskGroup: a task has failed";
  const inside = await assertRejects(() => late.join(), TypeError, what);
  assertStrictEquals(inside.cause, cause);
  const after = assertThrows(() => group.spawn(() => {}), TypeError, what);
  assertStrictEquals(after.cause, cause);
});

Deno.test("TaskGroup goes on without a task that is cancelled while it runs", async () => {
  for (const reason of [undefined, "enough", new SyntaxError("enough")]) {
    const group = new TaskGroup<number | void>();
    const gate = Promise.withResolvers<number>();
    const first = group.spawn(() => gate.promise);
    const gone = group.spawn(long);
    group.spawn(() => 3);
    gone.cancel(reason);
    assertStrictEquals(await reasonOf(gone.join()), gone.signal.reason);
    assertEquals([first.signal.aborted, group.running], [false, 1]);
    gate.resolve(1);
    assertEquals(await group.join(LIMIT), [1, 3]);
  }
});

Deno.test("TaskGroup never calls a task that is cancelled before its turn", async () => {
  const group = new TaskGroup<number>({ limit: 1 });
  const { enter, order, leave } = turnstile();
  const tasks = [0, 1, 2, 3].map((n) => group.spawn(enter, n));
  tasks[1]!.cancel("no need");
  assertEquals(group.waiting, 2);
  assertEquals(await reasonOf(tasks[1]!.join()), "no need");
  leave();
  // Its turn has come, but its function is not called yet.
  while (group.waiting === 2) await null;
  assertEquals(order, [0]);
  tasks[2]!.cancel("too late");
  assertEquals(await reasonOf(tasks[2]!.join()), "too late");
  await until(() => order.length === 2);
  leave();
  assertEquals(await group.join(LIMIT), [0, 3]);
  assertEquals(order, [0, 3]);
});

Deno.test("TaskGroup takes another error of a cancelled task for a failure", async () => {
  const group = new TaskGroup();
  const other = group.spawn(long);
  const broken = group.spawn(() =>
    long().catch(() => {
      throw new SyntaxError("while it cleared up");
    })
  );
  broken.cancel();
  await assertRejects(() => group.join(LIMIT), SyntaxError, "cleared up");
  assertEquals([other.done, other.signal.aborted], [true, true]);
});

Deno.test("TaskGroup.cancel() cancels all, and closes the group", async () => {
  for (const reason of ["enough", undefined, new SyntaxError("enough")]) {
    const group = new TaskGroup({ limit: 2 });
    const tasks = [1, 2, 3].map(() => group.spawn(long));
    const joined = group.join();
    group.cancel(reason);
    group.cancel("too late");
    const why = await reasonOf(joined);
    if (reason !== undefined) assertStrictEquals(why, reason);
    else assertEquals((why as Error).name, "AbortError");
    for (const task of tasks) {
      assertStrictEquals(await reasonOf(task.join()), why);
    }
    const error = assertThrows(
      () => group.spawn(() => {}),
      TypeError,
      "Cannot spawn a task in the TaskGroup: it was cancelled",
    );
    assertStrictEquals(error.cause, why);
  }
});

Deno.test("TaskGroup.cancel() leaves the results of tasks that have ended", async () => {
  const group = new TaskGroup<number>();
  group.spawn(() => 1);
  await group.join();
  group.cancel();
  assertEquals(await group.join(), [1]);
  assertThrows(() => group.spawn(() => 2), TypeError, "it was cancelled");
});
