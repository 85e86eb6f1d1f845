import type { Barrier } from "../../sync/barrier.ts";
import { BrokenBarrierError } from "../../sync/broken_barrier.ts";
import type { Event } from "../../sync/event.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { Thread } from "../../sync/thread.ts";
import { attempt, attemptSync } from "./_attempt.ts";
import { begin, BOARD, check, goesOn, type Plan, turn } from "./_plan.ts";
import { type Next, random } from "./_random.ts";

export * from "./_stress_condition_bodies.ts";

Thread.onUncaught = () => {}; // whoever joins it has it

/** Words of a board. */
export const GROUP = {
  /** Not 0 once all are to end. */
  OVER: BOARD.OWN,
  /** Number of the round, if the main thread counts them. */
  ROUND: BOARD.OWN + 1,
  /** How often somebody passed. */
  PASSED: BOARD.OWN + 2,
  /** How often somebody arrived. */
  ARRIVED: BOARD.OWN + 3,
  /** The places that were given, in each of four rounds, as bits. */
  PLACES: BOARD.OWN + 4,
} as const;

/** Runs the members of a plan beside each other. */
async function run(
  board: Int32Array,
  plan: Plan,
  fn: (next: Next, blocks: boolean) => Promise<void>,
): Promise<void> {
  begin(board, plan);
  const members = Array.from(
    { length: plan.tasks || 1 },
    (_, index) => fn(random(plan.seed + index), plan.tasks === 0),
  );
  await Promise.all(members);
}

/** Waits for an event once in each round; may give up, and come again. */
export function pass(
  event: Event,
  board: Int32Array,
  plan: Plan,
  isPatient: boolean,
): Promise<void> {
  return run(board, plan, async (next, blocks) => {
    for (let round = 0; round < plan.times; round++) {
      while (Atomics.load(board, GROUP.ROUND) < round) {
        if (blocks) sleepSync(0.2);
        else await turn();
      }
      let passed = isPatient;
      if (isPatient && blocks) event.waitSync();
      else if (isPatient) await event.wait();
      while (!passed) {
        passed = blocks
          ? attemptSync(next, (limit) => event.waitSync(limit))
          : await attempt(next, (limit) => event.wait(limit));
      }
      Atomics.add(board, GROUP.PASSED, 1);
    }
  });
}

/** Waits for an event that is set and cleared at random, until all is over. */
export function passAnytime(
  event: Event,
  board: Int32Array,
  plan: Plan,
): Promise<void> {
  return run(board, plan, async (next, blocks) => {
    for (let time = 0; time < plan.times || goesOn(board); time++) {
      const isPatient = next(2) === 0;
      if (isPatient && blocks) event.waitSync();
      else if (isPatient) await event.wait();
      else if (blocks) attemptSync(next, (limit) => event.waitSync(limit));
      else await attempt(next, (limit) => event.wait(limit));
      Atomics.add(board, GROUP.PASSED, 1);
    }
  });
}

/** Meets the others in each round; nobody may be early, or in the same place. */
export function meet(
  barrier: Barrier,
  board: Int32Array,
  plan: Plan,
): Promise<void> {
  return run(board, plan, async (_next, blocks) => {
    const { parties } = barrier;
    for (let round = 0; round < plan.times; round++) {
      Atomics.add(board, GROUP.ARRIVED, 1);
      const place = blocks ? barrier.waitSync() : await barrier.wait();
      const arrived = Atomics.load(board, GROUP.ARRIVED);
      check(arrived >= parties * (round + 1), `one of ${arrived} is early`);
      check(place >= 0 && place < parties, `there is no place ${place}`);
      const places = GROUP.PLACES + round % 4;
      const given = Atomics.or(board, places, 1 << place);
      check(!(given & 1 << place), `two are in place ${place}`);
      if (place > 0) continue;
      Atomics.store(board, GROUP.PLACES + (round + 2) % 4, 0); // nobody is there
    }
  });
}

/** Meets others until all is over; who gives up breaks the barrier. */
export function meetAnytime(
  barrier: Barrier,
  board: Int32Array,
  plan: Plan,
): Promise<void> {
  return run(board, plan, async (next, blocks) => {
    while (Atomics.load(board, GROUP.OVER) === 0 || goesOn(board)) {
      const isPatient = next(4) > 0;
      try {
        if (isPatient && blocks) barrier.waitSync();
        else if (isPatient) await barrier.wait();
        else if (blocks) barrier.waitSync({ timeoutMs: next(300) / 100 });
        else await barrier.wait({ timeoutMs: next(3) });
        Atomics.add(board, GROUP.PASSED, 1);
      } catch (error) {
        if (!(error instanceof BrokenBarrierError)) throw error;
        if (next(2) === 0) barrier.reset();
        if (blocks) sleepSync(next(100) / 100);
        else await turn(next(2));
      }
    }
  });
}
