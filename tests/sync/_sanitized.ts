/** What tests of users look like; `thread_process_test.ts` runs them. */
import { assertEquals, assertRejects } from "@std/assert";
import {
  Event,
  Thread,
  ThreadError,
  ThreadPool,
} from "@lockstep/lockstep/sync";

const BODIES = import.meta.resolve("./_thread_bodies.ts");
const ERRORS = import.meta.resolve("./_thread_errors_bodies.ts");
const POOL = import.meta.resolve("./_pool_bodies.ts");
type PoolBodies = typeof import("./_pool_bodies.ts");

const LIMIT = { timeoutMs: 10_000 };

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: true, sanitizeResources: true });
}

/** Lets threads die unseen: the event loop does not turn. */
function untilDead(thread: Thread): void {
  while (thread.alive);
}

test("the first thread of the process is joined in time, after a join that was not", async () => {
  const event = new Event();
  const thread = Thread.start(BODIES, "waitFor", [event]);
  await assertRejects(() => thread.join({ timeoutMs: 1 }), DOMException);
  event.set();
  await thread.join(LIMIT);
});

test("a thread is joined by joinSync()", () => {
  const thread = Thread.start(BODIES, "add", [1, 2]);
  assertEquals(thread.joinSync(LIMIT), 3);
});

test("a thread is joined by joinSync() when it is dead already", () => {
  const thread = Thread.start(BODIES, "add", [1, 2]);
  untilDead(thread);
  assertEquals(thread.joinSync(LIMIT), 3);
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
  assertEquals(await Thread.start(module, "tower", [1]).join(LIMIT), 1);
});

test("a pool is disposed of; a task moves its arguments and ends in time", async () => {
  await using pool = new ThreadPool<PoolBodies>({ module: POOL, size: 2 });
  assertEquals(await pool.map("square", [1, 2, 3]), [1, 4, 9]);
  const moved = new ArrayBuffer(8);
  const options = { transfer: [moved], timeoutMs: 60_000 };
  assertEquals(await pool.submit("inspect", [moved], options), [8, 0]);
});

test("a pool that blocked for a result is closed and joined", async () => {
  const pool = new ThreadPool<PoolBodies>({ module: POOL, size: 1 });
  assertEquals(pool.applySync("add", 1, 2), 3);
  assertEquals(await pool.submit("addLater", [1, 2]), 3);
  pool.close();
  await pool.join();
});

test("a pool is joined whose thread died", async () => {
  await using pool = new ThreadPool<PoolBodies>({ module: POOL, size: 1 });
  await assertRejects(() => pool.submit("exitByDeno", []));
});

test("a pool is terminated while it has tasks", async () => {
  const pool = new ThreadPool<PoolBodies>({ module: POOL, size: 1 });
  const never = (_: number) => new Promise<void>(() => {});
  const seen = assertRejects(() => pool.map(never, [1, 2, 3]));
  await pool.terminate();
  await seen;
});

test("a task is ended by a timeout, and the pool terminated", async () => {
  const pool = new ThreadPool<PoolBodies>({ module: POOL, size: 1 });
  const spin = () => {
    for (;;);
  };
  await assertRejects(() => pool.submit(spin, [], { timeoutMs: 20 }));
  await pool.terminate();
});

test("a pool gives its results in a loop that is left", async () => {
  await using pool = new ThreadPool<PoolBodies>({ module: POOL, size: 1 });
  for await (const square of pool.imap("square", [1, 2, 3])) {
    assertEquals(square, 1);
    break;
  }
});
