import { Lock } from "../../sync/lock.ts";
import { RLock } from "../../sync/rlock.ts";
import { RwLock } from "../../sync/rw_lock.ts";
import type { Semaphore } from "../../sync/semaphore.ts";
import type { Guard } from "../../sync/guard.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { spawn } from "../../sync/task.ts";
import { Thread } from "../../sync/thread.ts";
import type { WaitOptions } from "../../sync/wait_options.ts";
import { attempt, attemptSync } from "./_attempt.ts";
import {
  begin,
  BOARD,
  check,
  goesOn,
  isAlive,
  membersOf,
  type Plan,
  turn,
} from "./_plan.ts";
import { type Next, random } from "./_random.ts";

Thread.onUncaught = () => {}; // whoever joins it has it

/** What is entered and left. */
export type Door = Lock | RLock | Semaphore | RwLock;

/** Words of a board; sets of visitors are bits. */
export const DOOR = {
  /** Who is inside; with an RwLock, who writes. */
  INSIDE: BOARD.OWN,
  /** Who reads. */
  READING: BOARD.OWN + 1,
  /** Two counters, always the same but while somebody is inside. */
  FIRST: BOARD.OWN + 2,
  SECOND: BOARD.OWN + 3,
  /** How many may be inside. */
  LIMIT: BOARD.OWN + 4,
  /** How often somebody was inside, not counting readers. */
  VISITS: BOARD.OWN + 5,
  /** Who is about to enter, inside or about to leave. */
  BUSY: BOARD.OWN + 6,
} as const;

/** Visits, over and over, in random ways. */
export async function visit(
  door: Door,
  board: Int32Array,
  plan: Plan,
): Promise<void> {
  const { seed, first, tasks, times } = plan;
  begin(board, plan);
  const visitors = Array.from({ length: tasks || 1 }, (_, index) => {
    const visitor = new Visitor(door, board, first + index, seed + index);
    return spawn(() =>
      tasks === 0 ? visitor.runSync(times) : visitor.run(times)
    );
  });
  for (const visitor of visitors) await visitor.join();
}

/** One who visits. */
class Visitor {
  readonly #door: Door;
  readonly #board: Int32Array;
  readonly #bit: number;
  readonly #next: Next;

  constructor(door: Door, board: Int32Array, number: number, seed: number) {
    this.#door = door;
    this.#board = board;
    this.#bit = 1 << number;
    this.#next = random(seed);
  }

