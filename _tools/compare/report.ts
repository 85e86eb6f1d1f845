/** What is compared: an operation, in a unit, where less or more is better. */
export interface Line {
  readonly label: string;
  readonly unit: string;
  readonly better: "less" | "more";
}

/** The lines of the table, in order. */
export const LINES = {
  lockSync: { label: "Lock and unlock", unit: "ns", better: "less" },
  lockAsync: { label: "Lock and unlock, `await`", unit: "ns", better: "less" },
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
} as const satisfies Record<string, Line>;

/** Name of a line. */
export type LineId = keyof typeof LINES;

/** What was measured. */
export interface Figure {
  /** In the unit of its line. */
  readonly value: number;
  /** Time of the slowest thread, as a multiple of that of the fastest. */
  readonly spread?: number;
}

/** What each contender prints, as JSON. */
export interface Report {
  /** Which version was measured. */
  readonly version: string;
  readonly figures: { readonly [K in LineId]?: Figure };
}
