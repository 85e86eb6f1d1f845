import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Scheduler } from "../../sync/scheduler.ts";

/** What is sent to it, and when it gets it, goes into the log. */
function* receiver(
  log: unknown[],
  name: string,
  turns: number,
): Generator<number, string, unknown> {
  for (let turn = 0; turn < turns; turn++) log.push([name, yield turn]);
  return `${name} done`;
}

/** Counts its turns in the log. */
function* counter(
  log: string[],
  name: string,
  turns: number,
): Generator<void, void, unknown> {
  for (let turn = 0; turn < turns; turn++) {
    log.push(`${name}${turn}`);
    if (turn < turns - 1) yield;
  }
}

Deno.test("Scheduler.run() gives each generator its turn, until all are done", () => {
  const log: string[] = [];
  const scheduler = new Scheduler();
  for (const [name, turns] of [["a", 2], ["b", 4], ["c", 1]] as const) {
    scheduler.add(counter(log, name, turns));
  }
  assertEquals([scheduler.size, log.length], [3, 0]);
  scheduler.run();
  assertEquals(log, ["a0", "b0", "c0", "a1", "b1", "b2", "b3"]);
  assertEquals(scheduler.size, 0);
  scheduler.run(); // nothing to do
});

Deno.test("Scheduler.step() gives the next one a turn, if there is one", () => {
  const scheduler = new Scheduler();
  assertEquals(scheduler.step(), false);
  const log: string[] = [];
  scheduler.add(counter(log, "a", 1));
  const b = scheduler.add(counter(log, "b", 2));
  assertEquals([scheduler.step(), scheduler.size], [true, 1]);
  assertEquals(log, ["a0"]);
  assertEquals([scheduler.step(), scheduler.step()], [true, true]);
  assertEquals([b.done, scheduler.step()], [true, false]);
  assertEquals(log, ["a0", "b0", "b1"]);
});

Deno.test("GeneratorTask.send() is what the yields return, in this order", () => {
  const log: unknown[] = [];
  const scheduler = new Scheduler();
  const a = scheduler.add(receiver(log, "a", 3));
  const b = scheduler.add(receiver(log, "b", 2));
  a.send(1); // before it has begun, and not lost
  a.send(2);
  b.send("x");
  assertEquals(a.yielded, undefined);
  scheduler.step();
  assertEquals([log.length, a.yielded], [0, 0]);
  scheduler.run();
  assertEquals(log, [
    ["a", 1],
    ["b", "x"],
    ["a", 2],
    ["b", undefined],
    ["a", undefined],
  ]);
  assertEquals([a.yielded, b.yielded], [2, 1]);
});

Deno.test("GeneratorTask.send() takes what the generator expects", () => {
  const log: (number | undefined)[] = [];
  function* adder(): Generator<void, void, number | undefined> {
    for (;;) log.push(yield);
  }
  const scheduler = new Scheduler();
  const task = scheduler.add(adder());
  task.send(1);
  // @ts-expect-error a string is not a number
  task.send("two");
  for (let turn = 0; turn < 4; turn++) scheduler.step();
  assertEquals<unknown>(log, [1, "two", undefined]);
});

Deno.test("GeneratorTask.send() gives no turn, and throws when it is done", () => {
  const log: unknown[] = [];
  const scheduler = new Scheduler();
  const a = scheduler.add(receiver(log, "a", 1));
  scheduler.step();
  a.send(1);
  assertEquals([log, a.done], [[], false]);
  scheduler.run();
  assertThrows(
    () => a.send(2),
    TypeError,
    "Cannot send to the generator: it is done",
  );
});

Deno.test("GeneratorTask.result() is what it returned, once it is done", () => {
  const scheduler = new Scheduler();
  const a = scheduler.add(receiver([], "a", 1));
  const early = "Cannot tell what the generator returned: it is not done";
  assertThrows(() => a.result(), TypeError, early);
  scheduler.step();
  assertThrows(() => a.result(), TypeError, early);
  assertEquals(a.done, false);
  scheduler.step();
  assertEquals([a.done, a.result(), a.result()], [true, "a done", "a done"]);
});

