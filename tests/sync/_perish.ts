import { type Label, setTrap } from "../../sync/_trap.ts";
import type { SharedValue } from "../../sync/shared_value.ts";
import { sleepSync } from "../../sync/sleep.ts";

/** Where a thread is to die: the nth time that it comes to a label. */
export interface Place {
  readonly label: Label;
  readonly nth: number;
}

/** How far a victim is; it goes from READY to GO by the test. */
export const STAGE = { READY: 1, GO: 2, STUCK: 3 } as const;

/** Something in the midst of which a thread is to die. */
export interface Act {
  readonly place: Place;
  readonly stage: SharedValue;
  readonly run: () => unknown;
}

/**
 * Has a thread die in the midst of several acts: where it is stuck in one it
 * begins the next, and never comes back. Nothing of it runs after the last. All
 * but the first must come to their places without a turn of the event loop.
 */
export function perish([act, ...others]: readonly Act[]): unknown {
  const { place, stage, run } = act!;
  let left = place.nth;
  setTrap((at) => {
    if (at !== place.label || --left > 0) return;
    if (others.length === 0) stop(stage);
    stage.set(STAGE.STUCK);
    perish(others);
    stop(stage); // the next has not come to its place
  });
  return run();
}

/** Nothing of this thread runs after that. */
export function stop(stage: SharedValue): never {
  setTrap(undefined);
  stage.set(STAGE.STUCK);
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** Waits for the sign to go on. */
export function ready(stage: SharedValue): void {
  stage.set(STAGE.READY);
  while (stage.get() !== STAGE.GO) sleepSync(1);
}
