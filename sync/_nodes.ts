/**
 * The waiters of one primitive: a table of nodes in its shared memory.
 *
 * ```
 * word 0      kind              which primitive this is
 *      1      tickets           order of arrival
 *      2      high              how many nodes were ever used
 *      3      crowd             waiters for whom there was no node
 *      4…15   the primitive's own state
 * node 0…63   status │ ticket │ since (ms) │ crowd
 * ```
 *
 * A node is one blocking waiter, or all asynchronous waiters that one thread
 * has on one object. Its status holds a state, whether it blocks, and the
 * identity of the thread, so that whoever finds the node of a dead thread can
 * free it. Each change is one compare-and-exchange:
 *
 * ```
 *            claim           publish            wake
 *    FREE ──────────► CLAIMED ─────► WAITING ─────────► WOKEN
 *     ▲                               │  ▲     publish    │
 *     │  taken, time over, aborted    │  └────────────────┤
 *     ├───────────────────────────────┘                   │
 *     └───────────────────────────────────────────────────┘ taken, dead
 * ```
 */
import { Crowd } from "./_crowd.ts";
import type { Registry } from "./_registry.ts";
import { swap } from "./_words.ts";

/** Which primitive it is. */
export const KIND = 0;

/** First word of a primitive's own state. */
export const OWN = 4;

/** Whether a node blocks its thread. */
export const BLOCKING = 4;
export const ASYNCHRONOUS = 0;

const TICKETS = 1;
const HIGH = 2;
const HEADER_WORDS = 16;
const NODES = 64;
const NODE_WORDS = 4;

/** Words of a node. */
const STATUS = 0;
const TICKET = 1;
const SINCE = 2;
const CROWD = 3;

/** States, the lowest two bits of a status; above them are kind and identity. */
const FREE = 0;
const CLAIMED = 1;
const WAITING = 2;
const WOKEN = 3;
const STATE_MASK = 3;
const ID_SHIFT = 3;

/** The primitives that have waiters; the index is their kind. */
const TYPES = [
  "",
  "Lock",
  "RLock",
  "Semaphore",
  "BoundedSemaphore",
  "Event",
  "Condition",
  "Barrier",
  "RwLock",
  "Queue",
  "LifoQueue",
  "PriorityQueue",
  "PipeEnd",
];

/** Words of a primitive; those behind them are its own, too. */
export const PRIMITIVE_WORDS: number = HEADER_WORDS + NODES * NODE_WORDS;

/** Memory of a primitive, all 0 but its kind, with room for more words. */
export function allocate(type: string, more = 0): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(4 * (PRIMITIVE_WORDS + more));
  new Int32Array(buffer)[KIND] = TYPES.indexOf(type);
  return buffer;
}

/** Class of a primitive, by what its first word holds. */
export function typeName(kind: number | undefined): string | undefined {
  return TYPES[kind ?? 0];
}

/** The nodes of one primitive. A node is the index of its first word, never 0. */
export class Nodes {
  readonly #words: Int32Array;
  readonly #registry: Registry;

  constructor(words: Int32Array, registry: Registry) {
    this.#words = words;
    this.#registry = registry;
  }

  /** Takes a node for this thread; 0 if there is none left. */
  claim(kind: typeof BLOCKING | typeof ASYNCHRONOUS): number {
    const words = this.#words;
    const claimed = this.#registry.me << ID_SHIFT | kind | CLAIMED;
    for (let index = 0; index < NODES; index++) {
      const node = nodeAt(index);
      if (!swap(words, node + STATUS, FREE, claimed)) continue;
      Atomics.store(words, node + CROWD, 0);
      this.renew(node);
      raise(words, HIGH, index + 1);
      return node;
    }
    return 0;
  }

