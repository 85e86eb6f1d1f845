/**
 * Functions that lock call functions that lock, too. An `RLock` counts how often
 * its owner has acquired it, and is free after as many releases. To all others it
 * is a lock like any other.
 *
 *     deno run --allow-read examples/sync_rlock.ts
 */
import { Barrier, RLock, SharedValue, threads } from "@lockstep/lockstep/sync";

/** Safe by itself; answers how often the lock is held. */
function change(lock: RLock, total: SharedValue, by: number): number {
  using _held = lock.acquireSync();
  total.set(total.get() + by);
  return lock.count;
}

/** Both changes or none, for all others; with a `Lock` it would wait for ever. */
function exchange(lock: RLock, total: SharedValue): number {
  using _held = lock.acquireSync();
  change(lock, total, -2);
  return change(lock, total, 3);
}

/** Exchanges a thousand times, in a thread. */
export function work(start: Barrier, lock: RLock, total: SharedValue): number {
  start.waitSync();
  for (let i = 1; i < 1_000; i++) exchange(lock, total);
  return exchange(lock, total);
}

/** Tries to get in from outside, then to throw the owner out. */
export function intrude(lock: RLock): string {
  using held = lock.tryAcquire();
  if (held !== undefined) return "free";
  try {
    lock.release();
    return "released what others hold";
  } catch (error) {
    return `${error}`;
  }
}

if (import.meta.main) {
  const here = threads<typeof import("./sync_rlock.ts")>(import.meta.url);
  const [lock, total] = [new RLock(), new SharedValue("i32", 0)];

  const start = new Barrier(2);
  const two = [1, 2].map(() => here.start("work", [start, lock, total]));
  for (const thread of two) console.log("held inside:", await thread.join());
  console.log("total:", total.get());

  lock.acquireSync();
  lock.acquireSync();
  for (let count = lock.count; count >= 0; count--) {
    const seen = await here.start("intrude", [lock]).join();
    console.log(`count ${lock.count}, for others: ${seen}`);
    if (lock.owned) lock.release();
  }

  // Asynchronous functions of one thread exclude each other, too.
  const twice = (name: string) =>
    lock.withLock(async () => {
      console.log(`${name}, count ${lock.count}`);
      await lock.withLock(() => console.log(`${name}, count ${lock.count}`));
    });
  await Promise.all([twice("a"), twice("b")]);
}
