import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { Thread } from "../../sync/thread.ts";
import { ThreadError } from "../../sync/thread_error.ts";
import { threads } from "../../sync/threads.ts";
import { reasonOf } from "./_reason.ts";
import { existsSync } from "node:fs";
import { until } from "./_until.ts";

const BODIES = import.meta.resolve("./_thread_bodies.ts");
const NESTED = import.meta.resolve("./_thread_nested_bodies.ts");
const LIMIT = { timeoutMs: 10_000 };

const bodies = threads<typeof import("./_thread_bodies.ts")>(BODIES);
const nested = threads<typeof import("./_thread_nested_bodies.ts")>(NESTED);

async function assertTerminated(thread: Thread): Promise<void> {
  assertEquals([thread.state, thread.alive], ["dead", false]);
  const error = await reasonOf(thread);
  assertInstanceOf(error, ThreadError);
  assertEquals(error.code, "terminated");
  assertStringIncludes(error.message, `"${thread.name}"`);
  assert(!Thread.all().includes(thread));
}

/** Bodies that never end, by what they do; each says when it has begun. */
const ENDLESS = {
  spins: "spin",
  "blocks in Atomics.wait()": "waitRaw",
  "blocks in sleepSync()": "sleepLong",
  awaits: "awaitForEver",
} as const;

for (const [what, name] of Object.entries(ENDLESS)) {
  Deno.test(`Thread.terminate() stops a thread that ${what}`, async () => {
    const started = new Event();
    const thread = bodies.start(name, [started]);
    await started.wait(LIMIT);
    assertEquals(await thread.terminate(LIMIT), undefined);
    await assertTerminated(thread);
  });
}

Deno.test("Thread.terminate() gives up a thread that is in a call of the system", async () => {
  const path = await Deno.makeTempFile();
  await Deno.remove(path);
  const thread = bodies.start("runProgram", [path]);
  await until(() => existsSync(path));
  await thread.terminate(LIMIT);
  await assertTerminated(thread);
  await Deno.remove(path);
});

Deno.test("Thread that was terminated does nothing any more", async () => {
  const words = Array.from(
    { length: 6 }, // more than there are cores: some stand when they are killed
    () => new Int32Array(new SharedArrayBuffer(4)),
  );
  const counts = () => words.map((word) => Atomics.load(word, 0));
  const counters = words.map((word) => bodies.start("count", [word]));
  await until(() => counts().every((count) => count > 0));
  const seen = counters.map((thread, index) => {
    thread.terminateSync(LIMIT);
    return Atomics.load(words[index]!, 0);
  });
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    assertEquals(counts(), seen);
  }
});

for (const what of ["blocks in Atomics.wait()", "awaits"] as const) {
  Deno.test(`Thread.terminateSync() stops a thread that ${what}`, async () => {
    const started = new Event();
    const thread = bodies.start(ENDLESS[what], [started]);
    started.waitSync(LIMIT);
    thread.terminateSync(LIMIT);
    await assertTerminated(thread);
    assertThrows(() => thread.joinSync(LIMIT), ThreadError);
  });
}

for (const name of ["acquire", "awaitLock"] as const) {
  Deno.test(`Thread.terminate() stops a thread that waits for a lock: ${name}()`, async () => {
    const lock = new Lock();
    lock.acquireSync();
    const thread = bodies.start(name, [lock, new Event()]);
    await until(() => lock.waiting === 1);
    await thread.terminate(LIMIT);
    await assertTerminated(thread);
    lock.release();
    const guard = lock.tryAcquire(); // nobody else waits, nobody died with it
    assert(guard !== undefined);
    assertEquals([lock.ownerDied, lock.waiting], [false, 0]);
  });
}

Deno.test("Thread.terminate() stops a thread that has not begun", async () => {
  const thread = bodies.start("awaitForEver", [new Event()]);
  await thread.terminate(LIMIT);
  await assertTerminated(thread);
});

Deno.test("Thread.terminateSync() stops a thread that has not begun", async () => {
  const thread = bodies.start("spin", [new Event()]);
  thread.terminateSync(LIMIT);
  await assertTerminated(thread);
});

Deno.test("Thread.terminate() does nothing to a thread that is dead, and leaves its result", async () => {
  const thread = bodies.start("giveBack", [new SharedArrayBuffer(3)]);
  await until(() => !thread.alive);
  await thread.terminate(LIMIT);
  const [buffer] = await thread.join(LIMIT) as SharedArrayBuffer[];
  assertEquals(buffer!.byteLength, 3);
  await thread.terminate(LIMIT);
  thread.terminateSync(LIMIT);
  assertEquals(await thread.join(LIMIT), [buffer]);
});

Deno.test("Thread.terminate() can be called twice, at once and later, and ends the joins that wait", async () => {
  const started = new Event();
  const thread = bodies.start("spin", [started]);
  const joins = [reasonOf(thread), reasonOf(thread)];
  await started.wait(LIMIT);
  await Promise.all([thread.terminate(LIMIT), thread.terminate(LIMIT)]);
  for (const join of joins) assertInstanceOf(await join, ThreadError);
  await assertTerminated(thread);
  await thread.terminate(LIMIT);
  await assertTerminated(thread);
});

Deno.test("Thread.terminate() is a TypeError before the start, and of the main thread", async () => {
  const early = new Thread(BODIES, "nothing", [], { name: "early" });
  for (const thread of [early, Thread.current]) {
    await assertRejects(() => thread.terminate(LIMIT), TypeError);
    assertThrows(() => thread.terminateSync(LIMIT), TypeError);
  }
  assertEquals([early.state, Thread.current.state], ["new", "running"]);
  const thread = nested.start("terminateMain", []);
  assertEquals(await thread.join(LIMIT), "TypeError");
});

Deno.test("Thread.terminate() of the thread that asks stops it", async () => {
  const thread = nested.start("terminateMyself", []);
  const error = await reasonOf(thread);
  assertInstanceOf(error, ThreadError);
  assertEquals([error.code, thread.state], ["terminated", "dead"]);
});

Deno.test("Thread.terminate() recovers the locks of the thread, and leaves other threads alone", async () => {
  const lock = new Lock();
  const [started, event] = [new Event(), new Event()];
  const other = bodies.start("waitFor", [event]);
  const thread = bodies.start("keep", [lock, started]);
  await started.wait(LIMIT);
  await assertRejects(() => lock.acquire({ timeoutMs: 1 }), DOMException);
  await thread.terminate(LIMIT);
  using _held = await lock.acquire(LIMIT);
  assert(lock.ownerDied);
  lock.markConsistent();
  assert(other.alive);
  event.set();
  assertEquals(await other.join(LIMIT), "waited");
});

Deno.test("Thread.terminate() stops many threads that contend for a lock", async () => {
  const lock = new Lock();
  const contending = Array.from(
    { length: 3 },
    () =>
      Thread.fromFunction((lock: Lock) => {
        for (;;) lock.withLockSync(() => {});
      }, [lock]),
  );
  await until(() => contending.every(({ state }) => state !== "runnable"));
  for (const thread of contending) await thread.terminate(LIMIT);
  for (const thread of contending) await assertTerminated(thread);
  using _held = await lock.acquire(LIMIT);
  assertEquals(lock.waiting, 0);
});
