/**
 * Entry of the thread that notices the death of the others, and tries out
 * whether a thread can be killed; see `_host.ts`.
 */
import { Worker, workerData } from "node:worker_threads";
import { lockName } from "./_job.ts";
import { addErrand, bury } from "./_mailbox.ts";
import { enterAs, type Registry, STATE } from "./_registry.ts";
import { hasWebLocks, onceReleased } from "./_web_lock.ts";

/** How long the thread of the probe spins, if nothing stops it. */
const SPIN_MS = 3000;

/** It counts as stopped if it stood still at so many looks in a row. */
const STILL = 5;
const LOOKS = 50;
const LOOK_MS = 10;

const { threads, id } = workerData as {
  threads: SharedArrayBuffer;
  id: number;
};
const table = enterAs(threads, id);
const watched = new Set<number>();
setInterval(() => {}, 2 ** 30); // nothing else keeps this thread
addErrand(table, () => {
  if (table.isToStop) leave();
  watchAll();
});
watchAll();
probe(table).then((works) => table.hardKill = works);

/** At the end of the process: of a kill, Deno would print something. */
function leave(): void {
  bury(table, id, STATE.ENDED);
  close();
}

function watchAll(): void {
  for (const thread of table.alive()) {
    if (watched.has(thread) || !table.isWatchable(thread)) continue;
    watched.add(thread);
    onceReleased(lockName(table.uuid, thread), () => {
      bury(table, thread, STATE.DEAD); // unless it said itself that it ended
      watched.delete(thread);
    });
  }
}

/**
 * Kills a thread that spins, and looks whether it still counts. One that could
 * not be killed ends by itself.
 */
async function probe(table: Registry): Promise<boolean> {
  if (!hasWebLocks) return false;
  const counter = new Int32Array(new SharedArrayBuffer(4));
  // Spinning in the callback of the request would print its rejection.
  const source = `
    import { workerData } from "node:worker_threads";
    await new Promise((held) =>
      navigator.locks.request(workerData.name, () => {
        held();
        return new Promise(() => {});
      })
    );
    setTimeout(() => {
      const end = Date.now() + ${SPIN_MS};
      while (Date.now() < end) Atomics.add(workerData.counter, 0, 1);
    });`;
  const worker = new Worker(
    new URL(`data:text/javascript,${encodeURIComponent(source)}`),
    { workerData: { counter, name: lockName(table.uuid, 0) } },
  );
  worker.on("error", () => {});
  while (Atomics.load(counter, 0) === 0) await pause(5);
  worker.terminate();
  let still = 0;
  for (let looks = 0; looks < LOOKS && still < STILL; looks++) {
    const before = Atomics.load(counter, 0);
    await pause(LOOK_MS);
    still = Atomics.load(counter, 0) === before ? still + 1 : 0;
  }
  return still === STILL;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
