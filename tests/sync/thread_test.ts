import {
  assert,
  assertEquals,
  assertNotEquals,
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

Deno.test("Thread runs an exported function with several arguments", async () => {
  const thread = new Thread(BODIES, "add", [3, 4]);
  assertStrictEquals(thread.start(), thread);
  assertEquals(await thread.join(LIMIT), 7);
});

Deno.test("Thread runs an asynchronous function to its end", async () => {
  const thread = Thread.start(BODIES, "addLater", [3, 4]);
  assertEquals(await thread.join(LIMIT), 7);
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

Deno.test("Thread.start() starts a thread only once", async () => {
  const thread = Thread.start(BODIES, "nothing", [], { name: "once" });
  assertThrows(() => thread.start(), TypeError, '"once"');
  await thread.join(LIMIT);
  const error = assertThrows(() => thread.start(), TypeError);
  assertStringIncludes(error.message, "started before");
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

Deno.test("Thread.state goes from new by running and blocked to dead", async () => {
  const flag = new SharedValue("i32", 0);
  const runs = new Thread(BODIES, "runUntil", [flag]);
  assertEquals([runs.state, runs.alive], ["new", false]);
  runs.start();
  assertEquals(runs.alive, true);
  await until(() => flag.get() === 1);
  assertEquals([runs.state, runs.alive], ["running", true]);
  flag.set(2);
  await runs.join(LIMIT);
  assertEquals([runs.state, runs.alive], ["dead", false]);

  const event = new Event();
  const blocks = Thread.start(BODIES, "waitFor", [event]);
  await until(() => blocks.state === "blocked");
  assertEquals(blocks.alive, true);
  event.set();
  assertEquals(await blocks.join(LIMIT), "waited");
  assertEquals([blocks.state, blocks.alive], ["dead", false]);
});

Deno.test("Thread.state of a thread that awaits is running", async () => {
  const event = new Event();
  const thread = Thread.start(BODIES, "waitForLater", [event]);
  await until(() => event.waiting === 1);
  assertEquals(thread.state, "running");
  event.set();
  await thread.join(LIMIT);
});

Deno.test("Thread.id is 0 before the start, then unique", async () => {
  const made = Array.from({ length: 3 }, () => new Thread(BODIES, "aboutMe"));
  assertEquals(made.map(({ id }) => id), [0, 0, 0]);
  const ids = new Set([Thread.current.id]);
  for (const thread of made) {
    const { id } = await thread.start().join(LIMIT) as Facts;
    assertEquals(thread.id, id);
    ids.add(id);
  }
  assertEquals(ids.size, 4);
});

Deno.test("Thread.name is the one that was given, here and there", async () => {
  const thread = Thread.start(BODIES, "aboutMe", [], { name: "Ännchen 😀" });
  const { name } = await thread.join(LIMIT) as Facts;
  assertEquals([thread.name, name], ["Ännchen 😀", "Ännchen 😀"]);
});

Deno.test("Thread.name is made of the id if none was given", async () => {
  const thread = Thread.start(BODIES, "aboutMe");
  const { name } = await thread.join(LIMIT) as Facts;
  assertEquals([thread.name, name], Array(2).fill(`Thread-${thread.id}`));
});

Deno.test("Thread.name is cut to 48 octets, between characters", async () => {
  const thread = Thread.start(BODIES, "aboutMe", [], {
    name: "a" + "é".repeat(40),
  });
  const cut = "a" + "é".repeat(23);
  const { name } = await thread.join(LIMIT) as Facts;
  assertEquals([thread.name, name], [cut, cut]);
});

Deno.test("Thread.current is the thread that asks", async () => {
  const main = Thread.current;
  assertStrictEquals(Thread.current, main);
  assertEquals([main.alive, main.state, main.daemon], [true, "running", false]);
  const thread = Thread.start(BODIES, "aboutMe", [], { name: "me" });
  const facts = await thread.join(LIMIT);
  assertEquals(facts, {
    id: thread.id,
    name: "me",
    daemon: false,
    alive: true,
    state: "running",
  });
  assertNotEquals(thread.id, main.id);
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
  await late.start().join(LIMIT);
  assertEquals(Thread.count, 1);
});

Deno.test("Thread.daemon is what was given, else that of the starter", async () => {
  for (const daemon of [undefined, false, true]) {
    const thread = new Thread(BODIES, "aboutMe", [], { daemon });
    assertEquals(thread.daemon, daemon ?? false);
    const facts = await thread.start().join(LIMIT) as Facts;
    assertEquals([thread.daemon, facts.daemon], Array(2).fill(daemon ?? false));
  }
});

Deno.test("Thread runs run() of a subclass with its fields", async () => {
  const thread = new bodies.Doubler(21, "twice");
  assertThrows(() => thread.joinSync(), TypeError);
  thread.start();
  const { doubled, name, id, lock } = await thread.join(LIMIT);
  assertEquals([doubled, name, id], [42, "twice", thread.id]);
  assert(thread.lock.locked && lock.locked);
  thread.lock.release();
  assert(!lock.locked);
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
