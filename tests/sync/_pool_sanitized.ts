/** What tests of users look like; `pool_process_test.ts` runs them. */
import { assertEquals, assertRejects } from "@std/assert";
import { ThreadPool } from "@lockstep/lockstep/sync";

const module = import.meta.resolve("./_pool_bodies.ts");

type Bodies = typeof import("./_pool_bodies.ts");

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: true, sanitizeResources: true });
}

test("the first pool of the process is disposed of", async () => {
  await using pool = new ThreadPool<Bodies>({ module, size: 2 });
  assertEquals(await pool.map("square", [1, 2, 3]), [1, 4, 9]);
});

test("a pool is closed and joined", async () => {
  const pool = new ThreadPool<Bodies>({ module, size: 2 });
  assertEquals(await pool.submit("addLater", [1, 2]), 3);
  pool.close();
  await pool.join();
});

test("a pool is joined whose thread died", async () => {
  await using pool = new ThreadPool<Bodies>({ module, size: 1 });
  await assertRejects(() => pool.submit("exitByDeno", []));
});

test("a pool is terminated while it has tasks", async () => {
  const pool = new ThreadPool<Bodies>({ module, size: 2 });
  const never = (_: number) => new Promise<void>(() => {});
  const seen = assertRejects(() => pool.map(never, [1, 2, 3]));
  await pool.terminate();
  await seen;
});

test("a task is ended by a timeout, and the pool terminated", async () => {
  const pool = new ThreadPool<Bodies>({ module, size: 1 });
  const spin = () => {
    for (;;);
  };
  await assertRejects(() => pool.submit(spin, [], { timeoutMs: 20 }));
  await pool.terminate();
});

test("a task moves its arguments and ends in time", async () => {
  await using pool = new ThreadPool<Bodies>({ module, size: 1 });
  const moved = new ArrayBuffer(8);
  const options = { transfer: [moved], timeoutMs: 60_000 };
  assertEquals(await pool.submit("inspect", [moved], options), [8, 0]);
});

test("a pool gives its results in a loop that is left", async () => {
  await using pool = new ThreadPool<Bodies>({ module, size: 2 });
  for await (const square of pool.imap("square", [1, 2, 3])) {
    assertEquals(square, 1);
    break;
  }
});

test("a pool blocks for its results", async () => {
  await using pool = new ThreadPool<Bodies>({ module, size: 2 });
  assertEquals(pool.applySync("add", 1, 2), 3);
});