Deno.test("Scheduler.run() throws what a generator throws; the others go on at the next call", () => {
  const log: string[] = [];
  const error = new SyntaxError("its own");
  function* failing(): Generator<void, void, unknown> {
    yield;
    throw error;
  }
  const scheduler = new Scheduler();
  scheduler.add(counter(log, "a", 3));
  const failed = scheduler.add(failing());
  scheduler.add(counter(log, "b", 3));
  assertStrictEquals(assertThrows(() => scheduler.run()), error);
  assertEquals(log, ["a0", "b0", "a1"]);
  assertEquals([failed.done, scheduler.size], [true, 2]);
  assertStrictEquals(assertThrows(() => failed.result()), error);
  scheduler.run();
  assertEquals(log, ["a0", "b0", "a1", "b1", "a2", "b2"]);
});

Deno.test("GeneratorTask.result() throws what was thrown, also undefined", () => {
  // deno-lint-ignore require-yield
  function* failing(): Generator<void, void, unknown> {
    throw undefined;
  }
  const scheduler = new Scheduler();
  const failed = scheduler.add(failing());
  let thrown = 0;
  for (const call of [() => scheduler.step(), () => failed.result()]) {
    try {
      call();
    } catch {
      thrown++;
    }
  }
  assertEquals([thrown, failed.done, scheduler.step()], [2, true, false]);
});

Deno.test("Scheduler.add() by a generator puts one after all that wait", () => {
  const log: string[] = [];
  const scheduler = new Scheduler();
  function* parent(): Generator<void, void, unknown> {
    scheduler.add(counter(log, "child", 2));
    log.push("parent0");
    assertEquals(scheduler.size, 3);
    yield;
    log.push("parent1");
  }
  scheduler.add(parent());
  scheduler.add(counter(log, "other", 2));
  scheduler.run();
  const rounds = ["parent0", "other0", "child0", "parent1", "other1", "child1"];
  assertEquals(log, rounds);
});

Deno.test("Scheduler.add() takes a generator once only", () => {
  const generator = counter([], "a", 1);
  const scheduler = new Scheduler();
  scheduler.add(generator);
  for (const other of [scheduler, new Scheduler()]) {
    assertThrows(
      () => other.add(generator),
      TypeError,
      "Cannot add the generator: it was added before",
    );
    assertEquals(other.size, other === scheduler ? 1 : 0);
  }
});

Deno.test("Scheduler.step() and run() by one of its generators throw", () => {
  const log: string[] = [];
  const scheduler = new Scheduler();
  const what = "Cannot run the Scheduler: a generator of it runs";
  function* impatient(): Generator<void, void, unknown> {
    assertThrows(() => scheduler.step(), TypeError, what);
    yield;
    assertThrows(() => scheduler.run(), TypeError, what);
    const inner = new Scheduler();
    inner.add(counter(log, "inner", 2));
    inner.run();
  }
  const task = scheduler.add(impatient());
  scheduler.add(counter(log, "a", 2));
  scheduler.run();
  assertEquals(log, ["a0", "inner0", "inner1", "a1"]);
  assertEquals(task.result(), undefined);
});

Deno.test("Scheduler keeps its order among many that come and go", () => {
  const scheduler = new Scheduler();
  const order: number[] = [];
  function* member(n: number): Generator<void, void, unknown> {
    for (let turn = 0; turn < 3; turn++) {
      order.push(n);
      yield;
    }
  }
  const tasks = Array.from(
    { length: 1000 },
    (_, n) => scheduler.add(member(n)),
  );
  tasks.forEach((task, n) => n % 2 && task.close());
  scheduler.run();
  const round = Array.from({ length: 500 }, (_, n) => 2 * n);
  assertEquals(order, [...round, ...round, ...round]);
});
