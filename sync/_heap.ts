/**
 * The messages of a `PriorityQueue` or a `LifoQueue`.
 *
 * ```
 *  space   ┌───────────────────────────────┬─────────┬──────── ─ ─
 *          │ head, tag │ priority │ turn │ live │ octets  │ next …      TAIL
 *          └───────────────────────────────┴─────────┴──────── ─ ─
 *  index   │ priority, turn, where │ …     a binary heap, the next message first
 * ```
 *
 * There is one lock. What a message is, stands in the space: it is there once
 * TAIL is behind it, and gone once it is not live any more; each is one store.
 * The index can always be made again from that, and is, when a thread has died
 * with the lock.
 *
 * Messages leave holes. A space that is full is left for the other one, without
 * its holes, if that makes it half empty; otherwise it grows.
 */
import { HEAD_OCTETS, type Message, octetsOf, padded } from "./_message.ts";
import { copyIn, copyOut, growing, Octets, Scratch } from "./_octets.ts";
import type { Store } from "./_store.ts";

/** Words of the queue. */
const PUTS = 0;
const NEXT_PUTS = 1;
const NEXT_TAIL = 2;
const SPACE = 3;
const TAILS = 4; // two: one of each space
const SIZE = 6;
const USED = 7;

/** Words of a message in its space, and what comes before its octets. */
const HEAD = 0;
const TAG = 1;
const PRIORITY = 2; // two words
const TURN = 4;
const LIVE = 5;
const RECORD_OCTETS = 24;

/** Words of an entry of the index. */
const ENTRY_OCTETS = 16;
const ENTRY_TURN = 2;
const ENTRY_AT = 3;

const FIRST_OCTETS = 4096;
const MOST_OCTETS = 2 ** 30;
const NOWHERE = -1;

/** Memory for the messages of a queue. */
export function heapMemory(): SharedArrayBuffer[] {
  return Array.from(
    { length: 3 },
    () => growing(FIRST_OCTETS, MOST_OCTETS),
  );
}

/** See the top of this file. */
export class Heap implements Store {
  readonly #state: Int32Array;
  readonly #spaces: readonly Octets[];
  readonly #index: Octets;
  readonly #lastFirst: boolean;
  readonly #arrived = new Scratch();

  /**
   * @param state Words of the queue, at the beginning all 0.
   * @param lastFirst Whether of equals the last is first.
   */
  constructor(
    [one, other, index]: readonly SharedArrayBuffer[],
    state: Int32Array,
    lastFirst: boolean,
  ) {
    this.#spaces = [new Octets(one!), new Octets(other!)];
    this.#index = new Octets(index!);
    this.#state = state;
    this.#lastFirst = lastFirst;
  }

