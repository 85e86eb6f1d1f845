/**
 * What queues have in common: who may put and get, who waits, and when there is
 * nothing left to do.
 *
 * ```
 * block 0   kind, limits, SHUT, DONE    and those who wait in join()
 *       1   those who get               GETS, HEAD …    of the store
 *       2   those who put               PUTS, TAIL …
 *       3   the lock of those who get   4   the lock of those who put
 * ```
 *
 * To put: take the lock, look for room, let the store add the message, give the
 * lock back, wake whoever waits to get. To get is the same the other way round.
 * The two sides of a `Queue` do not disturb each other; those of the others share
 * one lock, since their store does.
 *
 * ```
 *            shutdown()                 got the last one
 *   OPEN ───────────────► SHUT, some left ─────────────► SHUT, empty
 *     └──────────────────────────────────────────────────► get: error
 *            shutdown({ immediate })                       put: error
 * ```
 */
import { timeoutError } from "./_errors.ts";
import { Heap, heapMemory } from "./_heap.ts";
import { Line, OF_SIDE } from "./_line.ts";
import type { Memory } from "./_memory.ts";
import {
  drop,
  HEAD_OCTETS,
  isParcel,
  keep,
  type Message,
  octetsOf,
  pack,
  padded,
  unpack,
} from "./_message.ts";
import { OWN, PRIMITIVE_WORDS } from "./_nodes.ts";
import { WaitQueue } from "./_park.ts";
import { Ring, ringMemory } from "./_ring.ts";
import { ShortLock } from "./_short_lock.ts";
import { Spinner } from "./_spinner.ts";
import type { Store } from "./_store.ts";
import { trap } from "./_trap.ts";
import { swap } from "./_words.ts";
import {
  QueueEmptyError,
  QueueFullError,
  QueueShutDownError,
} from "./queue_errors.ts";
import { checkWait, type WaitOptions } from "./wait_options.ts";

/** Words of block 0; the limits are 0 for none. */
const MAX_SIZE = OWN;
const MAX_OCTETS = OWN + 1;
const SHUT = OWN + 2;
const DONE = OWN + 3;

/** Blocks of words, each as of a primitive. */
const GETTERS = 1;
const PUTTERS = 2;
const GET_LOCK = 3;
const PUT_LOCK = 4;
const BLOCKS = 5;

/** How many words a queue needs besides those of a primitive. */
export const QUEUE_WORDS: number = (BLOCKS - 1) * PRIMITIVE_WORDS;

/** Which message is the next. */
export type Order = "first" | "last" | "priority";

/** Memory for the messages of a queue. */
export function storeMemory(order: Order): SharedArrayBuffer[] {
  return order === "first" ? [ringMemory()] : heapMemory();
}

/** Limits of a queue, 0 for none. */
export interface Limits {
  readonly maxSize: number;
  readonly byteCapacity: number;
}

/** What a queue that was shut down refuses. */
const GET = "get from";
const PUT = "put into";

type Timed = Pick<WaitOptions, "timeoutMs">;
type Claim = (message: Message) => void;
type Ranked = { readonly priority?: number | undefined };

/** See the top of this file. */
export class QueueCore {
  readonly #type: string;
  readonly #order: Order;
  readonly #words: Int32Array;
  readonly #store: Store;
  readonly #getters: Line;
  readonly #putters: Line;
  readonly #getLock: ShortLock;
  readonly #putLock: ShortLock;
  readonly #joiners: WaitQueue;
  readonly #spinner = new Spinner();
  readonly #maxSize: number;
  readonly #maxOctets: number;
  /** What a get in this thread has taken. */
  #got: Message | undefined;
  /**
   * Called when this thread has put what somebody waits for; for those who wait
   * without a node, see {@linkcode popOrAsk}.
   */
  bell: (() => void) | undefined;

  /** @param limits Those of a new queue. */
  constructor(
    { handle, words, registry }: Memory,
    order: Order,
    data: readonly SharedArrayBuffer[],
    limits?: Limits,
  ) {
    this.#type = handle.type;
    this.#order = order;
    this.#words = words;
    const block = (index: number) =>
      words.subarray(index * PRIMITIVE_WORDS, (index + 1) * PRIMITIVE_WORDS);
    const ofSide = (index: number) => block(index).subarray(OF_SIDE);
    this.#joiners = new WaitQueue(block(0), registry);
    this.#getters = new Line(block(GETTERS), registry);
    this.#putters = new Line(block(PUTTERS), registry);
    this.#getLock = new ShortLock(block(GET_LOCK), registry);
    if (order === "first") {
      this.#putLock = new ShortLock(block(PUT_LOCK), registry);
      this.#store = new Ring(data[0]!, ofSide(PUTTERS), ofSide(GETTERS));
    } else {
      this.#putLock = this.#getLock;
      this.#store = new Heap(data, ofSide(PUTTERS), order === "last");
    }
    if (limits !== undefined) {
      words[MAX_SIZE] = limits.maxSize;
      words[MAX_OCTETS] = limits.byteCapacity;
    }
    this.#maxSize = words[MAX_SIZE]!;
    this.#maxOctets = words[MAX_OCTETS]!;
  }

