import type { Report } from "../report.ts";
import type { Table } from "../table.ts";

const CPUS = "--allow-sys=cpus";
const ATOMICS = "--allow-env=PISCINA_DISABLE_ATOMICS";

/** Pools of two threads. */
export const POOLS = {
  title: "Pools",
  note:
    `Two threads, or processes with multiprocessing, and a task that adds 1. One
after the other, the caller blocks, or goes on while it waits with \`await\`. A map
cuts its numbers into chunks; poolifier and ThreadPoolExecutor make a task of
each, and are given 10,000. Last, a pool of one thread whose task runs
\`for (;;);\`: how long after the abort it answers again. Who burns the core
leaves that thread running; CPython cannot abort a task.`,
  folder: "pools",
  contenders: [
    { name: "Lockstep", file: "lockstep.ts", own: true },
    {
      name: "piscina",
      file: "piscina.ts",
      npm: true,
      permissions: [`${ATOMICS},PISCINA_ENABLE_ASYNC_ATOMICS`],
    },
    {
      name: "tinypool",
      file: "tinypool.ts",
      npm: true,
      permissions: [ATOMICS],
    },
    {
      name: "workerpool",
      file: "workerpool.ts",
      npm: true,
      permissions: [CPUS],
    },
    { name: "poolifier", file: "poolifier.ts", npm: true, permissions: [CPUS] },
    {
      name: "poolifier-web-worker",
      file: "poolifier_web_worker.ts",
      npm: true,
      permissions: ["--allow-env=ENVIRONMENT", CPUS],
    },
    { name: "CPython multiprocessing.Pool", file: "cpython_processes.py" },
    { name: "CPython ThreadPoolExecutor", file: "cpython_threads.py" },
  ],
  lines: {
    stream: {
      label: "Tasks, 1000 at a time",
      unit: "thousand/s",
      better: "more",
    },
    callSync: { label: "One after the other", unit: "µs", better: "less" },
    callAsync: {
      label: "One after the other, `await`",
      unit: "µs",
      better: "less",
    },
    map: {
      label: "Map of a million integers",
      unit: "million/s",
      better: "more",
    },
    abort: { label: "Abort a task that loops", unit: "ms", better: "less" },
  },
} as const satisfies Table;

/** What a contender for pools prints. */
export type PoolReport = Report<keyof typeof POOLS.lines>;
