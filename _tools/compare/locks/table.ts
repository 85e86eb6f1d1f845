import type { Report } from "../report.ts";
import type { Table } from "../table.ts";

/** Locks and threads. */
export const LOCKS = {
  title: "Locks and threads",
  note:
    `Lines with \`await\` let a thread go on while it waits, all others block
it. In brackets the time of the slowest thread as a multiple of that of the
fastest. A thread hands over by what is fastest there: two semaphores, a
condition, or two locks. In the last line no thread is used twice.`,
  folder: "locks",
  contenders: [
    { name: "Lockstep", file: "lockstep.ts", own: true },
    { name: "multithreading", file: "multithreading.ts", npm: true },
    { name: "async-mutex", file: "async_mutex.ts", npm: true },
    { name: "Web Locks", file: "web_locks.ts" },
    { name: "CPython threading", file: "cpython.py" },
  ],
  lines: {
    lockSync: { label: "Lock and unlock", unit: "ns", better: "less" },
    lockAsync: {
      label: "Lock and unlock, `await`",
      unit: "ns",
      better: "less",
    },
    semaphoreSync: {
      label: "Take and give a permit",
      unit: "ns",
      better: "less",
    },
    semaphoreAsync: {
      label: "Take and give a permit, `await`",
      unit: "ns",
      better: "less",
    },
    contended2: {
      label: "2 threads at one lock",
      unit: "million/s",
      better: "more",
    },
    contended4: {
      label: "4 threads at one lock",
      unit: "million/s",
      better: "more",
    },
    handOver: { label: "Hand over to a thread", unit: "µs", better: "less" },
    event: { label: "Set an event, wake up", unit: "µs", better: "less" },
    barrier2: { label: "Barrier, 2 threads", unit: "µs", better: "less" },
    barrier4: { label: "Barrier, 4 threads", unit: "µs", better: "less" },
    thread: { label: "Start and join a thread", unit: "ms", better: "less" },
  },
} as const satisfies Table;

/** What a contender for locks prints. */
export type LockReport = Report<keyof typeof LOCKS.lines>;
