import { sleepSync } from "../../sync/sleep.ts";
import { setTrap } from "../../sync/_trap.ts";

/** Steps of `tellLate()`, in a word that both sides see. */
export const STEP = { begun: 0, seen: 1, goOn: 2 } as const;

/**
 * Its result lies there, but nobody is told of it before the step is `goOn`: then
 * its thread takes the mark away, and rings.
 */
export function tellLate(step: Int32Array): void {
  setTrap((label) => {
    if (label !== "seen") return;
    setTrap(undefined);
    Atomics.store(step, 0, STEP.seen);
    Atomics.wait(step, 0, STEP.seen, 10_000);
  });
  slow();
}

/** Takes longer than anybody looks for its result. */
export function slow(): string {
  sleepSync(20);
  return "done";
}
