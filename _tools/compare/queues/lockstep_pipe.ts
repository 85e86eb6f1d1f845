/*
 * `Pipe` of this package: one thread at each end.
 */
import config from "../../../deno.json" with { type: "json" };
import { Pipe } from "../../../sync/pipe.ts";
import { perHop, perSecond } from "../measure.ts";
import { pair } from "./pair.ts";
import type { QueueReport } from "./table.ts";
import type { Cargo } from "./traffic.ts";

const BODIES = import.meta.resolve("./lockstep_pipe_bodies.ts");

async function move(cargo: Cargo, unit: number) {
  const [a, b] = Pipe();
  const gate = await pair(BODIES, "move", [[cargo, a], [cargo, b]]);
  return perSecond(gate, unit);
}

async function turn(body: "turn" | "turnAsync") {
  const [a, b] = Pipe();
  return perHop(await pair(BODIES, body, [[a], [b]]), 1);
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
