/*
 * This package, by its fastest forms.
 */
import { crew } from "../../../bench/sync/crew.ts";
import config from "../../../deno.json" with { type: "json" };
import { Barrier } from "../../../sync/barrier.ts";
import { Event } from "../../../sync/event.ts";
import { hardKill } from "../../../sync/hard_kill.ts";
import { Lock } from "../../../sync/lock.ts";
import { Semaphore } from "../../../sync/semaphore.ts";
import { Thread } from "../../../sync/thread.ts";
import { duration, perHop, perTurn, throughput } from "../measure.ts";
import type { LockReport } from "./table.ts";

const nothing = () => {};
const startAndJoin = () => Thread.fromFunction(nothing, []).join();

await startAndJoin();
while (hardKill() === undefined) { // it spins to find that out
  await new Promise((resolve) => setTimeout(resolve, 1));
}

const lock = new Lock();
const semaphore = new Semaphore();

async function contend(threads: number) {
  const total = new Int32Array(new SharedArrayBuffer(4));
  const gate = await crew(threads, "addLocked", [new Lock(), total]);
  return throughput(gate, threads);
}

async function passing(
  body: "passPermits" | "passEvents",
  pair: readonly unknown[],
) {
  return perHop(await crew(2, body, [pair]), 2); // there and back
}

async function meeting(threads: number) {
  return perHop(await crew(threads, "meet", [new Barrier(threads)]), 1);
}

const report: LockReport = {
  version: config.version,
  figures: {
    lockSync: await perTurn((turns) => {
      for (let i = 0; i < turns; i++) lock.withLockSync(nothing);
    }),
    lockAsync: await perTurn(async (turns) => {
      for (let i = 0; i < turns; i++) {
        await lock.acquire();
        lock.release();
      }
    }),
    semaphoreSync: await perTurn((turns) => {
      for (let i = 0; i < turns; i++) {
        semaphore.acquireSync();
        semaphore.release();
      }
    }),
    semaphoreAsync: await perTurn(async (turns) => {
      for (let i = 0; i < turns; i++) {
        await semaphore.acquire();
        semaphore.release();
      }
    }),
    contended2: await contend(2),
    contended4: await contend(4),
    handOver: await passing("passPermits", [
      new Semaphore(0),
      new Semaphore(0),
    ]),
    event: await passing("passEvents", [new Event(), new Event()]),
    barrier2: await meeting(2),
    barrier4: await meeting(4),
    thread: await duration(startAndJoin),
  },
};
console.log(JSON.stringify(report));
