/*
 * Trivial tasks on two threads. The baseline are two workers that are sent a
 * message for each, in turns. Goals: 10,000 tasks one by one, 1000 of them at a
 * time, in 33 ms, which are 300,000 in a second; 1,000,000 calls by map() in 200
 * ms; and a task in an endless loop has left its core 50 ms after it was aborted.
 * The numbers decide how small a task may be, and when to use map().
 */
import { Thread } from "../../sync/thread.ts";
import { ThreadPool } from "../../sync/thread_pool.ts";
import { answer, rawWorker } from "./_raw_workers.ts";

const SIZE = 2;
const TASKS = 10_000;
const AT_A_TIME = 1_000;
const ITEMS = 1_000_000;
const COUNT = { n: 12, warmup: 6 };

const module = import.meta.resolve("./queue_bodies.ts");
type Bodies = typeof import("./queue_bodies.ts");
const pool = new ThreadPool<Bodies>({ size: SIZE, module });
await pool.map("increment", [1, 2, 3, 4], { chunkSize: 1 });

/** Runs all tasks, so many at a time. */
async function lanes(run: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < TASKS) await run(next++);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, lane));
}

/** Runs a task in one of the workers; answers come in the order of the calls. */
function rawPool(): (i: number) => Promise<unknown> {
  const members = Array.from({ length: SIZE }, () => {
    const worker = rawWorker(1);
    const waiting: ((value: unknown) => void)[] = [];
    worker.on("message", (value) => waiting.shift()!(value));
    worker.ref();
    return { worker, waiting };
  });
  return (i) => {
    const { worker, waiting } = members[i % SIZE]!;
    worker.postMessage(i);
    return new Promise((resolve) => waiting.push(resolve));
  };
}

const raw = rawPool();
const oneByOne = `${TASKS} tasks, ${AT_A_TIME} at a time`;
const apply = (i: number) => pool.apply("increment", i);
Deno.bench("postMessage()", {
  group: oneByOne,
  baseline: true,
  ...COUNT,
}, async () => await lanes(raw));
Deno.bench("ThreadPool.apply()", { group: oneByOne, ...COUNT }, async () => {
  await lanes(apply);
});

const single = rawWorker(1);
const turn = "one task after the other, 1000 times";
Deno.bench(
  "postMessage()",
  { group: turn, baseline: true, ...COUNT },
  async () => {
    for (let i = 0; i < 1_000; i++) {
      const answered = answer(single);
      single.postMessage(i);
      await answered;
    }
  },
);
Deno.bench("ThreadPool.apply()", { group: turn, ...COUNT }, async () => {
  for (let i = 0; i < 1_000; i++) await pool.apply("increment", i);
});
Deno.bench("ThreadPool.applySync()", { group: turn, ...COUNT }, () => {
  for (let i = 0; i < 1_000; i++) pool.applySync("increment", i);
});

const mapping = `${ITEMS} calls`;
const items = Array.from({ length: ITEMS }, (_, i) => i);
Deno.bench(
  "Array.map() here",
  { group: mapping, baseline: true, ...COUNT },
  () => {
    items.map((n) => n + 1);
  },
);
Deno.bench("ThreadPool.map()", { group: mapping, ...COUNT }, async () => {
  await pool.map("increment", items);
});

const ending = new ThreadPool<Bodies>({ size: 1, module, name: "Spinner" });
Deno.bench("ThreadPool.submit(), aborted", {
  group: "until an endless loop has left its core",
  n: 10,
  warmup: 1,
}, async (b) => {
  const running = new Int32Array(new SharedArrayBuffer(4));
  const abort = new AbortController();
  const { signal } = abort;
  const task = ending.submit("spin", [running], { signal }).catch(() => {});
  while (Atomics.load(running, 0) === 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const thread = Thread.all().find(({ name }) => name.startsWith("Spinner"))!;
  b.start();
  abort.abort();
  await thread.join().catch(() => {});
  b.end();
  await task;
});
