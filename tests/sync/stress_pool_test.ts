import { assert, assertEquals } from "@std/assert";
import { Thread } from "../../sync/thread.ts";
import { ThreadPool } from "../../sync/thread_pool.ts";
import { waitFor } from "../../sync/wait_options.ts";
import { Board, type Way } from "./_pool_stress_bodies.ts";
import { turns } from "./_pool_use.ts";
import { type Next, random, STRESS, withSeed } from "./_random.ts";

type Bodies = typeof import("./_pool_stress_bodies.ts");

const MODULE = import.meta.resolve("./_pool_stress_bodies.ts");
const LIMIT = { timeoutMs: STRESS ? 60_000 : 20_000 };
const ROUNDS = STRESS ? 20 : 1;
const TASKS = STRESS ? 120 : 12;

/** What came of a task: what its callbacks were told, and its promise. */
interface Fate {
  readonly n: number;
  readonly way: Way;
  readonly controller: AbortController | undefined;
  readonly told: unknown[];
  settled?: unknown;
}

/** Most tasks return, some take their thread with them. */
function wayOf(next: Next): Way {
  const dice = next(20);
  if (dice < 10) return "returns";
  if (dice < 14) return "returns later";
  if (dice < 17) return "throws";
  return (["spins", "exits", "rejects"] as const)[dice - 17]!;
}

function submit(
  pool: ThreadPool<Bodies>,
  board: Board,
  next: Next,
  n: number,
): [Fate, Promise<void>] {
  const way = wayOf(next);
  const controller = next(5) === 0 ? new AbortController() : undefined;
  const fate: Fate = { n, way, controller, told: [] };
  const tell = (what: unknown) => void fate.told.push(what);
  const promise = pool.submit("visit", [board.last, TASKS, n, way], {
    signal: controller?.signal,
    timeoutMs: way === "spins" ? 1 + next(20) : undefined,
    onResult: tell,
    onError: tell,
  });
  const seen = (what: unknown) => void (fate.settled = what);
  return [fate, promise.then(seen, seen)];
}

/** Whether it ended as it may; answers whether somebody else killed it. */
function check({ n, way, controller, told, settled }: Fate): boolean {
  assertEquals(told, [settled], `task ${n} ${way}`);
  if (settled === 2 * n && way.startsWith("returns")) return false;
  if (settled === `abort ${n}` && controller !== undefined) return false;
  assert(settled instanceof Error, `task ${n} ${way}: ${settled}`);
  const expected = {
    "returns": "",
    "returns later": "",
    "throws": "RangeError",
    "spins": "TimeoutError",
    "exits": "ThreadError",
    "rejects": "ThreadError",
  }[way];
  if (settled.name === expected) return false;
  assertEquals(settled.name, "ThreadError", `task ${n} ${way}: ${settled}`);
  return true;
}

Deno.test("ThreadPool loses, repeats and confuses no task, whatever dies", async () => {
  await withSeed(ROUNDS, async (seed) => {
    const next = random(seed);
    const before = Thread.count;
    const pool = new ThreadPool<Bodies>({
      module: MODULE,
      size: 1 + next(STRESS ? 4 : 3),
      maxQueue: [0, 3, undefined][next(3)],
      tasksPerThread: next(3) === 0 ? 1 + next(5) : undefined,
    });
    const board = Board.of(TASKS);
    const fates: Fate[] = [];
    const ends: Promise<void>[] = [];
    let kills = 0;
    try {
      for (let n = 0; n < TASKS; n++) {
        const [fate, end] = submit(pool, board, next, n);
        fates.push(fate);
        ends.push(end);
        if (next(4) === 0) await turns(next(3));
        if (next(4) === 0) {
          const { controller, n } = fates[next(fates.length)]!;
          controller?.abort(`abort ${n}`);
        }
        if (next(20) === 0) {
          const id = Atomics.load(board.last, 1);
          const victim = Thread.all().find((thread) => thread.id === id);
          if (victim === undefined) continue;
          kills++;
          await victim.terminate(LIMIT);
        }
      }
      for (const { controller, n } of fates) {
        if (next(2) === 0) controller?.abort(`abort ${n}`);
        if (next(9) === 0) await turns(1);
      }
      await waitFor(Promise.all(ends), LIMIT);
      const killed = fates.filter(check).length;
      assert(killed <= kills, `${killed} were killed, by ${kills} kills`);
      for (const { n, settled } of fates) {
        const begun = board.begun[n]!;
        assert(begun <= 1, `task ${n} began ${begun} times`);
        if (settled === 2 * n) assertEquals(begun, 1);
      }
      if (pool.size === 1) {
        const order = board.order.filter((place) => place !== 0);
        assertEquals(order, order.toSorted(), "not in order");
      }
      const { queued, running, done, failed } = pool.stats();
      assertEquals([queued, running, done + failed], [0, 0, TASKS]);
      const last = pool.submit("visit", [board.last, TASKS, 0, "returns"]);
      assertEquals(await waitFor(last, LIMIT), 0);
    } finally {
      await waitFor(pool.terminate(), LIMIT);
    }
    assertEquals(Thread.count, before, "threads are left");
  });
});

Deno.test("ThreadPool.map() is right or fails, whatever dies", async () => {
  await withSeed(ROUNDS, async (seed) => {
    const next = random(seed);
    const before = Thread.count;
    const pool = new ThreadPool({ size: 2, maxQueue: next(4) });
    try {
      for (let round = 0; round < (STRESS ? 10 : 4); round++) {
        const deadly = next(2) === 0 ? next(40) : -1;
        const items = Array.from(
          { length: 40 },
          (_, n) => n === deadly ? -1 : n,
        );
        const fn = (n: number) => n === -1 ? Deno.exit(0) : 3 * n;
        const mapped = pool.map(fn, items, { chunkSize: 1 + next(9) });
        const [end] = await waitFor(Promise.allSettled([mapped]), LIMIT);
        assertEquals(end.status, deadly === -1 ? "fulfilled" : "rejected");
        if (end.status === "rejected") {
          assertEquals(end.reason.name, "ThreadError");
        } else {
          assertEquals(end.value, items.map((n) => 3 * n));
        }
      }
    } finally {
      await waitFor(pool.terminate(), LIMIT);
    }
    assertEquals(Thread.count, before, "threads are left");
  });
});
