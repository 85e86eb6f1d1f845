/*
 * https://www.npmjs.com/package/ringbuf.js: a ring of numbers from one thread to
 * another, which does not wait.
 */
import { perSecond } from "../measure.ts";
import { pair } from "./pair.ts";
import { RingBuffer, VERSION } from "./ringbuf_bodies.ts";
import type { QueueReport } from "./table.ts";
import type { Cargo } from "./traffic.ts";

const BODIES = import.meta.resolve("./ringbuf_bodies.ts");

/** Of each ring, in octets. */
const CAPACITY = 1 << 18;

async function move(cargo: Cargo, unit: number) {
  const type = cargo === "integers" ? Int32Array : Uint8Array;
  const capacity = CAPACITY / type.BYTES_PER_ELEMENT;
  const args = [cargo, RingBuffer.getStorageForCapacity(capacity, type)];
  return perSecond(await pair(BODIES, "move", [args, args]), unit);
}

const report: QueueReport = {
  version: VERSION,
  figures: {
    integers: await move("integers", 1e6),
    objects: await move("objects", 1e6),
    bytes: await move("bytes", 1e6 / 1024),
  },
};
console.log(JSON.stringify(report));
