import { assert, assertEquals, assertThrows } from "@std/assert";
import { type GeneratorTask, Scheduler } from "../../sync/scheduler.ts";

Deno.test("GeneratorTask.close() runs its finally blocks, and takes it out", () => {
  const log: string[] = [];
  const scheduler = new Scheduler();
  function* careful(): Generator<void, number, unknown> {
    try {
      for (;;) yield;
    } finally {
      log.push("cleared up");
    }
  }
  const [fresh, begun] = [scheduler.add(careful()), scheduler.add(careful())];
  fresh.close();
  assertEquals([fresh.done, fresh.result(), log.length], [true, undefined, 0]);
  scheduler.step();
  assertEquals(scheduler.size, 1);
  {
    using _closed = begun;
  }
  assertEquals([begun.done, begun.result()], [true, undefined]);
  begun.close();
  assertEquals([log, scheduler.size], [["cleared up"], 0]);
  assertEquals(scheduler.step(), false);
});

Deno.test("GeneratorTask.close() lets a finally block that yields take its turns", () => {
  const log: unknown[] = [];
  const scheduler = new Scheduler();
  function* slow(): Generator<string, void, unknown> {
    try {
      yield "working";
    } finally {
      log.push(yield "clearing up");
    }
  }
  const task = scheduler.add(slow());
  scheduler.step();
  task.close();
  assertEquals([task.done, task.yielded, scheduler.size], [
    false,
    "clearing up",
    1,
  ]);
  task.send("hurry");
  scheduler.run();
  assertEquals([log, task.done], [["hurry"], true]);
});

Deno.test("GeneratorTask.close() of one that is done leaves its result", () => {
  const scheduler = new Scheduler();
  // deno-lint-ignore require-yield
  function* brief(): Generator<void, number, unknown> {
    return 7;
  }
  const task = scheduler.add(brief());
  scheduler.run();
  task.close();
  assertEquals(task.result(), 7);
});

Deno.test("GeneratorTask.close() throws what its finally blocks throw", () => {
  const scheduler = new Scheduler();
  function* broken(): Generator<void, void, unknown> {
    try {
      yield;
    } finally {
      // deno-lint-ignore no-unsafe-finally
      throw new SyntaxError("while it cleared up");
    }
  }
  const task = scheduler.add(broken());
  scheduler.step();
  assertThrows(() => task.close(), SyntaxError, "cleared up");
  assertThrows(() => task.result(), SyntaxError, "cleared up");
  assertEquals([task.done, scheduler.size], [true, 0]);
});

Deno.test("GeneratorTask.close() by a generator closes others, not itself", () => {
  const log: string[] = [];
  const scheduler = new Scheduler();
  const tasks: GeneratorTask[] = [];
  function* endless(): Generator<void, void, unknown> {
    for (;;) {
      log.push("turn");
      yield;
    }
  }
  function* strict(): Generator<void, void, unknown> {
    const what = "Cannot close the generator: it runs";
    assertThrows(() => tasks[0]!.close(), TypeError, what);
    yield;
    tasks[1]!.close();
  }
  tasks.push(scheduler.add(strict()));
  tasks.push(scheduler.add(endless()));
  scheduler.run();
  assertEquals(log, ["turn"]);
  assert(tasks.every((task) => task.done));
});
