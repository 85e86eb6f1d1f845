import { assert, assertEquals } from "@std/assert";
import type { QueueOptions, Shareable } from "../../sync/queue.ts";
import { CLASSES } from "./_queue_ways.ts";
import { type Next, random, STRESS, withSeed } from "./_random.ts";

const STEPS = STRESS ? 50_000 : 700;

const OPTIONS: Readonly<Record<string, QueueOptions>> = {
  "without limits": {},
  "of 7 items": { maxSize: 7 },
  "of 2000 octets": { byteCapacity: 2000 },
};

/** A value of any kind, from very small to large. */
function valueOf(next: Next, most: number): Shareable {
  const octets = next(2 ** next(Math.log2(most)));
  switch (next(5)) {
    case 0:
      return next(2 ** 31);
    case 1:
      return String.fromCharCode(32 + next(90)).repeat(octets);
    case 2:
      return { n: next(100), list: [next(10), null, "ä", -0.5] };
    case 3:
      return new Map([[next(10), new Uint8Array(octets)]]);
    default:
      return new Uint8Array(octets).fill(next(256));
  }
}

for (const Class of CLASSES) {
  for (const [which, options] of Object.entries(OPTIONS)) {
    Deno.test(`${Class.name} ${which} behaves as a list does`, async () => {
      await withSeed(1, async (seed) => {
        const next = random(seed);
        const most = options.byteCapacity === undefined ? 20_000 : 1000;
        const queues = [new Class(options)];
        queues.push(Class.attach(queues[0]!.share()));
        const model: Shareable[] = [];
        let [puts, dones, tends] = [0, 0, 5];
        for (let step = 0; step < STEPS; step++) {
          const queue = queues[next(2)]!;
          if (next(100) === 0) tends = 2 + next(7); // to fill, or to empty
          if (next(10) < tends) {
            const value = valueOf(next, most);
            if (queue.tryPut(value)) {
              model.push(value);
              puts++;
            } else assert(isFull(model, options), "it refuses without need");
          } else {
            const last = Class.name === "LifoQueue";
            const expected = last ? model.pop() : model.shift();
            const got = next(20) === 0 && expected !== undefined
              ? await queue.get()
              : queue.tryGet();
            assertEquals(got, expected);
            if (expected !== undefined && next(2) === 0) {
              queue.taskDone();
              dones++;
            }
          }
          assertEquals(queue.size, model.length);
          assertEquals(queue.empty, model.length === 0);
          assertEquals(queue.unfinished, puts - dones);
          assertEquals(queue.full, model.length === options.maxSize);
          assertEquals(queue.ready, model.length > 0);
        }
      });
    });
  }
}

/** Whether there may be no room; of octets, only with more than nothing. */
function isFull(model: readonly unknown[], options: QueueOptions): boolean {
  const { maxSize, byteCapacity } = options;
  if (byteCapacity !== undefined) return model.length > 0;
  return model.length === maxSize;
}
