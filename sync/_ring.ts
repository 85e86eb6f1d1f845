/**
 * The messages of a `Queue`, first in, first out.
 *
 * ```
 *            HEAD                 TAIL
 *             ▼                    ▼
 *   ┌────────┬──────┬─────┬───────┬──────────┐
 *   │  free  │ head, octets │ …   │   free   │   CAPACITY octets, a power of 2
 *   └────────┴──────┴─────┴───────┴──────────┘
 * ```
 *
 * Positions only grow, in steps of 8 octets; where they are in the ring is their
 * remainder. A message may go round its end. HEAD is of those who get, TAIL of
 * those who put: each side has a lock of its own, and one store to its word is
 * what makes a message be there, or gone. The counts PUTS and GETS follow: NEXT_…
 * says before that what they will be, for whoever finds them behind.
 *
 * To grow, both locks are held: the upper half is new memory, those messages
 * move there whose positions say so, and then CAPACITY is doubled.
 */
import { HEAD_OCTETS, type Message, octetsOf, padded } from "./_message.ts";
import { copyIn, copyOut, growing, Octets, Scratch } from "./_octets.ts";
import type { Store } from "./_store.ts";

/** Words of a side; POSITION is its HEAD or TAIL, in steps of 8 octets. */
const POSITION = 0;
const COUNT = 1;
const NEXT_POSITION = 2;
const NEXT_COUNT = 3;
/** In steps of 8 octets; of those who put. */
const CAPACITY = 4;

/** How many words each side needs. */
export const SIDE_WORDS = 5;

const FIRST_OCTETS = 4096;
const MOST_OCTETS = 2 ** 30;
const STEP_BITS = 3;

/** Memory for the messages of a queue. */
export function ringMemory(): SharedArrayBuffer {
  return growing(FIRST_OCTETS, MOST_OCTETS);
}

/** See the top of this file. */
export class Ring implements Store {
  readonly #put: Int32Array;
  readonly #get: Int32Array;
  readonly #data: Octets;
  readonly #arrived = new Scratch();
  /**
   * What the position of the other side was at the last look, and that of this
   * side; while this one is the same, the other one cannot have gone round.
   */
  #head: number;
  #headSeenAt: number;
  #tail: number;
  #tailSeenAt: number;

  /**
   * @param put Words of those who put, at the beginning all 0.
   * @param get Words of those who get.
   */
  constructor(data: SharedArrayBuffer, put: Int32Array, get: Int32Array) {
    this.#data = new Octets(data);
    this.#put = put;
    this.#get = get;
    const none = FIRST_OCTETS >> STEP_BITS;
    Atomics.compareExchange(put, CAPACITY, 0, none);
    this.#head = this.#tailSeenAt = Atomics.load(get, POSITION);
    this.#tail = this.#headSeenAt = Atomics.load(put, POSITION);
  }

