/**
 * The threads of this process, in one table of shared memory.
 *
 * ```
 * header │ uuid ×4 │ last id │ changes │ hard kill │ last task │ watcher │ … │ requests
 * slot   │ id │ state │ mailbox │ flags │                    4 words, 4096 times
 * name   │ UTF-8, padded with NUL │                      48 octets, 4096 times
 * ```
 *
 * A slot: `FREE → CLAIMED → RUNNABLE → RUNNING ⇄ BLOCKED → ENDED | DEAD`. The
 * slot of a thread that ended is claimed again; that of one that died only when
 * there is no other, since a lock may still name it.
 *
 * Whoever waits, waits on the **mailbox** of its own thread and on nothing
 * else. So one word wakes a thread whatever it waits for, blocking or not, and
 * nobody can take a wake-up of somebody else. When a thread ends or dies,
 * `changes` grows and every mailbox is rung: each waiter looks again at what it
 * waits for, and repairs it if the dead had a part in it. A flag says when all
 * have been rung: until then, whoever sees the thread dead rings them.
 */

import { swap } from "./_words.ts";

/** What a thread does; the numbers are those of the table. */
export const STATE = {
  FREE: 0,
  RUNNABLE: 1,
  RUNNING: 2,
  BLOCKED: 3,
  ENDED: 4,
  DEAD: 5,
  CLAIMED: 6,
} as const;

const SLOTS = 4096;
const HEADER_WORDS = 16;
const SLOT_WORDS = 4;
const NAME_OCTETS = 48;
const NAMES = 4 * (HEADER_WORDS + SLOTS * SLOT_WORDS);

/** Words of the header. */
const UUID = 0;
const LAST_ID = 4;
const CHANGES = 5;
const HARD_KILL = 6;
const LAST_TASK = 7;
const WATCHER = 8;
const LAST_LOCK = 9;
const REQUESTS = 10;

/** Words of a slot. */
const ID = 0;
const STATE_OF = 1;
const MAILBOX = 2;
const FLAGS = 3;

/** Flags of a slot. */
const DAEMON = 1;
const TO_STOP = 2;
const HOLDS_LOCK = 4;
const TOLD = 8;

/** Highest identity: it fits into the word of a lock, beside its flags. */
export const MAX_ID = (1 << 26) - 1;

/** A thread's view of the table, and its own place there. */
export class Registry {
  readonly buffer: SharedArrayBuffer;
  /** Words of the table; a waiter needs them to name its mailbox. */
  readonly words: Int32Array;
  /** Identity of this thread. */
  readonly me: number;
  /** Index of the mailbox of this thread. */
  readonly mailbox: number;
  readonly #state: number;

