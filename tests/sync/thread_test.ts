import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Event } from "../../sync/event.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { Thread } from "../../sync/thread.ts";
import * as bodies from "./_thread_bodies.ts";
import type { Facts } from "./_thread_bodies.ts";
import { until } from "./_until.ts";

const BODIES = import.meta.resolve("./_thread_bodies.ts");
const LIMIT = { timeoutMs: 10_000 };

Deno.test("Thread runs an exported function with several arguments, once", async () => {
  const thread = new Thread(BODIES, "add", [3, 4], { name: "once" });
  assertStrictEquals(thread.start(), thread);
  assertThrows(() => thread.start(), TypeError, '"once"');
  assertEquals(await thread.join(LIMIT), 7);
  const error = assertThrows(() => thread.start(), TypeError);
  assertStringIncludes(error.message, "started before");
});

Deno.test("Thread awaits whatever can be awaited", async () => {
  const thread = Thread.start(BODIES, "thenable", [3]);
  assertEquals(await thread.join(LIMIT), 3);
});

Deno.test("Thread runs a function of a data: module", async () => {
  const module = "data:text/javascript,export const twice = (n) => 2 * n;";
  const thread = Thread.start(module, "twice", [21]);
  assertEquals(await thread.join(LIMIT), 42);
});

Deno.test("Thread ends when its function returns, whatever timers it leaves", async () => {
  const thread = Thread.start(BODIES, "leaveTimer");
  assertEquals(await thread.join(LIMIT), "returned");
  assert(!thread.alive);
});

Deno.test("Thread.start() cannot start the main thread", () => {
  assertThrows(() => Thread.current.start(), TypeError);
});

Deno.test("Thread.start() that throws leaves a thread that is new", async () => {
  const args: unknown[] = [1, () => 2];
  const before = Thread.count;
  const thread = new Thread(BODIES, "add", args);
  assertThrows(() => thread.start(), TypeError);
  assertEquals([thread.state, thread.id, Thread.count], ["new", 0, before]);
  args[1] = 2;
  assertEquals(await thread.start().join(LIMIT), 3);
});

Deno.test("Thread.state goes from new by running and blocked to dead; a thread that awaits is running", async () => {
  const flag = new SharedValue("i32", 0);
  const [event, later] = [new Event(), new Event()];
  const thread = new Thread(BODIES, "runBlockAwait", [flag, event, later]);
  assertEquals([thread.state, thread.alive], ["new", false]);
  thread.start();
  assertEquals(thread.alive, true);
  await until(() => flag.get() === 1);
  assertEquals([thread.state, thread.alive], ["running", true]);
  flag.set(2);
  await until(() => thread.state === "blocked" && event.waiting === 1);
  assertEquals(thread.alive, true);
  event.set();
  await until(() => later.waiting === 1);
  assertEquals([thread.state, thread.alive], ["running", true]);
  later.set();
  assertEquals(await thread.join(LIMIT), "waited");
  assertEquals([thread.state, thread.alive], ["dead", false]);
});

/** Names that are given, and what becomes of them; `daemon`, if it is given. */
const GIVEN = [
  [undefined, undefined, undefined],
  ["Ännchen 😀", "Ännchen 😀", false],
  ["a" + "é".repeat(40), "a" + "é".repeat(23), true], // 48 octets
] as const;

Deno.test("Thread has an id, a name and whether it is a daemon, here and there", async () => {
  const ids = new Set([Thread.current.id]);
  for (const [name, cut, daemon] of GIVEN) {
    const thread = new Thread(BODIES, "aboutMe", [], { name, daemon });
    assertEquals([thread.id, thread.daemon], [0, daemon ?? false]);
    const facts = await thread.start().join(LIMIT) as Facts;
    const { id } = thread;
    assertEquals(facts, {
      id,
      name: cut ?? `Thread-${id}`,
      daemon: daemon ?? false, // that of the starter
      alive: true,
      state: "running",
    });
    assertEquals([thread.name, thread.daemon], [facts.name, facts.daemon]);
    ids.add(id);
  }
  assertEquals(ids.size, 1 + GIVEN.length);
});

Deno.test("Thread.current is the thread that asks", () => {
  const main = Thread.current;
  assertStrictEquals(Thread.current, main);
  assertEquals([main.alive, main.state, main.daemon], [true, "running", false]);
});

Deno.test("Thread.all() and Thread.count have those that run, the main thread first", async () => {
  assertEquals(Thread.all(), [Thread.current]);
  assertEquals(Thread.count, 1);
  const event = new Event();
  const late = new Thread(BODIES, "waitFor", [event]);
  const started = [1, 2].map(() => Thread.start(BODIES, "waitFor", [event]));
  const all = Thread.all();
  assertEquals(all.length, 3);
  for (const [index, thread] of [Thread.current, ...started].entries()) {
    assertStrictEquals(all[index], thread);
  }
  assertEquals(Thread.count, 3);
  event.set();
  for (const thread of started) await thread.join(LIMIT);
  assertEquals(Thread.all(), [Thread.current]);
  assertEquals([late.state, Thread.count], ["new", 1]);
});

Deno.test("Thread runs run() of a subclass of a subclass", async () => {
  const thread = new bodies.Tripler(5).start();
  assertEquals((await thread.join(LIMIT)).doubled, 15);
});

Deno.test("Thread runs an asynchronous run()", async () => {
  assertEquals(await new bodies.Later().start().join(LIMIT), "later");
});

Deno.test("Thread of a subclass that has no run() ends with a TypeError", async () => {
  const thread = new bodies.Idle().start();
  await assertRejects(() => thread.join(LIMIT), TypeError, "Idle");
});

Deno.test("Thread of a subclass that is not exported ends with a TypeError", async () => {
  const thread = bodies.hidden().start();
  await assertRejects(() => thread.join(LIMIT), TypeError, "Hidden");
});

Deno.test("Thread.start() of a subclass needs its module, and fields that can be shared", () => {
  class Homeless extends Thread {
    override run(): void {}
  }
  assertThrows(() => new Homeless().start(), TypeError, "Homeless");
  assertThrows(() => new Thread().start(), TypeError);
  class Selfish extends bodies.Later {
    readonly callback = () => {};
  }
  const error = assertThrows(() => new Selfish().start(), TypeError);
  assertStringIncludes(error.message, "callback");
});