  get size(): number {
    const puts = Atomics.load(this.#put, COUNT);
    return Math.max(0, puts - Atomics.load(this.#get, COUNT) | 0);
  }

  get octets(): number {
    const tail = Atomics.load(this.#put, POSITION);
    return (tail - Atomics.load(this.#get, POSITION) | 0) << STEP_BITS;
  }

  get puts(): number {
    return Atomics.load(this.#put, COUNT);
  }

  isEmpty(): boolean {
    const head = this.#get[POSITION]!;
    const known = this.#tailSeenAt === head;
    if (known && (this.#tail - head | 0) > 0) return false;
    this.#tail = Atomics.load(this.#put, POSITION);
    this.#tailSeenAt = head;
    return this.#tail === head;
  }

  push(
    message: Message,
    _priority: number,
    alone: (fn: () => void) => void,
  ): void {
    const put = this.#put;
    const length = octetsOf(message.head);
    const steps = (HEAD_OCTETS + padded(length)) >> STEP_BITS;
    const tail = put[POSITION]!;
    let capacity = put[CAPACITY]!;
    const known = this.#headSeenAt === tail;
    if (!known || (tail - this.#head | 0) + steps > capacity) {
      this.#head = Atomics.load(this.#get, POSITION);
      if ((tail - this.#head | 0) + steps > capacity) {
        alone(() => this.#grow(steps));
        capacity = put[CAPACITY]!;
      }
    }
    const data = this.#data;
    data.see(capacity << STEP_BITS);
    const { words } = data;
    const at = (tail & capacity - 1) << STEP_BITS;
    words[at >> 2] = message.head;
    words[(at >> 2) + 1] = message.tag;
    if (length > 0) this.#write(message.octets, length, tail + 1, capacity);
    put[NEXT_POSITION] = tail + steps | 0;
    const count = put[COUNT]! + 1 | 0;
    put[NEXT_COUNT] = count;
    this.#headSeenAt = tail + steps | 0;
    Atomics.store(put, POSITION, tail + steps | 0);
    Atomics.store(put, COUNT, count);
  }

  pop(claim?: (message: Message) => void): Message {
    const get = this.#get;
    const data = this.#data;
    const capacity = this.#put[CAPACITY]!;
    data.see(capacity << STEP_BITS);
    const { words } = data;
    const first = get[POSITION]!;
    const at = (first & capacity - 1) << STEP_BITS;
    const head = words[at >> 2]!;
    const tag = words[(at >> 2) + 1]!;
    const length = octetsOf(head);
    if (length > 0) this.#read(length, first + 1, capacity);
    const message = { head, tag, octets: this.#arrived.octets };
    claim?.(message);
    const steps = (HEAD_OCTETS + padded(length)) >> STEP_BITS;
    get[NEXT_POSITION] = first + steps | 0;
    const count = get[COUNT]! + 1 | 0;
    get[NEXT_COUNT] = count;
    this.#tailSeenAt = first + steps | 0;
    Atomics.store(get, POSITION, first + steps | 0);
    Atomics.store(get, COUNT, count);
    return message;
  }

  mendPut(): void {
    mend(this.#put);
  }

  mendGet(): void {
    mend(this.#get);
  }

  #write(
    octets: Uint8Array,
    length: number,
    position: number,
    capacity: number,
  ): void {
    const at = (position & capacity - 1) << STEP_BITS;
    const piece = Math.min(length, (capacity << STEP_BITS) - at);
    copyIn(this.#data, at, octets, 0, piece);
    if (piece < length) copyIn(this.#data, 0, octets, piece, length - piece);
  }

  #read(length: number, position: number, capacity: number): void {
    const at = (position & capacity - 1) << STEP_BITS;
    const piece = Math.min(length, (capacity << STEP_BITS) - at);
    this.#arrived.reserve(length + 3);
    copyOut(this.#data, at, this.#arrived, 0, piece);
    if (piece < length) {
      copyOut(this.#data, 0, this.#arrived, piece, length - piece);
    }
  }

  /** Makes room for more; both sides stand still. */
  #grow(steps: number): void {
    const tail = this.#put[POSITION]!;
    const head = this.#get[POSITION]!;
    this.#head = head;
    while ((tail - head | 0) + steps > this.#put[CAPACITY]!) {
      const capacity = this.#put[CAPACITY]!;
      const octets = capacity << STEP_BITS;
      this.#data.grow(2 * octets);
      // In the old ring there are at most two pieces: up to its end, and from 0.
      for (let from = head; (from - tail | 0) < 0;) {
        const start = from & capacity - 1;
        const count = Math.min(capacity - start, tail - from | 0);
        if (from & capacity) {
          const at = start << STEP_BITS;
          this.#data.octets.copyWithin(
            octets + at,
            at,
            at + (count << STEP_BITS),
          );
        }
        from = from + count | 0;
      }
      Atomics.store(this.#put, CAPACITY, 2 * capacity);
    }
  }
}

/** Lets the count follow the position, if it stayed behind. */
function mend(side: Int32Array): void {
  if (side[POSITION] !== side[NEXT_POSITION]) return;
  Atomics.store(side, COUNT, side[NEXT_COUNT]!);
}