  runSync(times: number): void {
    for (let time = 0; time < times || goesOn(this.#board); time++) {
      const reads = this.#door instanceof RwLock && this.#next(4) > 0;
      this.#mark(DOOR.BUSY, true);
      const guard = this.#enterSync(reads);
      if (guard !== undefined) {
        this.#arrive(reads);
        if (this.#next(8) === 0) sleepSync(this.#next(100) / 100);
        this.#depart(reads);
        guard.release();
      }
      this.#mark(DOOR.BUSY, false);
    }
  }

  async run(times: number): Promise<void> {
    for (let time = 0; time < times || goesOn(this.#board); time++) {
      const reads = this.#door instanceof RwLock && this.#next(4) > 0;
      this.#mark(DOOR.BUSY, true);
      const guard = await this.#enter(reads);
      if (guard !== undefined) {
        this.#arrive(reads);
        if (this.#next(4) === 0) await Promise.resolve();
        if (this.#next(8) === 0) await turn();
        this.#depart(reads);
        guard.release();
      }
      this.#mark(DOOR.BUSY, false);
      if (this.#next(8) === 0) await turn();
      if (this.#next(16) === 0) sleepSync(this.#next(3)); // as one who is busy
    }
  }

  #enterSync(reads: boolean): Guard | undefined {
    const door = this.#door;
    const next = this.#next;
    const enter = (options?: { timeoutMs: number }) => {
      if (!(door instanceof RwLock)) return door.acquireSync(options);
      return reads ? door.readSync(options) : door.writeSync(options);
    };
    let guard: Guard | undefined;
    const way = next(4);
    if (way === 0) attemptSync(next, (options) => guard = enter(options));
    else if (way > 1) guard = enter();
    else if (!(door instanceof RwLock)) guard = door.tryAcquire();
    else guard = reads ? door.tryRead() : door.tryWrite();
    return guard && this.#again(guard);
  }

  async #enter(reads: boolean): Promise<Guard | undefined> {
    const door = this.#door;
    const next = this.#next;
    const enter = async (options?: WaitOptions) => {
      if (!(door instanceof RwLock)) return await door.acquire(options);
      return await (reads ? door.read(options) : door.write(options));
    };
    let guard: Guard | undefined;
    if (next(2) === 0) guard = await enter();
    else await attempt(next, async (options) => guard = await enter(options));
    return guard && this.#again(guard);
  }

  /** An RLock is entered twice now and then. */
  #again(guard: Guard): Guard {
    const door = this.#door;
    if (!(door instanceof RLock) || this.#next(2) === 0) return guard;
    const inner = door.tryAcquire();
    check(
      inner !== undefined && door.count === 2,
      "the RLock is not re-entered",
    );
    return {
      release() {
        inner!.release();
        guard.release();
      },
      [Symbol.dispose]() {},
    };
  }

  #arrive(reads: boolean): void {
    const door = this.#door;
    const board = this.#board;
    if (reads) {
      this.#mark(DOOR.READING, true);
      this.#bury(DOOR.INSIDE, Atomics.load(board, DOOR.INSIDE));
      check(this.#isSane(), "a reader sees what is half-changed");
      return;
    }
    Atomics.add(board, DOOR.VISITS, 1);
    const others = this.#mark(DOOR.INSIDE, true) & ~this.#bit;
    if (!isExclusive(door)) {
      const inside = membersOf(others).length + 1;
      const limit = Atomics.load(board, DOOR.LIMIT);
      check(inside <= limit, `${inside} are inside, not ${limit}`);
      return;
    }
    this.#bury(DOOR.INSIDE, others);
    this.#bury(DOOR.READING, Atomics.load(board, DOOR.READING));
    check(this.#isSane(), "what is protected is half-changed");
    if (door.ownerDied) {
      board[DOOR.SECOND] = board[DOOR.FIRST]!;
      door.markConsistent();
    }
    board[DOOR.FIRST]!++;
    board[DOOR.SECOND]!++;
  }

  #depart(reads: boolean): void {
    this.#mark(reads ? DOOR.READING : DOOR.INSIDE, false);
  }

  /** Whether the counters agree, or nobody says that they do. */
  #isSane(): boolean {
    const board = this.#board;
    const door = this.#door as Lock | RLock | RwLock;
    return board[DOOR.FIRST] === board[DOOR.SECOND] || door.ownerDied;
  }

  /** Takes the dead out; nobody else may be there. */
  #bury(word: number, visitors: number): void {
    if (visitors === 0) return;
    const door = this.#door as Lock | RLock | RwLock;
    for (const visitor of membersOf(visitors)) {
      const who = `visitor ${visitor}`;
      check(!isAlive(this.#board, visitor), `${who} is inside, too`);
      const isKnown = word === DOOR.READING || door.ownerDied;
      check(isKnown, `nobody said that ${who} died inside`);
    }
    Atomics.and(this.#board, word, ~visitors);
  }

  #mark(word: number, on: boolean): number {
    return on
      ? Atomics.or(this.#board, word, this.#bit)
      : Atomics.and(this.#board, word, ~this.#bit);
  }
}

/** Whether only one may be inside, but for readers. */
export function isExclusive(door: Door): door is Lock | RLock | RwLock {
  return door instanceof Lock || door instanceof RLock ||
    door instanceof RwLock;
}
