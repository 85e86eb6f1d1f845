/*
 * https://www.npmjs.com/package/workerpool: worker threads with a script of their
 * own; a function that is sent would be compiled for each task.
 */
import { fileURLToPath } from "node:url";
import { abort, serial, stream } from "./race.ts";
import type { PoolReport } from "./table.ts";
import { WORKERPOOL } from "./versions.ts";

/** What is used of the package. */
interface Workerpool {
  pool(script: string, options: object): WorkerpoolPeer;
}

interface WorkerpoolPeer {
  exec(
    name: string,
    args: unknown[],
  ): PromiseLike<number> & { cancel(): unknown };
}

const { default: workerpool }: { default: Workerpool } = await import(
  `npm:workerpool@${WORKERPOOL}`
);
const script = fileURLToPath(import.meta.resolve("./workerpool_worker.ts"));

function pool(threads: number) {
  return workerpool.pool(script, {
    minWorkers: threads,
    maxWorkers: threads,
    workerType: "thread",
  });
}

const two = pool(2);
const call = (n: number) => two.exec("increment", [n]);
const figures = { stream: await stream(call), callAsync: await serial(call) };

const one = pool(1);
const aborted = await abort(
  (n) => one.exec("increment", [n]),
  (words, signal) => {
    const task = one.exec("loop", [words]);
    signal.addEventListener("abort", () => task.cancel());
    return task;
  },
);

const report: PoolReport = {
  version: WORKERPOOL,
  figures: { ...figures, abort: aborted },
};
console.log(JSON.stringify(report));
Deno.exit(); // a thread that burns a core would go on