  /**
   * Enters this thread into a table.
   *
   * @param buffer The table; by default a new one.
   * @param id Identity that was reserved for this thread; by default a new one.
   */
  constructor(buffer?: SharedArrayBuffer, id?: number) {
    this.buffer = buffer ?? newTable();
    this.words = new Int32Array(this.buffer);
    this.me = id ?? this.reserve(buffer ? undefined : "main", false);
    this.mailbox = this.mailboxOf(this.me);
    this.#state = slotOf(this.me) + STATE_OF;
    Atomics.store(this.words, this.#state, STATE.RUNNING);
  }

  /**
   * Claims a slot for a thread that is to start.
   *
   * @returns Its identity, unique in this process.
   * @throws {RangeError} If there is no slot left.
   */
  reserve(name: string | undefined, daemon: boolean): number {
    const { words } = this;
    for (let tries = 0; tries < 2 * SLOTS; tries++) {
      const id = 1 + Atomics.add(words, LAST_ID, 1) % MAX_ID;
      const slot = slotOf(id);
      const state = Atomics.load(words, slot + STATE_OF);
      if (isLive(state) || state === STATE.CLAIMED) continue;
      if (state === STATE.DEAD && tries < SLOTS) continue;
      if (!swap(words, slot + STATE_OF, state, STATE.CLAIMED)) continue;
      Atomics.store(words, slot + ID, id);
      Atomics.store(words, slot + FLAGS, daemon ? DAEMON : 0);
      this.#setName(id, name ?? `Thread-${id}`);
      Atomics.store(words, slot + STATE_OF, STATE.RUNNABLE);
      return id;
    }
    throw new RangeError(`Cannot start a thread: ${SLOTS} run already`);
  }

  /** Gives back a slot whose thread never started. */
  release(id: number): void {
    Atomics.store(this.words, slotOf(id) + STATE_OF, STATE.FREE);
  }

  /** What a thread does; `ENDED` if its slot has been used again since. */
  stateOf(id: number): number {
    const slot = slotOf(id);
    const state = Atomics.load(this.words, slot + STATE_OF);
    if (Atomics.load(this.words, slot + ID) === id) return state;
    return STATE.ENDED;
  }

  /** Whether a thread runs, or is to start. */
  isAlive(id: number): boolean {
    return isLive(this.stateOf(id));
  }

  /** Whether a thread died, rather than ended. */
  isDead(id: number): boolean {
    return this.stateOf(id) === STATE.DEAD;
  }

  /** Whether a thread is a daemon. */
  isDaemon(id: number): boolean {
    return this.#has(id, DAEMON);
  }

  /** Asks a thread to stop when it next waits. */
  requestStop(id: number): void {
    Atomics.or(this.words, slotOf(id) + FLAGS, TO_STOP);
  }

  /** Whether this thread was asked to stop. */
  get isToStop(): boolean {
    return this.#has(this.me, TO_STOP);
  }

  /** Notes that this thread holds a Web Lock for as long as it lives. */
  setWatchable(): void {
    Atomics.or(this.words, slotOf(this.me) + FLAGS, HOLDS_LOCK);
  }

  /** Whether the end, or kill, of a thread can be seen by its Web Lock. */
  isWatchable(id: number): boolean {
    return this.#has(id, HOLDS_LOCK);
  }

  /** Identity of the thread that watches the others, 0 if there is none. */
  get watcher(): number {
    return Atomics.load(this.words, WATCHER);
  }

  set watcher(id: number) {
    Atomics.store(this.words, WATCHER, id);
  }

  /** Name of a thread, cut to 48 octets. */
  nameOf(id: number): string {
    const octets = this.#nameOf(id).slice();
    const end = octets.indexOf(0);
    return new TextDecoder().decode(
      end < 0 ? octets : octets.subarray(0, end),
    );
  }

  /** Identities of the threads that run or are to start, oldest first. */
  alive(): number[] {
    const found: number[] = [];
    const used = Math.min(1 + Atomics.load(this.words, LAST_ID), SLOTS);
    const end = HEADER_WORDS + used * SLOT_WORDS;
    for (let slot = HEADER_WORDS; slot < end; slot += SLOT_WORDS) {
      const id = Atomics.load(this.words, slot + ID);
      if (id !== 0 && this.isAlive(id)) found.push(id);
    }
    return found.sort((a, b) => a - b);
  }

  /** Notes that this thread blocks, or goes on. */
  setBlocked(blocked: boolean): void {
    const [from, to] = blocked
      ? [STATE.RUNNING, STATE.BLOCKED]
      : [STATE.BLOCKED, STATE.RUNNING];
    swap(this.words, this.#state, from, to);
  }

  /**
   * Notes that a thread is gone.
   *
   * @returns Whether others have to be told.
   */
  setGone(id: number, state: typeof STATE.ENDED | typeof STATE.DEAD): boolean {
    const slot = slotOf(id);
    for (;;) {
      const was = this.stateOf(id);
      if (!isLive(was)) {
        return Atomics.load(this.words, slot + ID) === id &&
          !this.#has(id, TOLD);
      }
      if (swap(this.words, slot + STATE_OF, was, state)) return true;
    }
  }

  /** Notes that all others were told that a thread is gone. */
  setTold(id: number): void {
    Atomics.or(this.words, slotOf(id) + FLAGS, TOLD);
  }

  /** Grows whenever a thread ends or dies. */
  changes(): number {
    return Atomics.load(this.words, CHANGES);
  }

  /** Notes that a thread ended or died, for those who look for changes. */
  noteChange(): void {
    Atomics.add(this.words, CHANGES, 1);
  }

  /** Grows whenever a thread asks its host for something. */
  requests(): number {
    return Atomics.load(this.words, REQUESTS);
  }

  /** Notes that this thread has asked its host for something. */
  noteRequest(): void {
    Atomics.add(this.words, REQUESTS, 1);
  }

  /** A number that no other task of the process has had. */
  nextTask(): number {
    return 1 + (Atomics.add(this.words, LAST_TASK, 1) & 0x3fff_ffff);
  }

  /** A number that no other lock of the process has. */
  nextLock(): number {
    return 1 + Atomics.add(this.words, LAST_LOCK, 1);
  }

  /** Index of the mailbox of a thread. */
  mailboxOf(id: number): number {
    return slotOf(id) + MAILBOX;
  }

  /** Whether a thread that spins can be killed; `undefined` until probed. */
  get hardKill(): boolean | undefined {
    return [undefined, true, false][Atomics.load(this.words, HARD_KILL)];
  }

  set hardKill(works: boolean) {
    Atomics.store(this.words, HARD_KILL, works ? 1 : 2);
  }

  /** Tells tables apart: shared memory has no identity of its own. */
  get uuid(): string {
    return uuidOf(this.buffer);
  }

  #has(id: number, flag: number): boolean {
    return (Atomics.load(this.words, slotOf(id) + FLAGS) & flag) !== 0;
  }

  #nameOf(id: number): Uint8Array {
    const index = (slotOf(id) - HEADER_WORDS) / SLOT_WORDS;
    const start = NAMES + index * NAME_OCTETS;
    return new Uint8Array(this.buffer, start, NAME_OCTETS);
  }

  #setName(id: number, name: string): void {
    const octets = this.#nameOf(id).fill(0);
    new TextEncoder().encodeInto(name, octets);
  }
}

const known = new Map<string, Registry>();
let home: Registry | undefined;

/** The table of this thread: a new one, if it has none yet. */
export function registry(): Registry {
  return home ?? enter(new Registry());
}

/** The view of a table that came with something shared. */
export function registryOf(buffer: SharedArrayBuffer): Registry {
  return known.get(uuidOf(buffer)) ?? enter(new Registry(buffer));
}

/** Enters this thread under the identity that was reserved for it. */
export function enterAs(buffer: SharedArrayBuffer, id: number): Registry {
  return enter(new Registry(buffer, id));
}

/** Tells a table from others. */
export function uuidOf(buffer: SharedArrayBuffer): string {
  return new Int32Array(buffer, 4 * UUID, 4).join("-");
}

function enter(entered: Registry): Registry {
  known.set(entered.uuid, entered);
  home ??= entered;
  return entered;
}

function newTable(): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(NAMES + SLOTS * NAME_OCTETS);
  const uuid = crypto.getRandomValues(new Int32Array(4));
  new Int32Array(buffer).set(uuid, UUID);
  return buffer;
}

function slotOf(id: number): number {
  return HEADER_WORDS + (id & (SLOTS - 1)) * SLOT_WORDS;
}

function isLive(state: number): boolean {
  return state >= STATE.RUNNABLE && state <= STATE.BLOCKED;
}
