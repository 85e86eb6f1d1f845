import { assertEquals, assertRejects } from "@std/assert";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { Thread } from "../../sync/thread.ts";
import { ThreadError } from "../../sync/thread_error.ts";
import { threads } from "../../sync/threads.ts";
import { until } from "./_until.ts";

const BODIES = import.meta.resolve("./_thread_bodies.ts");
const NESTED = import.meta.resolve("./_thread_nested_bodies.ts");
const LIMIT = { timeoutMs: 10_000 };

const nested = threads<typeof import("./_thread_nested_bodies.ts")>(NESTED);

/** A thread that another one started, once it runs. */
async function startedElsewhere(name: string): Promise<Thread> {
  const find = () => Thread.all().find((thread) => thread.name === name);
  await until(() => find() !== undefined);
  return find()!;
}

Deno.test("Thread.start() works in a thread while the main thread blocks in joinSync(), and is seen to", () => {
  const thread = nested.start("startWhileMainBlocks", []);
  const { name } = Thread.current;
  assertEquals(thread.joinSync(LIMIT), [name, true, 7]);
  assertEquals(Thread.current.state, "running");
});

Deno.test("Thread.start() works at any depth", () => {
  assertEquals(nested.start("tower", [2]).joinSync(LIMIT), 2);
});

Deno.test("Thread outlives a starter that ends by an error", async () => {
  const lock = new Lock();
  lock.acquireSync();
  const starter = nested.start("startAndFail", [lock, "orphan"]);
  await assertRejects(() => starter.join(LIMIT), Error, "failed");
  const orphan = await startedElsewhere("orphan");
  await until(() => lock.waiting === 1);
  lock.release();
  await orphan.join(LIMIT);
  assertEquals([lock.locked, lock.ownerDied], [true, false]);
});

Deno.test("Thread outlives a starter that is terminated", async () => {
  const event = new Event();
  const starter = Thread.fromFunction(async (url: string, event: Event) => {
    const { leave } = await import(url);
    leave(event, "left by the dead");
    for (;;);
  }, [NESTED, event]);
  const left = await startedElsewhere("left by the dead");
  await until(() => event.waiting === 1);
  await starter.terminate(LIMIT);
  assertEquals([starter.alive, left.alive], [false, true]);
  event.set();
  await left.join(LIMIT);
});

Deno.test("Thread.daemon is inherited, and can be given", async () => {
  const thread = nested.start("daemons", [false], { daemon: true });
  assertEquals(await thread.join(LIMIT), [true, true, true, false, false]);
});

Deno.test("Thread.state is runnable until the main thread comes to start it, which may block then", async () => {
  const spinning = new SharedValue("i32", 0);
  const thread = nested.start("statesWhileHostSpins", [spinning]);
  await until(() => thread.state === "running");
  spinning.set(1);
  while (spinning.get() === 1);
  assertEquals(thread.joinSync(LIMIT), ["new", "runnable", "dead"]);
});

Deno.test("Thread.terminate() stops a thread that another one started, though the main thread blocks only after", async () => {
  const [started, told] = [new Event(), new SharedValue("i32", 0)];
  const spins = Thread.start(BODIES, "spin", [started]);
  started.waitSync(LIMIT);
  const stops = nested.start("terminateWhileHostSpins", [spins.id, told]);
  while (told.get() === 0);
  assertEquals(stops.joinSync(LIMIT), "dead");
  const error = await assertRejects(() => spins.join(LIMIT), ThreadError);
  assertEquals([spins.state, error.code], ["dead", "terminated"]);
});

Deno.test("Thread.all() is the same in all threads; join() waits for a thread that another one started, without its result", async () => {
  const event = new Event();
  const other = Thread.start(BODIES, "waitFor", [event], { name: "waiting" });
  const found = new Event();
  const joins = nested.start("joinOther", [other.id, found], { name: "joins" });
  await found.wait(LIMIT);
  event.set();
  const [names, ...joined] = await joins.join(LIMIT);
  assertEquals(names, [Thread.current.name, "waiting", "joins"]);
  assertEquals(joined, [undefined, false, undefined]);
  assertEquals(await other.join(LIMIT), "waited");
});

Deno.test("Thread.terminate() works in a thread", async () => {
  const thread = nested.start("startAndTerminate", []);
  assertEquals(await thread.join(LIMIT), ["dead", "ThreadError", "terminated"]);
});
