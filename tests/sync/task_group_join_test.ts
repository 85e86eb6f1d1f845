import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { sleep } from "../../sync/sleep.ts";
import { currentTask, spawn, type Task } from "../../sync/task.ts";
import { TaskGroup } from "../../sync/task_group.ts";
import { isTimeout } from "../../sync/wait_options.ts";
import { LIMIT } from "./_doors.ts";

/** Sleeps until it is cancelled. */
function long(): Promise<void> {
  return sleep(60_000, { signal: currentTask()!.signal });
}

/** What a promise rejects with. */
function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => "did not reject", (reason) => reason);
}

/** A signal that counts its listeners. */
function watchedSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  const watched = { controller, signal, listeners: 0 };
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: unknown[]) => {
    watched.listeners++;
    Reflect.apply(addEventListener, signal, args);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    watched.listeners--;
    Reflect.apply(removeEventListener, signal, args);
  };
  return watched;
}

Deno.test("TaskGroup.join() that ends early leaves the tasks alone", async () => {
  const group = new TaskGroup<number>({ limit: 1 });
  const gate = Promise.withResolvers<number>();
  const tasks = [group.spawn(() => gate.promise), group.spawn(() => 2)];
  for (const timeoutMs of [0, 1]) {
    const late = () => group.join({ timeoutMs });
    assert(isTimeout(await assertRejects(late, DOMException)));
  }
  const before = { signal: AbortSignal.abort("before") };
  assertEquals(await reasonOf(group.join(before)), "before");
  const controller = new AbortController();
  const during = group.join({ signal: controller.signal });
  controller.abort("during");
  assertEquals(await reasonOf(during), "during");
  for (const timeoutMs of [-1, NaN]) {
    await assertRejects(() => group.join({ timeoutMs }), RangeError);
  }
  assertEquals([group.running, group.waiting], [1, 1]);
  assertEquals(tasks.map(({ signal }) => signal.aborted), [false, false]);
  gate.resolve(1);
  const after = new AbortController();
  assertEquals(await group.join({ signal: after.signal }), [1, 2]);
  after.abort();
  assertEquals(await group.spawn(() => 3).join(), 3);
});

Deno.test("TaskGroup.join() waits for what follows the end of the last task", async () => {
  const group = new TaskGroup<number>();
  const gate = Promise.withResolvers<number>();
  const last = group.spawn(() => gate.promise);
  last.join().then(() => group.spawn(() => sleep(1).then(() => 2)));
  const joined = group.join(LIMIT);
  gate.resolve(1);
  assertEquals(await joined, [1, 2]);
});

Deno.test("TaskGroup.join() by one of its tasks throws", async () => {
  const group = new TaskGroup();
  const task = group.spawn(() => group.join());
  const what = "Cannot join the TaskGroup: the task that calls is one of it";
  await assertRejects(() => task.join(), TypeError, what);
  const outer = spawn(async () => {
    const inner = new TaskGroup<number>();
    inner.spawn(() => 7);
    return await inner.join();
  });
  assertEquals(await outer.join(LIMIT), [7]);
});

Deno.test("TaskGroup.cancel() reaches a task before its first await", async () => {
  const group = new TaskGroup();
  group.spawn(() => {
    group.cancel("by itself");
    assertEquals(currentTask()!.signal.reason, "by itself");
  });
  assertEquals(await reasonOf(group.join()), "by itself");
});

Deno.test("TaskGroup({ signal }) cancels all when it is aborted", async () => {
  const { controller, signal } = watchedSignal();
  const group = new TaskGroup({ limit: 1, signal });
  let called = false;
  const tasks = [group.spawn(long), group.spawn(() => void (called = true))];
  const reason = new SyntaxError("its own");
  controller.abort(reason);
  assertStrictEquals(await reasonOf(group.join(LIMIT)), reason);
  for (const task of tasks) {
    assertStrictEquals(await reasonOf(task.join()), reason);
  }
  assertEquals(called, false);
  const error = assertThrows(() => group.spawn(() => {}), TypeError);
  assertStrictEquals(error.cause, reason);
});

