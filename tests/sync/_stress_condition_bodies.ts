import type { Condition } from "../../sync/condition.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { spawn } from "../../sync/task.ts";
import { Thread } from "../../sync/thread.ts";
import { attempt, attemptSync } from "./_attempt.ts";
import { begin, BOARD, check, goesOn, type Plan } from "./_plan.ts";
import { type Next, random } from "./_random.ts";

Thread.onUncaught = () => {}; // whoever joins it has it

/** Words of a board. */
export const NOTICE = {
  /** Not 0 once all are to end. */
  OVER: BOARD.OWN,
  /** Who waits and does not give up, as bits. */
  PATIENT: BOARD.OWN + 1,
  /** How many notifications there were. */
  GIVEN: BOARD.OWN + 2,
  /** How many waits were ended by them. */
  ENDED: BOARD.OWN + 3,
} as const;

/** Waits to be notified, over and over; some give up. */
export async function listen(
  condition: Condition,
  board: Int32Array,
  plan: Plan,
): Promise<void> {
  const { seed, first, tasks } = plan;
  begin(board, plan);
  const listeners = Array.from({ length: tasks || 1 }, (_, index) => {
    const listener = new Listener(
      condition,
      board,
      first + index,
      seed + index,
    );
    return spawn(() => tasks === 0 ? listener.runSync() : listener.run());
  });
  for (const listener of listeners) await listener.join();
}

/** One who waits. */
class Listener {
  readonly #condition: Condition;
  readonly #board: Int32Array;
  readonly #bit: number;
  readonly #next: Next;

  constructor(
    condition: Condition,
    board: Int32Array,
    member: number,
    seed: number,
  ) {
    this.#condition = condition;
    this.#board = board;
    this.#bit = 1 << member;
    this.#next = random(seed);
  }

  runSync(): void {
    const condition = this.#condition;
    for (;;) {
      using _held = condition.acquireSync();
      if (this.#isOver) return;
      let ended = true;
      if (this.#isPatient()) condition.waitSync();
      else {
        ended = attemptSync(this.#next, (limit) => condition.waitSync(limit));
      }
      this.#note(ended);
    }
  }

  async run(): Promise<void> {
    const condition = this.#condition;
    for (;;) {
      if (this.#next(4) === 0) sleepSync(this.#next(3)); // as one who is busy
      using _held = await condition.acquire();
      if (this.#isOver) return;
      let ended = true;
      if (this.#isPatient()) await condition.wait();
      else ended = await attempt(this.#next, (limit) => condition.wait(limit));
      this.#note(ended);
    }
  }

  get #isOver(): boolean {
    return Atomics.load(this.#board, NOTICE.OVER) !== 0 &&
      !goesOn(this.#board);
  }

  /** Whether it is not to give up this time. */
  #isPatient(): boolean {
    check(this.#condition.lock.owned, "the lock is not held before the wait");
    const isPatient = this.#next(2) === 0;
    if (isPatient) Atomics.or(this.#board, NOTICE.PATIENT, this.#bit);
    return isPatient;
  }

  /** The lock is held again: at most so many waits may have ended. */
  #note(ended: boolean): void {
    const { lock } = this.#condition;
    const board = this.#board;
    check(lock.owned, "the lock is not held after the wait");
    if (lock.ownerDied) lock.markConsistent();
    Atomics.and(board, NOTICE.PATIENT, ~this.#bit);
    if (!ended) return;
    const total = Atomics.add(board, NOTICE.ENDED, 1) + 1;
    const given = Atomics.load(board, NOTICE.GIVEN);
    check(total <= given, `${total} waits were ended by ${given}`);
  }
}
