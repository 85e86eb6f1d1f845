import { Event } from "../../sync/event.ts";
import { LifoQueue } from "../../sync/lifo_queue.ts";
import { PriorityQueue } from "../../sync/priority_queue.ts";
import type { Queue } from "../../sync/queue.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { attempt, attemptSync } from "./_attempt.ts";
import { MAX_MEMBERS } from "./_crew.ts";
import { BOARD, check, goesOn, turn } from "./_plan.ts";
import { asTimeout } from "./_queue_ways.ts";
import type { Next } from "./_random.ts";

/** How many items a member puts at most. */
export const MOST = 4000;

/** Words of a board. */
export const HANDS = {
  /** Members that may have an item in their hands, as bits. */
  BUSY: BOARD.OWN,
  /** Not 0 when nobody is there any more but for the helper. */
  OVER: BOARD.OWN + 1,
} as const;

/** Words of a ledger, which has more for each item than a board has. */
export const LEDGER = {
  /** How many items each member has put for sure. */
  PUT: 0,
  /** How often the items of each member were got. */
  GOT: MAX_MEMBERS + 1,
  WORDS: (MAX_MEMBERS + 1) * (MOST + 1),
} as const;

/** What goes through the queue. */
export interface Item {
  readonly who: number;
  readonly number: number;
  /** Full of the lowest octet of the number. */
  readonly bytes: Uint8Array;
  /** Something in shared memory, now and then. */
  readonly event?: Event;
}

/** One who puts and gets. */
export class Worker {
  readonly #queue: Queue<Item>;
  readonly #board: Int32Array;
  readonly #ledger: Int32Array;
  readonly #me: number;
  readonly #next: Next;
  /** Number of the item of each member that came last. */
  readonly #last: number[] = Array(MAX_MEMBERS + 1).fill(-1);
  readonly #isFirstOut: boolean;

  constructor(
    queue: Queue<Item>,
    board: Int32Array,
    ledger: Int32Array,
    me: number,
    next: Next,
  ) {
    this.#queue = queue;
    this.#board = board;
    this.#ledger = ledger;
    this.#me = me;
    this.#next = next;
    this.#isFirstOut = !(queue instanceof LifoQueue) &&
      !(queue instanceof PriorityQueue);
  }

  runSync(times: number): void {
    const next = this.#next;
    for (let time = 0; time < times || goesOn(this.#board); time++) {
      if (next(2) === 0) this.#putSync();
      else this.#getSync();
      if (next(16) === 0) sleepSync(next(100) / 100);
    }
  }

  async run(times: number): Promise<void> {
    const next = this.#next;
    for (let time = 0; time < times || goesOn(this.#board); time++) {
      if (next(2) === 0) await this.#put();
      else await this.#get();
      if (next(8) === 0) await turn();
      if (next(32) === 0) sleepSync(next(3)); // as one who is busy
    }
  }

  /** Puts an item if there is room, gets one if there is any. */
  tryPut(): void {
    const item = this.#item();
    if (item && this.#queue.tryPut(item, this.#options())) this.#hasPut();
  }

  tryGet(): boolean {
    const item = this.#queue.tryGet();
    if (item !== undefined) this.#record(item);
    return item !== undefined;
  }

  #putSync(): void {
    const item = this.#item();
    if (item === undefined) return;
    const next = this.#next;
    const put = (options?: { timeoutMs: number }) => {
      try {
        this.#queue.putSync(item, { ...this.#options(), ...options });
        this.#hasPut();
      } catch (error) {
        throw asTimeout(error);
      }
    };
    const way = next(4);
    if (way === 0) attemptSync(next, put);
    else if (way === 1) this.tryPut();
    else put();
  }

  #getSync(): void {
    const next = this.#next;
    const get = (options?: { timeoutMs: number }) => {
      try {
        this.#record(this.#queue.getSync(options));
      } catch (error) {
        throw asTimeout(error);
      }
    };
    const way = next(4);
    this.#mark(true);
    if (way === 0) attemptSync(next, get);
    else if (way === 1) this.tryGet();
    else get();
    this.#mark(false);
  }

  async #put(): Promise<void> {
    const item = this.#item();
    if (item === undefined) return;
    const put = async (options?: object) => {
      try {
        await this.#queue.put(item, { ...this.#options(), ...options });
        this.#hasPut();
      } catch (error) {
        throw asTimeout(error);
      }
    };
    if (this.#next(2) === 0) await put();
    else await attempt(this.#next, put);
  }

  async #get(): Promise<void> {
    const get = async (options?: object) => {
      try {
        this.#record(await this.#queue.get(options));
      } catch (error) {
        throw asTimeout(error);
      }
    };
    this.#mark(true);
    if (this.#next(2) === 0) await get();
    else await attempt(this.#next, get);
    this.#mark(false);
  }

  /** The next item of this member; it grows with its number. */
  #item(): Item | undefined {
    const next = this.#next;
    const number = Atomics.load(this.#ledger, LEDGER.PUT + this.#me);
    if (number >= MOST) return undefined;
    const octets = next(2 ** next(Math.min(15, 4 + number / 8)));
    const bytes = new Uint8Array(octets).fill(number);
    const item = { who: this.#me, number, bytes };
    return next(16) === 0 ? { ...item, event: new Event() } : item;
  }

  #options(): { priority?: number } {
    if (!(this.#queue instanceof PriorityQueue)) return {};
    return { priority: this.#next(3) };
  }

  #hasPut(): void {
    Atomics.add(this.#ledger, LEDGER.PUT + this.#me, 1);
  }

  #record({ who, number, bytes, event }: Item): void {
    const item = `item ${number} of member ${who}`;
    const word = LEDGER.GOT + who * MOST + number;
    check(Atomics.add(this.#ledger, word, 1) === 0, `${item} came twice`);
    const octet = number & 255;
    check(bytes.every((other) => other === octet), `${item} is torn`);
    event?.set();
    if (this.#isFirstOut) {
      check(this.#last[who]! < number, `${item} came late`);
      this.#last[who] = number;
    }
    this.#queue.taskDone();
  }

  #mark(on: boolean): void {
    const bit = 1 << this.#me;
    if (on) Atomics.or(this.#board, HANDS.BUSY, bit);
    else Atomics.and(this.#board, HANDS.BUSY, ~bit);
  }
}
