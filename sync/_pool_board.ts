/**
 * What a pool and its threads know of each other, in shared memory.
 *
 * ```
 * ticket 0…65535   state: use of the ticket ‹15 │ place ‹3 │ QUEUED, RUNNING …
 *                  started: when it began, in milliseconds
 * place  0…4095    task: ticket that its thread has claimed last
 *                  ready: whether it was initialized
 *                  busy: how long it ran tasks, in milliseconds
 * ```
 *
 * A place is one thread; whoever replaces it has another. A task has a ticket
 * from its submission to its end. Each change is one compare-and-exchange, so one
 * side decides:
 *
 * ```
 *          claim (thread)            finish (thread)
 *  QUEUED ────────────────► RUNNING ─────────────────► DONE
 *     │                        │
 *     ▼ cancel (pool)          ▼ kill (pool)
 *   FREE                     KILLED: the thread never finishes
 * ```
 *
 * A thread claims a message while it holds the lock of the queue: if it dies in
 * between, the next finds a message that nobody can claim, and drops it. So no
 * task is lost, and none runs twice.
 */
import { swap } from "./_words.ts";

const FREE = 0;
const QUEUED = 1;
const RUNNING = 2;
const DONE = 3;
const KILLED = 4;
const STATE_MASK = 7;
const PLACE_SHIFT = 3;
const USE_SHIFT = 15;
const PLACE_MASK = 0xfff;

/** How many tasks may be submitted and not ended. */
export const TICKETS = 65_536;
const TICKET_BITS = 16;

/** How many threads a pool may have had before a place is used again. */
export const PLACES = 4096;

/** Octets of each part. */
const STARTED = 4 * TICKETS;
const TASKS = 2 * STARTED;
const READY = TASKS + 4 * PLACES;
const BUSY = READY + 4 * PLACES;
const OCTETS = BUSY + 8 * PLACES;

/** See the top of this file. A task is named by its tag: use and ticket. */
export class Board {
  readonly buffer: SharedArrayBuffer;
  readonly #states: Int32Array;
  readonly #started: Int32Array;
  readonly #tasks: Int32Array;
  readonly #ready: Int32Array;
  readonly #busy: Float64Array;

  constructor(buffer?: SharedArrayBuffer) {
    this.buffer = buffer ?? new SharedArrayBuffer(OCTETS);
    this.#states = new Int32Array(this.buffer, 0, TICKETS);
    this.#started = new Int32Array(this.buffer, STARTED, TICKETS);
    this.#tasks = new Int32Array(this.buffer, TASKS, PLACES);
    this.#ready = new Int32Array(this.buffer, READY, PLACES);
    this.#busy = new Float64Array(this.buffer, BUSY, PLACES);
  }

  /** Lets a task be claimed. */
  issue(tag: number): void {
    const ticket = ticketOf(tag);
    Atomics.store(this.#started, ticket, 0);
    Atomics.store(this.#states, ticket, stateOf(tag, 0, QUEUED));
  }

  /** The thread begins the task, unless it was cancelled. */
  claim(tag: number, place: number): boolean {
    const ticket = ticketOf(tag);
    this.#tasks[place] = ticket;
    const queued = stateOf(tag, 0, QUEUED);
    const running = stateOf(tag, place, RUNNING);
    if (!swap(this.#states, ticket, queued, running)) return false;
    Atomics.store(this.#started, ticket, Date.now() | 0);
    return true;
  }

  /** The thread has a result, unless it is to be killed. */
  finish(tag: number, place: number): boolean {
    const running = stateOf(tag, place, RUNNING);
    const done = stateOf(tag, place, DONE);
    return swap(this.#states, ticketOf(tag), running, done);
  }

  /** The thread is initialized. */
  setReady(place: number): void {
    Atomics.store(this.#ready, place, 1);
  }

  /** Whether a thread was initialized. */
  isReady(place: number): boolean {
    return Atomics.load(this.#ready, place) !== 0;
  }

  /** The thread notes how long it was busy. */
  addBusy(place: number, ms: number): void {
    this.#busy[place]! += ms;
  }

  /** How long a thread was busy, in milliseconds. */
  busyOf(place: number): number {
    return this.#busy[place]!;
  }

  /** Makes a place ready for a new thread. */
  clear(place: number): void {
    this.#busy[place] = 0;
    this.#tasks[place] = 0;
    this.#ready[place] = 0;
  }

  /** The pool lets a task never begin, if it has not. */
  cancel(tag: number): boolean {
    return swap(this.#states, ticketOf(tag), stateOf(tag, 0, QUEUED), FREE);
  }

  /**
   * The pool decides that the thread of a task is to be killed.
   *
   * @returns Its place; `undefined` if the task does not run (any more).
   */
  kill(tag: number): number | undefined {
    const ticket = ticketOf(tag);
    const state = Atomics.load(this.#states, ticket);
    if (!isRunning(state)) return undefined;
    const killed = state & ~STATE_MASK | KILLED;
    return swap(this.#states, ticket, state, killed)
      ? placeOf(state)
      : undefined;
  }

  /** How long a task has run, in milliseconds; `undefined` if it does not. */
  ranMs(tag: number): number | undefined {
    const ticket = ticketOf(tag);
    if (!isRunning(Atomics.load(this.#states, ticket))) return undefined;
    const started = Atomics.load(this.#started, ticket); // 0: in this moment
    return started === 0 ? 0 : (Date.now() - started) | 0;
  }

  /** The ticket of the task that a thread had when it died, if it had one. */
  taskOf(place: number): number | undefined {
    const ticket = this.#tasks[place]!;
    const state = Atomics.load(this.#states, ticket);
    const claimed = (state & STATE_MASK) >= RUNNING;
    return claimed && placeOf(state) === place ? ticket : undefined;
  }

  /** Whether a task runs. */
  isRunning(tag: number): boolean {
    return isRunning(Atomics.load(this.#states, ticketOf(tag)));
  }

  /** Takes a ticket back. */
  free(tag: number): void {
    Atomics.store(this.#states, ticketOf(tag), FREE);
  }
}

/**
 * The tag of a task.
 *
 * @param uses How often the ticket was used before.
 */
export function tagOf(ticket: number, uses: number): number {
  return (uses & 0xffff) << TICKET_BITS | ticket;
}

/** The ticket of a task. */
export function ticketOf(tag: number): number {
  return tag & (TICKETS - 1);
}

function stateOf(tag: number, place: number, state: number): number {
  return (tag >>> TICKET_BITS) << USE_SHIFT | place << PLACE_SHIFT | state;
}

function placeOf(state: number): number {
  return state >> PLACE_SHIFT & PLACE_MASK;
}

function isRunning(state: number): boolean {
  return (state & STATE_MASK) === RUNNING;
}