Deno.test("TaskGroup({ signal }) that is aborted before takes no tasks", async () => {
  const signal = AbortSignal.abort("before");
  const group = new TaskGroup({ signal });
  const error = assertThrows(
    () => group.spawn(() => {}),
    TypeError,
    "Cannot spawn a task in the TaskGroup: it was cancelled",
  );
  assertEquals(error.cause, "before");
  assertEquals(await group.join(), []);
});

Deno.test("TaskGroup({ signal }) that is aborted after leaves the results", async () => {
  const { controller, signal } = watchedSignal();
  const group = new TaskGroup<number>({ signal });
  group.spawn(() => 1);
  await group.join();
  controller.abort("after");
  assertEquals(await group.join(), [1]);
  assertThrows(() => group.spawn(() => 2), TypeError, "it was cancelled");
});

Deno.test("TaskGroup({ signal }) listens only while there are tasks", async () => {
  const watched = watchedSignal();
  const group = new TaskGroup({ limit: 1, signal: watched.signal });
  assertEquals(watched.listeners, 0);
  for (let time = 0; time < 2; time++) {
    for (let n = 0; n < 3; n++) group.spawn(() => sleep(1));
    assertEquals(watched.listeners, 1);
    await group.join();
    assertEquals(watched.listeners, 0);
  }
  group.spawn(() => Promise.reject(new SyntaxError("its own")));
  await assertRejects(() => group.join(), SyntaxError);
  assertEquals(watched.listeners, 0);
});

Deno.test("TaskGroup as `await using` waits for all, and takes no more", async () => {
  const steps: string[] = [];
  const gate = Promise.withResolvers<void>();
  let kept: TaskGroup;
  {
    await using group = new TaskGroup();
    kept = group;
    group.spawn(async () => {
      await gate.promise;
      group.spawn(() => void steps.push("spawned meanwhile"));
    });
    steps.push("end of the block");
    setTimeout(gate.resolve, 1);
  }
  assertEquals(steps, ["end of the block", "spawned meanwhile"]);
  assertThrows(
    () => kept.spawn(() => {}),
    TypeError,
    "Cannot spawn a task in the TaskGroup: it was disposed of",
  );
  await kept[Symbol.asyncDispose]();
});

Deno.test("TaskGroup as `await using` leaves none behind that is spawned at its end", async () => {
  let spawned = 0;
  for (let turns = 0; turns < 20; turns++) {
    const tasks: Task[] = [];
    {
      await using group = new TaskGroup();
      const last = group.spawn(() => sleep(1));
      last.join().then(async () => {
        for (let turn = 0; turn < turns; turn++) await null;
        tasks.push(group.spawn(() => sleep(1)));
      }).catch(() => {}); // it came too late
    }
    assert(tasks.every((task) => task.done), `after ${turns} turns`);
    spawned += tasks.length;
  }
  assert(spawned > 0 && spawned < 20);
});

Deno.test("TaskGroup as `await using` throws what no join() has thrown", async () => {
  const error = new SyntaxError("its own");
  const unseen = async () => {
    await using group = new TaskGroup();
    group.spawn(long);
    group.spawn(() => Promise.reject(error));
  };
  assertStrictEquals(await reasonOf(unseen()), error);
  const seen = async () => {
    await using group = new TaskGroup();
    group.spawn(() => Promise.reject(error));
    await group.join(); // and no SuppressedError of this one twice
  };
  assertStrictEquals(await reasonOf(seen()), error);
  const missed = async () => {
    await using group = new TaskGroup();
    const failing = Promise.withResolvers<void>();
    group.spawn(() => failing.promise);
    await assertRejects(() => group.join({ timeoutMs: 0 }), DOMException);
    failing.reject(error);
  };
  assertStrictEquals(await reasonOf(missed()), error);
});

Deno.test("TaskGroup as `await using` waits when the block throws, and cancels nothing", async () => {
  const steps: unknown[] = [];
  const broken = async () => {
    await using group = new TaskGroup();
    const task = group.spawn(async () => {
      await sleep(1);
      steps.push(task.signal.aborted);
    });
    throw new SyntaxError("of the block");
  };
  await assertRejects(broken, SyntaxError, "of the block");
  assertEquals(steps, [false]);
});
