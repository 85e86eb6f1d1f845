/*
 * `Queue` of this package, without a limit, as those of CPython.
 */
import config from "../../../deno.json" with { type: "json" };
import { Queue } from "../../../sync/queue.ts";
import { perHop, perSecond } from "../measure.ts";
import { pair } from "./pair.ts";
import type { QueueReport } from "./table.ts";
import type { Cargo } from "./traffic.ts";

const BODIES = import.meta.resolve("./lockstep_queue_bodies.ts");

async function move(cargo: Cargo, unit: number) {
  const args = [cargo, new Queue()];
  return perSecond(await pair(BODIES, "move", [args, args]), unit);
}

async function turn(body: "turn" | "turnAsync") {
  const args = [[new Queue(), new Queue()]];
  return perHop(await pair(BODIES, body, [args, args]), 1);
}

const report: QueueReport = {
  version: config.version,
  figures: {
    integers: await move("integers", 1e6),
    objects: await move("objects", 1e6),
    bytes: await move("bytes", 1e6 / 1024),
    turnSync: await turn("turn"),
    turnAsync: await turn("turnAsync"),
  },
};
console.log(JSON.stringify(report));
