/**
 * Entry of the thread that notices the death of the others, and tries out
 * whether a thread can be killed; see `_host.ts`.
 *
 * Of a thread that is killed, its `exit` event and the release of its Web Lock
 * come when that is asked for: it may run on until it looks, and free what is
 * somebody else's by then. Its end of the line closes when nothing of it is left.
 *
 * ```
 *            line closes
 *  watched ─────────────────────────────────────────────► gone
 *     │ killed: its lock is released                        ▲
 *     └───► to end, or in a call of the system ─────────────┘
 *                                              line closes, or SYSTEM_MS
 * ```
 */
import { parentPort, Worker, workerData } from "node:worker_threads";
import { lockName, type Watched } from "./_job.ts";
import { addErrand, bury } from "./_mailbox.ts";
import { enterAs, type Registry, STATE } from "./_registry.ts";
import { hasWebLocks, onceReleased } from "./_web_lock.ts";

/**
 * After how long a thread that was killed counts as gone although it is in a call
 * of the system, in milliseconds: there it has nothing of ours in its hands.
 */
const SYSTEM_MS = 1000;

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
parentPort!.on("message", watch);
probe(table).then((works) => table.hardKill = works);

/** At the end of the process: of a kill, Deno would print something. */
function leave(): void {
  bury(table, id, STATE.ENDED);
  close();
}

/** One more to watch; it tells itself if it ends. */
function watch({ id, line }: Watched): void {
  line.on("message", () => {}); // without that, it would not close
  line.once("close", () => bury(table, id, STATE.DEAD));
}

/** Waits for the locks of those that have one. */
function watchAll(): void {
  for (const thread of table.alive()) {
    if (watched.has(thread) || !table.isWatchable(thread)) continue;
    watched.add(thread);
    onceReleased(lockName(table.uuid, thread), () => {
      watched.delete(thread);
      if (!table.isAlive(thread)) return;
      setTimeout(() => bury(table, thread, STATE.DEAD), SYSTEM_MS);
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
