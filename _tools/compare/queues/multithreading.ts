/*
 * Channels of multithreading, which carry JSON; 256 messages are faster than the
 * 32 of the default, and 4096 fail.
 */
import { perHop, perSecond } from "../measure.ts";
import { measured, multithreading, VERSION } from "../multithreading.ts";
import type { QueueReport } from "./table.ts";
import type { Cargo } from "./traffic.ts";

const BODIES = import.meta.resolve("./multithreading_bodies.ts");

function move(cargo: Cargo, unit: number) {
  const args = multithreading.channel(256).map((end) => [cargo, end]);
  return measured(BODIES, "move", args, (gate) => perSecond(gate, unit));
}

function turn(body: "turn" | "turnAsync") {
  const [to, there] = multithreading.channel();
  const [back, from] = multithreading.channel();
  const args = [[to, from], [back, there]];
  return measured(BODIES, body, args, (gate) => perHop(gate, 1));
}

const report: QueueReport = {
  version: VERSION,
  figures: {
    integers: await move("integers", 1e6),
    objects: await move("objects", 1e6),
    turnSync: await turn("turn"),
    turnAsync: await turn("turnAsync"),
  },
};
console.log(JSON.stringify(report));
Deno.exit(); // its workers would go on for ever
