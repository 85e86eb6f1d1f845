/*
 * Two web workers of Deno and a MessageChannel, which holds up nobody who sends.
 * An array is copied, which is faster than to transfer a copy.
 */
import { Gate } from "../../../bench/sync/gate.ts";
import { perHop, perSecond } from "../measure.ts";
import type { QueueReport } from "./table.ts";
import type { Cargo } from "./traffic.ts";

async function measured<T>(
  what: Cargo | "turn",
  measure: (gate: Gate) => T,
): Promise<T> {
  const gate = new Gate(2);
  const { port1, port2 } = new MessageChannel();
  const workers = [port1, port2].map((port, place) => {
    const url = import.meta.resolve("./post_message_worker.ts");
    const worker = new Worker(url, { type: "module" });
    worker.postMessage({ gate: gate.words, place, what, port }, [port]);
    return worker;
  });
  await gate.full();
  const result = measure(gate);
  for (const worker of workers) worker.terminate();
  return result;
}

function move(cargo: Cargo, unit: number) {
  return measured(cargo, (gate) => perSecond(gate, unit));
}

const report: QueueReport = {
  version: "",
  figures: {
    integers: await move("integers", 1e6),
    objects: await move("objects", 1e6),
    bytes: await move("bytes", 1e6 / 1024),
    turnAsync: await measured("turn", (gate) => perHop(gate, 1)),
  },
};
console.log(JSON.stringify(report));
Deno.exit();
