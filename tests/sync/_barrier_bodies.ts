import { Barrier } from "../../sync/barrier.ts";
import type { Event } from "../../sync/event.ts";
import type { SharedArray } from "../../sync/shared_array.ts";
import type { SharedValue } from "../../sync/shared_value.ts";

/** So that a test that fails does not hang. */
const LIMIT = { timeoutMs: 10_000 };

/** How a wait ended. */
export interface Ended {
  /** In which place it arrived, or the name of the error. */
  readonly how: number | string;
  /** Name of the cause of that. */
  readonly cause?: string;
}

/** Waits once, blocking. */
export function wait(barrier: Barrier, timeoutMs?: number): Ended {
  try {
    return { how: barrier.waitSync(timeoutMs ? { timeoutMs } : {}) };
  } catch (error) {
    return endedBy(error);
  }
}

/** As `wait`, but does not block. */
export async function waitInTask(
  barrier: Barrier,
  timeoutMs?: number,
): Promise<Ended> {
  try {
    return { how: await barrier.wait(timeoutMs ? { timeoutMs } : {}) };
  } catch (error) {
    return endedBy(error);
  }
}

/** Passes once for each number of `arrived`, blocking. */
export function pass(barrier: Barrier, arrived: SharedArray): Rounds {
  const rounds: Rounds = { places: [], early: 0 };
  for (let round = 0; round < arrived.length; round++) {
    arrived.add(round, 1);
    rounds.places.push(barrier.waitSync(LIMIT));
    if (arrived.get(round) !== barrier.parties) rounds.early++;
  }
  return rounds;
}

/** As `pass`, but does not block. */
export async function passInTask(
  barrier: Barrier,
  arrived: SharedArray,
): Promise<Rounds> {
  const rounds: Rounds = { places: [], early: 0 };
  for (let round = 0; round < arrived.length; round++) {
    arrived.add(round, 1);
    rounds.places.push(await barrier.wait(LIMIT));
    if (arrived.get(round) !== barrier.parties) rounds.early++;
  }
  return rounds;
}

/** What came of all rounds of one party. */
export interface Rounds {
  /** In which place it arrived. */
  readonly places: number[];
  /** How often it passed before all had arrived. */
  early: number;
}

/**
 * Passes with an action that counts.
 *
 * @returns How often the count was wrong when this party passed.
 */
export function passWithAction(
  shared: Barrier,
  groups: SharedValue,
  rounds: number,
): number {
  const action = () => void groups.add(1);
  const barrier = Barrier.attach(shared.share(), { action });
  let wrong = 0;
  for (let round = 1; round <= rounds; round++) {
    barrier.waitSync(LIMIT);
    // The next group cannot be complete without this party.
    if (groups.get() !== round) wrong++;
  }
  return wrong;
}

/** Waits once with an action that throws. */
export function waitWithFailingAction(shared: Barrier): Ended {
  const action = () => {
    throw new RangeError("not today");
  };
  return wait(Barrier.attach(shared.share(), { action }), 10_000);
}

/** Waits once with an action that takes until told. */
export function waitWithSlowAction(
  shared: Barrier,
  acting: Event,
  leave: Event,
): Ended {
  const action = () => {
    acting.set();
    leave.waitSync(LIMIT);
  };
  return wait(Barrier.attach(shared.share(), { action }), 10_000);
}

/** Makes it whole, or breaks it. */
export function change(barrier: Barrier, how: "abort" | "reset"): void {
  barrier[how]();
}

function endedBy(error: unknown): Ended {
  const { name, cause } = error as Error;
  return cause === undefined
    ? { how: name }
    : { how: name, cause: (cause as Error).name };
}
