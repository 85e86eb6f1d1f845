/*
 * `ThreadPool` of this package.
 */
import config from "../../../deno.json" with { type: "json" };
import { hardKill } from "../../../sync/hard_kill.ts";
import { ThreadPool } from "../../../sync/thread_pool.ts";
import { abort, map, serial, stream } from "./race.ts";
import type { PoolReport } from "./table.ts";

const MODULE = import.meta.resolve("./bodies.ts");

const pool = (size: number) =>
  new ThreadPool<typeof import("./bodies.ts")>({ size, module: MODULE });

const two = pool(2);
const call = (n: number) => two.apply("increment", n);
const figures = {
  stream: await stream(call),
  callSync: await serial((n) => two.applySync("increment", n), true),
  callAsync: await serial(call),
  map: await map((items) => two.map("increment", items)),
};
await two.terminate();
while (hardKill() === undefined) { // it spins to find that out
  await new Promise((resolve) => setTimeout(resolve, 1));
}

const one = pool(1);
const aborted = await abort(
  (n) => one.apply("increment", n),
  (words, signal) => one.submit("loop", [words], { signal }),
);
await one.terminate();

const report: PoolReport = {
  version: config.version,
  figures: { ...figures, abort: aborted },
};
console.log(JSON.stringify(report));
