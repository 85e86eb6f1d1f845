/*
 * `navigator.locks` of Deno: locks by name, for all threads.
 */
import { Gate } from "../../../bench/sync/gate.ts";
import { Thread } from "../../../sync/thread.ts";
import { perTurn, throughput } from "../measure.ts";
import type { LockReport } from "./table.ts";
import { locks } from "./web_locks_bodies.ts";

const nothing = () => {};

async function contend(threads: number) {
  const gate = new Gate(threads);
  const module = import.meta.resolve("./web_locks_bodies.ts");
  const total = new Int32Array(new SharedArrayBuffer(4));
  for (let place = 0; place < threads; place++) {
    Thread.start(module, "addLocked", [gate.words, place, total]);
  }
  await gate.full();
  return throughput(gate, threads);
}

const report: LockReport = {
  version: "",
  figures: {
    lockAsync: await perTurn(async (turns) => {
      for (let i = 0; i < turns; i++) {
        await locks.request("free", nothing);
      }
    }),
    contended2: await contend(2),
    contended4: await contend(4),
  },
};
console.log(JSON.stringify(report));
