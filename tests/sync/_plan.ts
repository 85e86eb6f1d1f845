import { type Label, setTrap } from "../../sync/_trap.ts";
import { registry } from "../../sync/_registry.ts";

/** What one thread of a randomized test does. */
export interface Plan {
  readonly seed: number;
  /** Number of its first member. */
  readonly first: number;
  /** How many tasks it has; 0 if the thread itself acts, blocking. */
  readonly tasks: number;
  /** How often each of them acts, at least. */
  readonly times: number;
  /** Where the thread stops for ever, so that it can be killed there. */
  readonly stop?: { readonly label: Label; readonly nth: number } | undefined;
}

/** Words of a board, which all members share; a member is one bit. */
export const BOARD = {
  /** Members whose thread has stopped for ever. */
  STUCK: 0,
  /** Not 0 while nobody may end. */
  GOES_ON: 1,
  /** Identity of the thread of each member, 0 until it has begun. */
  THREADS: 2,
  /** What the test itself needs. */
  OWN: 34,
  WORDS: 64,
} as const;

/** Enters the members of this thread, and has it stop where it is to. */
export function begin(board: Int32Array, { first, tasks, stop }: Plan): void {
  const { me } = registry();
  for (let index = 0; index < (tasks || 1); index++) {
    Atomics.store(board, BOARD.THREADS + first + index, me);
  }
  if (stop === undefined) return;
  let left = stop.nth;
  setTrap((label) => {
    if (label !== stop.label || --left > 0) return;
    setTrap(undefined);
    Atomics.or(board, BOARD.STUCK, 1 << first);
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
}

/** Whether nobody may end. */
export function goesOn(board: Int32Array): boolean {
  return Atomics.load(board, BOARD.GOES_ON) !== 0;
}

/** Whether the thread of a member is alive. */
export function isAlive(board: Int32Array, member: number): boolean {
  return registry().isAlive(board[BOARD.THREADS + member]!);
}

/** The members that some bits stand for. */
export function membersOf(bits: number): number[] {
  return [...Array(32).keys()].filter((member) => bits & 1 << member);
}

/** Lets the event loop turn. */
export function turn(ms = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Fails if something does not hold that always has to. */
export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`Invariant broken: ${what}`);
}
