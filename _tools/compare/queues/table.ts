import type { Report } from "../report.ts";
import type { Table } from "../table.ts";

/** Queues from one thread to another. */
export const QUEUES = {
  title: "Queues",
  note: `From one thread to another, each message by a call of its own. A small
object is \`{ id: 1, name: "Ann", ok: true }\`. There and back is an integer that
a second queue returns, between threads that block, or go on while they wait with
\`await\`. ringbuf.js knows no waiting: both threads spin, and its users send
objects as JSON. multithreading sends nothing but JSON. Threads of CPython copy
nothing, processes do.`,
  folder: "queues",
  contenders: [
    { name: "Lockstep Queue", file: "lockstep_queue.ts", own: true },
    { name: "Lockstep Pipe", file: "lockstep_pipe.ts", own: true },
    { name: "ringbuf.js", file: "ringbuf.ts", npm: true },
    { name: "postMessage()", file: "post_message.ts" },
    { name: "multithreading", file: "multithreading.ts", npm: true },
    { name: "CPython queue.Queue", file: "cpython_queue.py" },
    { name: "CPython queue.SimpleQueue", file: "cpython_simple_queue.py" },
    { name: "CPython multiprocessing.Pipe", file: "cpython_pipe.py" },
  ],
  lines: {
    integers: { label: "Integers", unit: "million/s", better: "more" },
    objects: { label: "Small objects", unit: "million/s", better: "more" },
    bytes: { label: "Arrays of 1 KiB", unit: "MB/s", better: "more" },
    turnSync: { label: "There and back", unit: "µs", better: "less" },
    turnAsync: {
      label: "There and back, `await`",
      unit: "µs",
      better: "less",
    },
  },
} as const satisfies Table;

/** What a contender for queues prints. */
export type QueueReport = Report<keyof typeof QUEUES.lines>;
