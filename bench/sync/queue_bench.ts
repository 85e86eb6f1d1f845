/*
 * Items from one thread to another, 100,000 at a time. The baseline is
 * postMessage() to a worker. Goals: 5 million integers and 0.7 million small
 * objects in a second, which are 20 ms and 143 ms. The numbers decide whether
 * threads may exchange single items, or have to collect them.
 */
import { LifoQueue } from "../../sync/lifo_queue.ts";
import { PriorityQueue } from "../../sync/priority_queue.ts";
import { Queue } from "../../sync/queue.ts";
import { threads } from "../../sync/threads.ts";
import { answer, rawWorker } from "./_raw_workers.ts";

const TIMES = 100_000;
const COUNT = { n: 12, warmup: 4 };

const bodies = threads<typeof import("./queue_bodies.ts")>(
  import.meta.resolve("./queue_bodies.ts"),
);

function benchQueue(
  name: string,
  queue: Queue,
  group: string,
  itemOf: (i: number) => unknown,
): void {
  const done = new Queue<number>();
  bodies.start("consume", [queue, done, TIMES], { daemon: true });
  Deno.bench(name, { group, ...COUNT }, () => {
    for (let i = 0; i < TIMES; i++) queue.putSync(itemOf(i) as number);
    done.getSync();
  });
}

function benchMessages(group: string, itemOf: (i: number) => unknown): void {
  const worker = rawWorker(TIMES);
  const baseline = { group, baseline: true, ...COUNT };
  Deno.bench("postMessage()", baseline, async () => {
    const answered = answer(worker);
    for (let i = 0; i < TIMES; i++) worker.postMessage(itemOf(i));
    await answered;
  });
}

const integers = `${TIMES} integers to a thread`;
const integer = (i: number) => i;
benchMessages(integers, integer);
benchQueue("Queue", new Queue(), integers, integer);
benchQueue("Queue of 1000", new Queue({ maxSize: 1000 }), integers, integer);
benchQueue("LifoQueue", new LifoQueue(), integers, integer);
benchQueue("PriorityQueue", new PriorityQueue(), integers, integer);

const objects = `${TIMES} small objects to a thread`;
const object = (i: number) => ({ id: i, name: "Ann", ok: true });
benchMessages(objects, object);
benchQueue("Queue", new Queue(), objects, object);