  get size(): number {
    return this.#store.size;
  }

  get isFull(): boolean {
    return this.#maxSize > 0 && this.size >= this.#maxSize;
  }

  get maxSize(): number {
    return this.#maxSize;
  }

  get isShut(): boolean {
    return Atomics.load(this.#words, SHUT) !== 0;
  }

  /** Whether a get would not wait. */
  get isReady(): boolean {
    return this.#store.octets > 0 || this.isShut;
  }

  /** How many wait to get. */
  get getters(): number {
    return this.#getters.queue.nodes.count();
  }

  /** How many wait to put. */
  get putters(): number {
    return this.#putters.queue.nodes.count();
  }

  /** How many messages were put and are not done. */
  get unfinished(): number {
    const done = Atomics.load(this.#words, DONE);
    return Math.max(0, this.#store.puts - done | 0);
  }

  tryPut(value: unknown, priority?: number): boolean {
    const rank = this.#ranked(priority);
    const message = this.#pack(value);
    let isPut = false;
    try {
      return isPut = this.#push(message, rank, 0);
    } finally {
      if (!isPut) drop(message);
    }
  }

  put(value: unknown, options: Ranked & WaitOptions = {}): Promise<void> {
    let message: Message | undefined;
    try {
      const timeoutMs = checkWait(options);
      const priority = this.#ranked(options.priority);
      message = this.#pack(value);
      const { queue } = this.#putters;
      if (queue.isIdle && this.#push(message, priority, 0)) {
        return Promise.resolve();
      }
      if (timeoutMs === 0) throw this.#full(0);
      const kept = message = keep(message);
      const put = queue.wait(
        (node) => this.#push(kept, priority, node),
        options,
        () => this.#full(timeoutMs),
      );
      return isParcel(kept) ? orDrop(put, kept) : put;
    } catch (error) {
      if (message !== undefined) drop(message);
      return Promise.reject(error);
    }
  }

  putSync(value: unknown, options: Ranked & Timed = {}): void {
    const timeoutMs = checkWait(options);
    const priority = this.#ranked(options.priority);
    let message = this.#pack(value);
    let isPut = false;
    try {
      isPut = this.#push(message, priority, 0);
      if (isPut) return;
      message = keep(message); // errands may send something meanwhile
      const attempt = (node: number) => this.#push(message, priority, node);
      isPut = this.#putters.queue.waitSync(attempt, timeoutMs);
      if (!isPut) throw this.#full(timeoutMs);
    } finally {
      if (!isPut) drop(message);
    }
  }

  /** Puts a message, if there is room. */
  push(message: Message, priority: number): boolean {
    return this.#push(message, priority, 0);
  }

  /**
   * Blocks until there is room for a message, and puts it.
   *
   * @param over As of {@linkcode take}.
   */
  give(message: Message, over: () => boolean): void {
    if (this.#push(message, 0, 0)) return;
    const kept = keep(message);
    const attempt = (node: number) => this.#push(kept, 0, node) || over();
    this.#putters.queue.waitSync(attempt, Infinity);
  }

  /** Removes messages, wherever they are; of a priority queue. */
  remove(unwanted: (message: Message) => boolean): void {
    this.#lock(this.#putLock, () => this.#store.remove?.(unwanted));
  }

  /**
   * Gets a message.
   *
   * @param claim See `Store.pop()`.
   * @returns `undefined` if there is none. Its octets are good until the next
   * call.
   */
  pop(claim?: Claim): Message | undefined {
    return this.#pop(0, claim) ? this.#got : undefined;
  }

  /**
   * Looks for a message for as long as it would take to wake this thread, unless
   * another looks.
   *
   * @returns Whether a get would not wait.
   */
  look(): boolean {
    this.#getters.look(() => this.#spinner.until(() => this.isReady));
    return this.isReady; // what came at last woke nobody
  }

  /** Lets any thread get what was put, though others have waited for longer. */
  setUnfair(): void {
    this.#getters.isFair = false;
  }

  /** As {@linkcode pop}; if there is none, whoever puts the next rings its bell. */
  popOrAsk(): Message | undefined {
    const message = this.pop();
    if (message !== undefined) return message;
    this.#getters.mark();
    return this.isReady ? this.pop() : undefined;
  }

  /**
   * Waits for a message; see {@linkcode pop}.
   *
   * @param over Whether there is nothing to wait for any more; asked when a thread
   * has ended.
   */
  async take(
    claim: Claim,
    over: () => boolean,
  ): Promise<Message | undefined> {
    let popped = false;
    const attempt = (node: number) =>
      (popped = this.#pop(node, claim)) || over();
    await this.#getters.queue.wait(attempt, {}, () => this.#empty(Infinity));
    return popped ? this.#got : undefined; // only one in a thread waits so
  }

  /** Blocks until there is a message; see {@linkcode take}. */
  takeSync(claim: Claim, over: () => boolean): Message | undefined {
    let popped = this.look() && this.#pop(0, claim);
    const attempt = (node: number) =>
      (popped = this.#pop(node, claim)) || over();
    if (!popped) this.#getters.queue.waitSync(attempt, Infinity);
    return popped ? this.#got : undefined;
  }

  tryGet(): unknown {
    return this.#pop(0) ? this.#unpack() : undefined;
  }

  get(options: WaitOptions = {}): Promise<unknown> {
    try {
      const timeoutMs = checkWait(options);
      const { queue } = this.#getters;
      if (queue.isIdle && this.#pop(0)) return Promise.resolve(this.#unpack());
      if (timeoutMs === 0) throw this.#empty(0);
      let value: unknown;
      const attempt = (node: number) => {
        if (!this.#pop(node)) return false;
        value = this.#unpack(); // the next may come before the promise is seen
        return true;
      };
      return queue.wait(attempt, options, () => this.#empty(timeoutMs))
        .then(() => value);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  getSync(options?: Timed): unknown {
    const timeoutMs = checkWait(options);
    if (this.#pop(0) || this.#spin()) return this.#unpack();
    if (!this.#getters.queue.waitSync(this.#popFor, timeoutMs)) {
      throw this.#empty(timeoutMs);
    }
    return this.#unpack();
  }

  async poll(options: WaitOptions = {}): Promise<void> {
    const timeoutMs = checkWait(options);
    const { queue } = this.#getters;
    const isReady = (node: number) => {
      if (!this.isReady) {
        this.#lock(this.#getLock, () => this.#getters.mark()); // and repairs
        if (!this.isReady) return false;
      }
      if (node > 0) queue.wake(1); // who waits to take it may be behind
      return true;
    };
    const late = () => timeoutError(`poll the ${this.#type}`, timeoutMs);
    await queue.poll(isReady, options, late);
  }

  /** @throws {RangeError} If all were done already. */
  done(): void {
    const words = this.#words;
    for (;;) {
      const done = Atomics.load(words, DONE);
      let left = this.#store.puts - done | 0;
      if (left <= 0) { // a put that is under way counts late
        this.#lock(this.#putLock, () => left = this.#store.puts - done | 0);
      }
      if (left <= 0) {
        throw new RangeError(
          `Cannot finish an item of the ${this.#type}: all that were put are done`,
        );
      }
      if (!swap(words, DONE, done, done + 1 | 0)) continue;
      if (left > 1) return;
      trap("released");
      return this.#joiners.wakeAll();
    }
  }

  async join(options: WaitOptions = {}): Promise<void> {
    const timeoutMs = checkWait(options);
    const late = () => this.#unjoined(timeoutMs);
    if (this.#isDone()) return;
    await this.#joiners.wait(this.#isDone, options, late);
  }

  joinSync(options?: Timed): void {
    const timeoutMs = checkWait(options);
    if (this.#isDone()) return;
    if (!this.#joiners.waitSync(this.#isDone, timeoutMs)) {
      throw this.#unjoined(timeoutMs);
    }
  }

  shut(immediate: boolean): void {
    const parcels: Message[] = [];
    this.#alone(() => {
      Atomics.store(this.#words, SHUT, 1);
      if (!immediate) return;
      for (; !this.#store.isEmpty(); Atomics.add(this.#words, DONE, 1)) {
        const message = this.#store.pop();
        if (isParcel(message)) parcels.push(keep(message));
      }
    });
    trap("released");
    this.#getters.queue.wakeAll();
    this.#putters.queue.wakeAll();
    this.#joiners.wakeAll();
    parcels.forEach(drop);
  }

  readonly #isDone = (): boolean => this.unfinished === 0;

  readonly #popFor = (node: number): boolean => this.#pop(node);

  #ranked(priority: number | undefined): number {
    if (priority === undefined) return 0;
    if (this.#order !== "priority") {
      throw new TypeError(
        `Cannot put with a priority: the ${this.#type} knows none`,
      );
    }
    if (typeof priority === "number" && priority === priority) return priority;
    throw new RangeError(
      `Cannot put with the priority ${priority}: it must be a number`,
    );
  }

  #pack(value: unknown): Message {
    const message = pack(value);
    const octets = HEAD_OCTETS + padded(octetsOf(message.head));
    if (this.#maxOctets > 0 && octets > this.#maxOctets) {
      throw new RangeError(
        `Cannot put a message of ${octets} octets: the ${this.#type} holds ${this.#maxOctets}`,
      );
    }
    return message;
  }

  #unpack(): unknown {
    return unpack(this.#got!);
  }

  /** Puts a message, if there is room. */
  #push(message: Message, priority: number, node: number): boolean {
    const store = this.#store;
    const putters = this.#putters;
    const died = this.#putLock.take();
    try {
      if (died) store.mendPut();
      if (this.#words[SHUT] !== 0) throw this.#shutDown(PUT);
      if (!putters.mayGo(node)) return false;
      if (!this.#hasRoom(message)) {
        if (node <= 0) return false;
        putters.mark();
        if (!this.#hasRoom(message)) return false;
      }
      store.push(message, priority, this.#whileNobodyGets);
      putters.went(node, this.#isRoomLeft);
    } finally {
      this.#release(this.#putLock, died);
    }
    if (this.#getters.wake()) this.bell?.();
    return true;
  }

  /** Takes a message, if there is one, for {@linkcode #unpack}. */
  #pop(node: number, claim?: Claim): boolean {
    const store = this.#store;
    const getters = this.#getters;
    const died = this.#getLock.take();
    try {
      if (died) store.mendGet();
      const shut = Atomics.load(this.#words, SHUT) !== 0; // then nothing comes
      if (!shut && !getters.mayGo(node)) return false;
      if (store.isEmpty()) {
        if (shut) throw this.#shutDown(GET);
        if (node <= 0) return false;
        getters.mark();
        if (store.isEmpty()) return false;
      }
      this.#got = store.pop(claim);
      getters.went(node, this.#isReadyNext);
    } finally {
      this.#release(this.#getLock, died);
    }
    this.#putters.wake();
    return true;
  }

  readonly #isRoomLeft = (): boolean => !this.isFull;
  readonly #isReadyNext = (): boolean => !this.#store.isEmpty();

  #hasRoom({ head }: Message): boolean {
    if (this.#maxSize > 0 && this.#store.size >= this.#maxSize) return false;
    if (this.#maxOctets === 0) return true;
    const octets = HEAD_OCTETS + padded(octetsOf(head));
    return this.#store.octets + octets <= this.#maxOctets;
  }

  /** Calls a function while those who get stand still; for those who put. */
  readonly #whileNobodyGets = (fn: () => void): void => {
    if (this.#getLock === this.#putLock) fn();
    else this.#lock(this.#getLock, fn);
  };

  /** Calls a function while nobody puts or gets. */
  #alone(fn: () => void): void {
    this.#lock(this.#putLock, () => this.#whileNobodyGets(fn));
  }

  #lock(lock: ShortLock, fn: () => void): void {
    const died = lock.take();
    try {
      if (died && lock === this.#putLock) this.#store.mendPut();
      else if (died) this.#store.mendGet();
      fn();
    } finally {
      this.#release(lock, died);
    }
  }

  /**
   * Gives a lock back.
   *
   * @param mended Whether what a dead thread left was repaired: others may have
   * looked at it, and wait for what is there.
   */
  #release(lock: ShortLock, mended: boolean): void {
    lock.release();
    if (!mended) return;
    this.#getters.queue.wakeAll();
    this.#putters.queue.wakeAll();
  }

  #spin(): boolean {
    if (this.#getters.queue.nodes.count() > 0) return false; // nor do these
    return this.#spinner.until(() => this.isReady && this.#pop(0));
  }

  #shutDown(what: typeof GET | typeof PUT): QueueShutDownError {
    return new QueueShutDownError(
      `Cannot ${what} the ${this.#type}: it was shut down`,
    );
  }

  #empty(timeoutMs: number): Error {
    if (this.isShut && this.#store.octets === 0) return this.#shutDown(GET);
    return new QueueEmptyError(
      `Cannot get from the ${this.#type}: nothing came within ${timeoutMs} ms`,
    );
  }

  #full(timeoutMs: number): Error {
    if (this.isShut) return this.#shutDown(PUT);
    return new QueueFullError(
      `Cannot put into the ${this.#type}: no room within ${timeoutMs} ms`,
    );
  }

  #unjoined(timeoutMs: number): DOMException {
    return timeoutError(`join the ${this.#type}`, timeoutMs);
  }
}

/** Drops what the host keeps for a message, if it is not put. */
async function orDrop(put: Promise<void>, message: Message): Promise<void> {
  try {
    await put;
  } catch (error) {
    drop(message);
    throw error;
  }
}
