/** What tests of users look like; `thread_sanitizers_test.ts` runs them. */
import { assertEquals, assertRejects } from "@std/assert";
import { Event, Thread, ThreadError } from "@lockstep/lockstep/sync";

const BODIES = import.meta.resolve("./_thread_bodies.ts");
const ERRORS = import.meta.resolve("./_thread_errors_bodies.ts");
const LIMIT = { timeoutMs: 10_000 };

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: true, sanitizeResources: true });
}

/** Lets threads die unseen: the event loop does not turn. */
function untilDead(thread: Thread): void {
  while (thread.alive);
}

test("the first thread of the process is joined", async () => {
  const thread = Thread.start(BODIES, "add", [1, 2]);
  assertEquals(await thread.join(LIMIT), 3);
});

test("a thread is joined by joinSync()", () => {
  const thread = Thread.start(BODIES, "add", [1, 2]);
  assertEquals(thread.joinSync(LIMIT), 3);
});

test("a thread is joined when it is dead already", async () => {
  const thread = Thread.start(BODIES, "add", [1, 2]);
  untilDead(thread);
  assertEquals(await thread.join(LIMIT), 3);
});

test("a thread is joined by joinSync() when it is dead already", () => {
  const thread = Thread.start(BODIES, "add", [1, 2]);
  untilDead(thread);
  assertEquals(thread.joinSync(LIMIT), 3);
});

test("a thread throws", async () => {
  const thread = Thread.start(ERRORS, "throwOwn");
  await assertRejects(() => thread.join(LIMIT), Error, "paint");
});

test("a thread throws and is dead already", async () => {
  const thread = Thread.start(ERRORS, "throwOwn");
  untilDead(thread);
  await assertRejects(() => thread.join(LIMIT), Error, "paint");
});

test("a thread exits", async () => {
  const thread = Thread.start(ERRORS, "exitByDeno", [0]);
  await assertRejects(() => thread.join(LIMIT), ThreadError);
});

test("a join times out, the next does not", async () => {
  const event = new Event();
  const thread = Thread.start(BODIES, "waitFor", [event]);
  await assertRejects(() => thread.join({ timeoutMs: 1 }), DOMException);
  event.set();
  await thread.join(LIMIT);
});

test("a thread is terminated", async () => {
  const started = new Event();
  const thread = Thread.start(BODIES, "spin", [started]);
  await started.wait(LIMIT);
  await thread.terminate(LIMIT);
});

test("a thread is terminated by terminateSync()", () => {
  const started = new Event();
  const thread = Thread.start(BODIES, "spin", [started]);
  started.waitSync(LIMIT);
  thread.terminateSync(LIMIT);
});

test("a thread is terminated before it begins", async () => {
  await Thread.start(BODIES, "spin", [new Event()]).terminate(LIMIT);
});

test("a thread is terminated when it is dead already", async () => {
  const thread = Thread.start(BODIES, "add", [1, 2]);
  untilDead(thread);
  await thread.terminate(LIMIT);
});

test("a thread joins another one", async () => {
  const module = import.meta.resolve("./_thread_nested_bodies.ts");
  assertEquals(await Thread.start(module, "tower", [2]).join(LIMIT), 2);
});
