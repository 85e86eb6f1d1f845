import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { sleep } from "../../sync/sleep.ts";
import { currentTask, joinAll, spawn, Task } from "../../sync/task.ts";
import { isTimeout } from "../../sync/wait_options.ts";
import { LIMIT } from "./_doors.ts";

Deno.test("spawn() runs a function until its first await before it returns", async () => {
  const steps: string[] = [];
  const task = spawn(
    async (...names: string[]) => {
      steps.push(...names);
      await null;
      steps.push("later");
      return names.length;
    },
    "one",
    "two",
  );
  assert(task instanceof Task);
  assertEquals(steps, ["one", "two"]);
  assertEquals(task.done, false);
  assertEquals(await task.join(), 2);
  assertEquals(steps, ["one", "two", "later"]);
  assertEquals(task.done, true);
});

Deno.test("spawn() takes a function that is not asynchronous", async () => {
  const task = spawn((a: number, b: number) => a + b, 3, 4);
  assertEquals(await task.join(), 7);
  assertEquals(await spawn(() => Promise.resolve(7)).join(), 7);
  assertEquals(await spawn(() => undefined).join(), undefined);
});

Deno.test("Task.join() answers as often as it is asked", async () => {
  const result = {};
  const task = spawn(() => result);
  assertStrictEquals(await task.join(), result);
  assertStrictEquals(await task.join(LIMIT), result);
  assertStrictEquals(await task.join({ timeoutMs: 0 }), result);
});

Deno.test("Task.join() throws what its function threw, and nothing else does", async () => {
  const error = new SyntaxError("its own");
  const fail = () => {
    throw error;
  };
  for (const fn of [fail, () => Promise.reject(error)]) {
    const task = spawn<[], void>(fn);
    await new Promise((done) => setTimeout(done, 1)); // nobody has joined yet
    assertEquals(task.done, true);
    for (let time = 0; time < 2; time++) {
      const thrown = await assertRejects(() => task.join());
      assertStrictEquals(thrown, error);
    }
  }
  const odd = spawn(() => Promise.reject(undefined));
  assertEquals(await odd.join().then(() => "joined", (why) => why), undefined);
});

Deno.test("Task.join() that ends early leaves the task alone", async () => {
  const gate = Promise.withResolvers<number>();
  const task = spawn(() => gate.promise);
  for (const timeoutMs of [0, 1]) {
    const late = () => task.join({ timeoutMs });
    assert(isTimeout(await assertRejects(late, DOMException)));
  }
  const before = { signal: AbortSignal.abort("before") };
  assertEquals(await task.join(before).catch((why) => why), "before");
  const controller = new AbortController();
  const during = task.join({ signal: controller.signal });
  controller.abort("during");
  assertEquals(await during.catch((why) => why), "during");
  await assertRejects(() => task.join({ timeoutMs: -1 }), RangeError);
  await assertRejects(() => task.join({ timeoutMs: NaN }), RangeError);
  assertEquals([task.done, task.signal.aborted], [false, false]);
  gate.resolve(7);
  assertEquals(await task.join({ signal: new AbortController().signal }), 7);
});

Deno.test("Task.cancel() aborts the signal, for the function to see", async () => {
  for (const reason of ["enough", 0, new Error("enough")]) {
    const task = spawn(() => sleep(60_000, { signal: currentTask()!.signal }));
    assertEquals(task.signal.aborted, false);
    task.cancel(reason);
    task.cancel("too late");
    assertStrictEquals(task.signal.reason, reason);
    assertEquals(await task.join().catch((why) => why), reason);
  }
});

Deno.test("Task.cancel() has an AbortError by default", async () => {
  const task = spawn(() => sleep(60_000, { signal: currentTask()!.signal }));
  task.cancel();
  const error = await assertRejects(() => task.join(), DOMException);
  assertEquals(error.name, "AbortError");
});

Deno.test("Task.cancel() forces nothing", async () => {
  const gate = Promise.withResolvers<string>();
  const task = spawn(() => gate.promise);
  task.cancel();
  await new Promise((done) => setTimeout(done, 1));
  assertEquals([task.done, task.signal.aborted], [false, true]);
  gate.resolve("done all the same");
  assertEquals(await task.join(), "done all the same");
  task.cancel(); // does nothing any more
  assertEquals(await task.join(), "done all the same");
});

Deno.test("currentTask() is the task that calls, also later", async () => {
  assertEquals(currentTask(), undefined);
  const seen = async () => {
    const before = currentTask();
    await new Promise((done) => setTimeout(done, 1));
    assertStrictEquals(currentTask(), before);
    await null;
    assertStrictEquals(currentTask(), before);
    return before;
  };
  const [one, two] = [spawn(seen), spawn(() => seen())];
  assertStrictEquals(await one.join(), one);
  assertStrictEquals(await two.join(), two);
  assertEquals(currentTask(), undefined);
});

Deno.test("currentTask() of a task within a task is the inner one", async () => {
  const outer = spawn(async () => {
    const inner = spawn(async () => {
      await null;
      return currentTask();
    });
    assertStrictEquals(await inner.join(), inner);
    return currentTask();
  });
  assertStrictEquals(await outer.join(), outer);
});

Deno.test("Task.id is unique", async () => {
  const tasks = Array.from({ length: 100 }, () => spawn(() => {}));
  assertEquals(new Set(tasks.map(({ id }) => id)).size, 100);
  await joinAll(tasks);
});

Deno.test("joinAll() answers in the order of the tasks", async () => {
  const gate = Promise.withResolvers<number>();
  function* tasks(): Generator<Task<number>> {
    yield spawn(() => gate.promise);
    yield spawn(() => 2);
  }
  const all = joinAll(tasks());
  gate.resolve(1);
  assertEquals(await all, [1, 2]);
  assertEquals(await joinAll([]), []);
});

Deno.test("joinAll() throws what failed first, and the others go on", async () => {
  const gate = Promise.withResolvers<number>();
  const failing = Promise.withResolvers<number>();
  const tasks = [gate, failing].map(({ promise }) => spawn(() => promise));
  tasks.push(spawn(() => failing.promise)); // fails, too, unseen
  const all = joinAll(tasks);
  failing.reject(new SyntaxError("its own"));
  await assertRejects(() => all, SyntaxError, "its own");
  assertEquals(tasks[0]!.done, false);
  gate.resolve(7);
  assertEquals(await tasks[0]!.join(), 7);
});

Deno.test("joinAll() that ends early leaves the tasks alone", async () => {
  const gate = Promise.withResolvers<number>();
  const tasks = [spawn(() => gate.promise), spawn(() => 2)];
  const late = () => joinAll(tasks, { timeoutMs: 1 });
  assert(isTimeout(await assertRejects(late, DOMException)));
  const gone = { signal: AbortSignal.abort("gone") };
  assertEquals(await joinAll(tasks, gone).catch((why) => why), "gone");
  await assertRejects(() => joinAll(tasks, { timeoutMs: NaN }), RangeError);
  gate.resolve(1);
  assertEquals(await joinAll(tasks, LIMIT), [1, 2]);
});
