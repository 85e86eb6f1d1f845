/**
 * Many may read at a time, but who writes is alone: three readers are in at once,
 * the writer waits for all of them, and whoever comes later waits behind it.
 *
 *     deno run --allow-read examples/sync_rw_lock.ts
 */
import {
  Barrier,
  Event,
  RwLock,
  SharedArray,
  sleep,
  threads,
} from "@lockstep/lockstep/sync";

/** Reads both numbers, while others read, too. */
export function readTogether(
  lock: RwLock,
  pair: SharedArray,
  together: Barrier,
  leave: Event,
): string {
  using _reading = lock.readSync();
  together.waitSync(); // passes only with all three inside
  leave.waitSync();
  return [...pair].join(" and ");
}

/** Changes both numbers; nobody sees only one of them changed. */
export function write(lock: RwLock, pair: SharedArray): void {
  using _writing = lock.writeSync();
  pair.set(0, 1);
  pair.set(1, 1);
}

/** Reads when there is nobody else to wait for. */
export function read(lock: RwLock, pair: SharedArray): string {
  using _reading = lock.readSync();
  return [...pair].join(" and ");
}

if (import.meta.main) {
  const here = threads<typeof import("./sync_rw_lock.ts")>(import.meta.url);
  const [lock, pair] = [new RwLock(), new SharedArray("i32", 2)];
  const [together, leave] = [new Barrier(3), new Event()];

  const early = [1, 2, 3].map(() =>
    here.start("readTogether", [lock, pair, together, leave])
  );
  while (leave.waiting < 3) await sleep(1);
  console.log("readers at a time:", lock.readers);
  const fourth = lock.tryRead();
  console.log("one more may read:", fourth !== undefined);
  fourth?.release();

  const writer = here.start("write", [lock, pair]);
  while (!lock.writing) await sleep(1); // or is to
  const late = here.start("read", [lock, pair]);
  while (lock.waiting === 0) await sleep(1);
  console.log("a late reader waits:", lock.tryRead() === undefined);

  leave.set();
  for (const reader of early) console.log("early:", await reader.join());
  await writer.join();
  console.log("late:", await late.join());
}