  /** Puts a node of this thread to the end of the line. */
  renew(node: number): void {
    const ticket = Atomics.add(this.#words, TICKETS, 1);
    Atomics.store(this.#words, node + TICKET, ticket);
    Atomics.store(this.#words, node + SINCE, nowMs());
  }

  /** Notes when a node was claimed by its ticket, not by the clock. */
  stamp(node: number): void {
    Atomics.store(this.#words, node + SINCE, this.ticketOf(node));
  }

  /** Place of a node in the line. */
  ticketOf(node: number): number {
    return Atomics.load(this.#words, node + TICKET);
  }

  /** Shows a node of this thread to those who wake. */
  publish(node: number): void {
    const status = Atomics.load(this.#words, node + STATUS);
    Atomics.store(this.#words, node + STATUS, status & ~STATE_MASK | WAITING);
  }

  /** Whether a node is still to be woken. */
  isWaiting(node: number): boolean {
    return stateOf(Atomics.load(this.#words, node + STATUS)) === WAITING;
  }

  /** Takes back a node of this thread, unless it was woken. */
  cancel(node: number): boolean {
    const status = Atomics.load(this.#words, node + STATUS);
    return stateOf(status) === WAITING &&
      swap(this.#words, node + STATUS, status, FREE);
  }

  /** Takes back a node of this thread; answers whether it was woken. */
  free(node: number): boolean {
    return stateOf(Atomics.exchange(this.#words, node + STATUS, FREE)) ===
      WOKEN;
  }

  /**
   * Wakes a node.
   *
   * @param status Its status, if that must not have changed.
   * @returns Its thread, 0 if the node did not wait (any more).
   */
  wake(
    node: number,
    status = Atomics.load(this.#words, node + STATUS),
  ): number {
    if (stateOf(status) !== WAITING) return 0;
    const woken = status & ~STATE_MASK | WOKEN;
    if (!swap(this.#words, node + STATUS, status, woken)) return 0;
    return status >> ID_SHIFT;
  }

  /** Whether a node blocks its thread. */
  isBlocking(node: number): boolean {
    return (Atomics.load(this.#words, node + STATUS) & BLOCKING) !== 0;
  }

  /**
   * The first node to be woken, by tickets; 0 if there is none.
   *
   * @param after Only those behind this ticket.
   */
  firstWaiting(after?: number): number {
    return this.#first(STATE_MASK, WAITING, after);
  }

  /** The first node that blocks its thread, woken or not; 0 if there is none. */
  firstBlocking(): number {
    return this.#first(BLOCKING | WAITING, BLOCKING | WAITING);
  }

  /** The first node of tasks, woken or not; 0 if there is none. */
  firstLane(): number {
    return this.#first(BLOCKING | WAITING, WAITING);
  }

  /** How long ago a node was claimed, in whole milliseconds. */
  waitedMs(node: number): number {
    return (nowMs() - Atomics.load(this.#words, node + SINCE)) | 0;
  }

  /** All nodes that were ever used, in no particular order. */
  all(): number[] {
    const high = Atomics.load(this.#words, HIGH);
    return Array.from({ length: high }, (_, index) => nodeAt(index));
  }

  /** How many wait, a lane counting as many as its crowd. */
  count(): number {
    return this.#count(WAITING);
  }

  /** How many wait and were not woken, or notified. */
  countUnnotified(): number {
    return this.#count(STATE_MASK);
  }

  /** Those who share a node; node 0 are those who got none. */
  crowd(node: number): Crowd {
    return new Crowd(this.#words, node + CROWD);
  }

  /** Notes how many share a lane; for {@linkcode count} only. */
  setCrowd(node: number, size: number): void {
    Atomics.store(this.#words, node + CROWD, Math.min(size, 0x7fff) << 16);
  }

  /**
   * The first node with somebody who was not notified; 0 if there is none.
   *
   * @param before Only those that were claimed before this ticket.
   */
  firstUnnotified(before?: number): number {
    let first = 0;
    for (const node of this.all()) {
      const status = Atomics.load(this.#words, node + STATUS);
      if (stateOf(status) !== WAITING || !this.#isAlive(status)) continue;
      if (!(status & BLOCKING) && this.crowd(node).waiting === 0) continue;
      const came = Atomics.load(this.#words, node + SINCE);
      if (before !== undefined && (came - before | 0) >= 0) continue;
      if (first === 0 || this.#isAhead(node, first)) first = node;
    }
    return first;
  }

  /**
   * Notifies one waiter of a node: it, or one of its crowd. A lane goes to the
   * end of the line, so that threads take turns.
   *
   * @returns Its thread, 0 if nobody is left to notify.
   */
  notify(node: number): number {
    const status = Atomics.load(this.#words, node + STATUS);
    if (stateOf(status) !== WAITING) return 0;
    if (status & BLOCKING) {
      const next = Atomics.load(this.#words, TICKETS);
      Atomics.store(this.#words, node + SINCE, next); // see sweep()
      return this.wake(node, status);
    }
    if (!this.crowd(node).notify()) return 0;
    const ticket = Atomics.add(this.#words, TICKETS, 1);
    Atomics.store(this.#words, node + TICKET, ticket);
    // Freed meanwhile, as its thread is gone: then nobody was notified.
    const same = Atomics.load(this.#words, node + STATUS) === status;
    return same ? status >> ID_SHIFT : 0;
  }

  /**
   * Frees the nodes of threads that are gone.
   *
   * @returns An item for each of their waiters who was notified, and will never
   * know: whose tickets came before that, if it blocked.
   */
  sweep(): (number | undefined)[] {
    const lost: (number | undefined)[] = [];
    for (const node of this.all()) {
      const status = Atomics.load(this.#words, node + STATUS);
      if (status === FREE || this.#isAlive(status)) continue;
      const { notified } = this.crowd(node);
      const before = Atomics.load(this.#words, node + SINCE);
      if (!swap(this.#words, node + STATUS, status, FREE)) continue;
      if (!(status & BLOCKING)) lost.push(...Array(notified));
      else if (stateOf(status) === WOKEN) lost.push(before);
    }
    return lost;
  }

  /** The least ticket of those nodes whose status, masked, is what is wanted. */
  #first(mask: number, wanted: number, after?: number): number {
    const words = this.#words;
    for (;;) {
      const high = Atomics.load(words, HIGH);
      let first = 0;
      for (let index = 0; index < high; index++) {
        const node = nodeAt(index);
        const status = Atomics.load(words, node + STATUS);
        if ((status & mask) !== wanted) continue;
        if (after !== undefined && (words[node + TICKET]! - after | 0) <= 0) {
          continue;
        }
        if (first === 0 || this.#isAhead(node, first)) first = node;
      }
      if (first === 0) return 0;
      const status = Atomics.load(words, first + STATUS);
      if ((status & mask) !== wanted) continue; // changed meanwhile
      if (this.#isAlive(status)) return first;
      swap(words, first + STATUS, status, FREE);
    }
  }

  /** Counts nodes that are WAITING; those that are WOKEN by mask WAITING, too. */
  #count(mask: number): number {
    let count = this.crowd(0).waiting;
    for (const node of this.all()) {
      const status = Atomics.load(this.#words, node + STATUS);
      if ((status & mask) !== WAITING || !this.#isAlive(status)) continue;
      count += status & BLOCKING ? 1 : this.crowd(node).waiting;
    }
    return count;
  }

  #isAhead(node: number, other: number): boolean {
    const words = this.#words;
    return (words[node + TICKET]! - words[other + TICKET]! | 0) < 0;
  }

  #isAlive(status: number): boolean {
    return this.#registry.isAlive(status >> ID_SHIFT);
  }
}

function nodeAt(index: number): number {
  return HEADER_WORDS + index * NODE_WORDS;
}

function stateOf(status: number): number {
  return status & STATE_MASK;
}

/** The clock that all threads share, cut to 32 bits. */
function nowMs(): number {
  return Date.now() | 0;
}

/** Raises a word to at least a value. */
function raise(words: Int32Array, index: number, value: number): void {
  for (;;) {
    const was = Atomics.load(words, index);
    if (was >= value || swap(words, index, was, value)) return;
  }
}