  get size(): number {
    return Atomics.load(this.#state, SIZE);
  }

  get octets(): number {
    const records = this.size * (RECORD_OCTETS - HEAD_OCTETS);
    return Math.max(0, Atomics.load(this.#state, USED) - records);
  }

  get puts(): number {
    return Atomics.load(this.#state, PUTS);
  }

  isEmpty(): boolean {
    return this.#state[SIZE] === 0;
  }

  push(message: Message, priority: number): void {
    const state = this.#state;
    const length = octetsOf(message.head);
    const total = RECORD_OCTETS + padded(length);
    this.#index.grow(pow2((state[SIZE]! + 1) * ENTRY_OCTETS));
    this.#makeRoom(total);
    const data = this.#space;
    const at = state[TAILS + state[SPACE]!]!;
    const turn = state[PUTS]! + 1 | 0;
    const { words } = data;
    const record = at >> 2;
    words[record + HEAD] = message.head;
    words[record + TAG] = message.tag;
    data.doubles[(record + PRIORITY) >> 1] = priority;
    words[record + TURN] = turn;
    words[record + LIVE] = 1;
    if (length > 0) {
      copyIn(data, at + RECORD_OCTETS, message.octets, 0, length);
    }
    state[NEXT_TAIL] = at + total;
    state[NEXT_PUTS] = turn;
    Atomics.store(state, TAILS + state[SPACE]!, at + total);
    Atomics.store(state, PUTS, turn);
    state[USED] = state[USED]! + total;
    this.#rise(state[SIZE]!, priority, turn, at);
    Atomics.store(state, SIZE, state[SIZE]! + 1);
  }

  pop(claim?: (message: Message) => void): Message {
    const state = this.#state;
    const size = state[SIZE]! - 1;
    this.#index.see((size + 1) * ENTRY_OCTETS);
    const at = this.#index.words[ENTRY_AT]!;
    const tail = state[TAILS + state[SPACE]!]!;
    const data = this.#space;
    data.see(tail);
    const { words } = data;
    const record = at >> 2;
    const head = words[record + HEAD]!;
    const tag = words[record + TAG]!;
    const length = octetsOf(head);
    this.#arrived.reserve(length + 3);
    copyOut(data, at + RECORD_OCTETS, this.#arrived, 0, length);
    const message = { head, tag, octets: this.#arrived.octets };
    claim?.(message);
    Atomics.store(words, record + LIVE, 0);
    const total = RECORD_OCTETS + padded(length);
    state[USED] = state[USED]! - total;
    if (size > 0) this.#sink(size);
    Atomics.store(state, SIZE, size);
    if (size === 0) this.#setTail(0);
    else if (at + total === tail) this.#setTail(at);
    return message;
  }

  mendPut(): void {
    const state = this.#state;
    if (state[TAILS + state[SPACE]!] === state[NEXT_TAIL]) {
      Atomics.store(state, PUTS, state[NEXT_PUTS]!);
    }
    state[NEXT_TAIL] = NOWHERE;
    this.#rebuild();
  }

  mendGet(): void {
    this.mendPut(); // it is the same lock
  }

  get #space(): Octets {
    return this.#spaces[this.#state[SPACE]!]!;
  }

  #setTail(octets: number): void {
    const state = this.#state;
    state[NEXT_TAIL] = NOWHERE;
    Atomics.store(state, TAILS + state[SPACE]!, octets);
  }

  /** Makes sure that the space has room for a message behind its TAIL. */
  #makeRoom(total: number): void {
    const state = this.#state;
    const data = this.#space;
    const needed = state[TAILS + state[SPACE]!]! + total;
    data.see(needed);
    if (data.octets.length >= needed) return;
    const live = state[USED]! + total;
    const isLast = pow2(needed) > MOST_OCTETS; // it cannot grow
    if (2 * live <= data.octets.length || isLast && live <= MOST_OCTETS) {
      this.#move(live);
    } else {
      data.grow(pow2(needed));
    }
  }

  /** Goes over to the other space, without holes. */
  #move(needed: number): void {
    const state = this.#state;
    const from = this.#space;
    const space = 1 - state[SPACE]!;
    const to = this.#spaces[space]!;
    to.grow(Math.max(pow2(needed), from.octets.length / 2));
    let tail = 0;
    for (const { at, total } of this.#live()) {
      to.octets.set(from.octets.subarray(at, at + total), tail);
      tail += total;
    }
    state[TAILS + space] = tail;
    state[NEXT_TAIL] = NOWHERE;
    Atomics.store(state, SPACE, space);
    this.#rebuild();
  }

  remove(unwanted: (message: Message) => boolean): void {
    const data = this.#space;
    for (const { at, total } of [...this.#live()]) {
      const { words } = data;
      const record = at >> 2;
      const octets = data.octets.slice(at + RECORD_OCTETS, at + total);
      const message = {
        head: words[record + HEAD]!,
        tag: words[record + TAG]!,
        octets,
      };
      if (unwanted(message)) Atomics.store(words, record + LIVE, 0);
    }
    this.#rebuild();
  }

  /** The messages of the space that are not gone, from its beginning. */
  *#live(): Generator<{ at: number; total: number }, void, void> {
    const data = this.#space;
    const tail = this.#state[TAILS + this.#state[SPACE]!]!;
    data.see(tail);
    for (let at = 0; at < tail;) {
      const record = at >> 2;
      const length = octetsOf(data.words[record + HEAD]!);
      const total = RECORD_OCTETS + padded(length);
      if (data.words[record + LIVE] === 1) yield { at, total };
      at += total;
    }
  }

  /** Makes the index again, from the space. */
  #rebuild(): void {
    const state = this.#state;
    const data = this.#space;
    let used = 0;
    let size = 0;
    for (const { at, total } of this.#live()) {
      const record = at >> 2;
      this.#index.grow(pow2((size + 1) * ENTRY_OCTETS));
      const priority = data.doubles[(record + PRIORITY) >> 1]!;
      this.#rise(size++, priority, data.words[record + TURN]!, at);
      used += total;
    }
    state[USED] = used;
    Atomics.store(state, SIZE, size);
  }

  /** Enters a message at an entry that is free, the last one. */
  #rise(entry: number, priority: number, turn: number, at: number): void {
    while (entry > 0) {
      const parent = (entry - 1) >> 1;
      if (!this.#isAhead(priority, turn, parent)) break;
      this.#copy(parent, entry);
      entry = parent;
    }
    this.#set(entry, priority, turn, at);
  }

  /** Removes the first entry; the last one finds a new place. */
  #sink(last: number): void {
    const { words, doubles } = this.#index;
    const priority = doubles[2 * last]!;
    const turn = words[4 * last + ENTRY_TURN]!;
    const at = words[4 * last + ENTRY_AT]!;
    let entry = 0;
    for (;;) {
      let child = 2 * entry + 1;
      if (child >= last) break;
      const sibling = child + 1;
      if (
        sibling < last &&
        this.#isAhead(
          doubles[2 * sibling]!,
          words[4 * sibling + ENTRY_TURN]!,
          child,
        )
      ) child = sibling;
      if (this.#isAhead(priority, turn, child)) break;
      this.#copy(child, entry);
      entry = child;
    }
    this.#set(entry, priority, turn, at);
  }

  #isAhead(priority: number, turn: number, entry: number): boolean {
    const other = this.#index.doubles[2 * entry]!;
    if (priority !== other) return priority < other;
    const later = turn - this.#index.words[4 * entry + ENTRY_TURN]! | 0;
    return this.#lastFirst ? later > 0 : later < 0;
  }

  #copy(from: number, to: number): void {
    const { words, doubles } = this.#index;
    doubles[2 * to] = doubles[2 * from]!;
    words[4 * to + ENTRY_TURN] = words[4 * from + ENTRY_TURN]!;
    words[4 * to + ENTRY_AT] = words[4 * from + ENTRY_AT]!;
  }

  #set(entry: number, priority: number, turn: number, at: number): void {
    const { words, doubles } = this.#index;
    doubles[2 * entry] = priority;
    words[4 * entry + ENTRY_TURN] = turn;
    words[4 * entry + ENTRY_AT] = at;
  }
}

/** The next power of 2. */
function pow2(octets: number): number {
  let size = FIRST_OCTETS;
  while (size < octets) size *= 2;
  return size;
}
