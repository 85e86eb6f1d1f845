/**
 * Two threads add to one number, each 100,000 times. To read, add one and write
 * are three steps, and another thread may come in between: additions get lost,
 * unless a lock makes the three one, or the number does by itself.
 *
 *     deno run --allow-read examples/sync_shared_value.ts
 */
import {
  Barrier,
  Lock,
  SharedArray,
  SharedValue,
  type Thread,
  threads,
} from "@lockstep/lockstep/sync";

const TIMES = 100_000;

/** Without a lock, others may write between `get` and `set`. */
export function add(start: Barrier, total: SharedValue, lock?: Lock): void {
  const step = () => total.set(total.get() + 1);
  start.waitSync(); // both begin together
  for (let i = 0; i < TIMES; i++) lock ? lock.withLockSync(step) : step();
}

/** One step by itself; each thread has a number of its own, too. */
export function addAtOnce(
  start: Barrier,
  total: SharedValue,
  own: SharedArray,
  index: number,
): void {
  start.waitSync();
  for (let i = 0; i < TIMES; i++) {
    total.add(1);
    own.add(index, 1);
  }
}

/** Starts two threads, and waits for both. */
async function two(start: (index: number) => Thread<void>): Promise<void> {
  const started = [0, 1].map(start);
  for (const thread of started) await thread.join();
}

if (import.meta.main) {
  const here = threads<typeof import("./sync_shared_value.ts")>(
    import.meta.url,
  );
  const start = new Barrier(2);
  const total = new SharedValue("i32", 0);

  const end = performance.now() + 10_000;
  do { // until a loss is seen: usually the first time
    total.set(0);
    await two(() => here.start("add", [start, total]));
  } while (total.get() === 2 * TIMES && performance.now() < end);
  console.log("without a lock, some were lost:", total.get() < 2 * TIMES);

  total.set(0);
  const lock = new Lock();
  await two(() => here.start("add", [start, total, lock]));
  console.log("with a lock:", total.get());

  total.set(0);
  const own = new SharedArray("i32", 2);
  await two((index) => here.start("addAtOnce", [start, total, own, index]));
  console.log("with add():", total.get(), "=", [...own].join(" + "));
}
