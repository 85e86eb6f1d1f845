import type { ServerCounts } from "../mux/server.ts";
import { SharedArray } from "../sync/shared_array.ts";

const NAMES = ["taken", "handled", "failed", "refused", "inFlight"] as const;

/** Memory for what a server counts. */
export function countsMemory(): SharedArray<"f64"> {
  return new SharedArray("f64", NAMES.length);
}

/** What a server counts, in memory that another thread reads. */
export function sharedCounts(memory: SharedArray<"f64">): ServerCounts {
  const counts = {} as ServerCounts;
  for (const [index, name] of NAMES.entries()) {
    Object.defineProperty(counts, name, {
      get: () => memory.get(index),
      set: (count: number) => memory.set(index, count),
      enumerable: true,
    });
  }
  return counts;
}
