import { Items } from "./_items.ts";
import { handleOf, type Memory, memoryOf } from "./_memory.ts";
import { declare } from "./_primitives.ts";
import {
  type Limits,
  type Order,
  QUEUE_WORDS,
  QueueCore,
  storeMemory,
} from "./_queue_core.ts";
import { friends } from "./_queues.ts";
import type { Handle } from "./handle.ts";
import type { Pollable } from "./pollable.ts";
import { QueueShutDownError } from "./queue_errors.ts";
import type { WaitOptions } from "./wait_options.ts";

/**
 * What can go to another thread: whatever {@linkcode share} takes. Nothing is
 * `undefined`, since that means that there is nothing.
 */
export type Shareable = NonNullable<unknown> | null;

/** Options of a {@linkcode Queue}. */
export interface QueueOptions {
  /** How many items it holds; 0 for as many as there is memory. Default: 0. */
  maxSize?: number | undefined;
  /**
   * How many octets it holds, 8 for each item and as many as its value takes,
   * rounded up to 8; 0 for as many as there is memory. Default: 0.
   */
  byteCapacity?: number | undefined;
}

/** Options of {@linkcode Queue.tryPut}. */
export interface QueueTryPutOptions {
  /**
   * Of a {@linkcode PriorityQueue} only: the lowest is the first out. Any number.
   * Default: 0.
   */
  priority?: number | undefined;
}

/** Options of {@linkcode Queue.put}. */
export interface QueuePutOptions extends WaitOptions, QueueTryPutOptions {}

/** How to shut down a {@linkcode Queue}. */
export interface QueueShutdownOptions {
  /** Whether what is in it is dropped. Default: `false`. */
  immediate?: boolean | undefined;
}

/** What another thread attaches a queue to. */
export interface QueueHandle extends Handle {
  /** The memory of its items. */
  readonly data: readonly SharedArrayBuffer[];
}

/**
 * Items on their way from any threads to any threads; the first in is the first
 * out.
 *
 * Items are copied. Numbers, strings, booleans, `null`, `bigint`, typed arrays,
 * and arrays and plain objects of these go the fast way; everything else that
 * {@linkcode share} takes is serialized, and what lives in shared memory, such as
 * a `Lock` or a `Queue`, stays the same one. An item that cannot go to another
 * thread is refused with a `TypeError`, and the queue stays as it was; so it does
 * if a thread dies while it puts or gets.
 *
 * A queue without limits grows, up to 1 GiB; memory that it once had it keeps.
 * Whoever waits in a thread that blocks is served in order of arrival once the
 * first has waited for more than 1 ms, and so are the tasks of one thread.
 *
 * Source: CPython 3.13 `queue.Queue`.
 *
 * @example
 * ```ts
 * import { Queue, Thread } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const numbers = new Queue<number>({ maxSize: 10 });
 * const produce = (to: Queue<number>) => {
 *   for (let i = 0; i < 100; i++) to.putSync(i);
 *   to.shutdown();
 * };
 * const producer = Thread.fromFunction(produce, [numbers]);
 * let sum = 0;
 * for await (const n of numbers) sum += n;
 * await producer.join();
 * assertEquals(sum, 4950);
 * ```
 *
 * @typeParam T What the items are.
 */
export class Queue<T extends Shareable = Shareable>
  implements Pollable, AsyncIterable<T> {
  static {
    declare(this);
    friends.core = (queue) => queue.#core;
  }

  /** Which item is the next to get. */
  protected static readonly order: Order = "first";

  readonly #memory: Memory;
  readonly #data: readonly SharedArrayBuffer[];
  readonly #core: QueueCore;

  /**
   * Allocates a queue, or uses that of another thread.
   *
   * @param from Its limits; or what another thread shared.
   * @throws {RangeError} If a limit is not a whole number of 0 or more.
   */
  constructor(from: QueueOptions | QueueHandle = {}) {
    const { order, name } = new.target;
    const handle = "data" in from ? from : undefined;
    this.#memory = memoryOf(name, handle, QUEUE_WORDS);
    this.#data = handle?.data ?? storeMemory(order);
    const limits = handle === undefined
      ? limitsOf(name, from as QueueOptions)
      : undefined;
    this.#core = new QueueCore(this.#memory, order, this.#data, limits);
  }

  /**
   * Uses the queue of another thread.
   *
   * @throws {TypeError} If the handle is that of something else.
   */
  static attach<T extends Shareable>(handle: QueueHandle): Queue<T> {
    return new this(queueHandle(this.name, handle));
  }

  /** What another thread attaches to. */
  share(): QueueHandle {
    return { ...this.#memory.handle, data: this.#data };
  }

  /** How many items are in it. */
  get size(): number {
    return this.#core.size;
  }

  /** How many items it holds; 0 for no limit. */
  get maxSize(): number {
    return this.#core.maxSize;
  }

  /** Whether there is no item in it. */
  get empty(): boolean {
    return this.#core.size === 0;
  }

  /** Whether it holds as many items as it may; never without a `maxSize`. */
  get full(): boolean {
    return this.#core.isFull;
  }

  /** Whether it was shut down. */
  get closed(): boolean {
    return this.#core.isShut;
  }

  /** How many items were put, and not reported by {@linkcode taskDone}. */
  get unfinished(): number {
    return this.#core.unfinished;
  }

  /** How many wait to get, in all threads. */
  get waitingToGet(): number {
    return this.#core.getters;
  }

  /** How many wait to put, in all threads. */
  get waitingToPut(): number {
    return this.#core.putters;
  }

  /**
   * Puts an item, and waits for room if there is none.
   *
   * The value is read at once. If aborted or timed out, nothing was put.
   *
   * @throws {QueueFullError} If there was no room within `timeoutMs`.
   * @throws {QueueShutDownError} If the queue was shut down, or is meanwhile.
   * @throws {RangeError} If the queue can never hold it, or its priority is not a
   * number.
   * @throws {TypeError} If it cannot go to another thread, or has a priority and
   * the queue knows none.
   * @throws The reason of the signal, if it is aborted.
   */
  put(value: T, options?: QueuePutOptions): Promise<void> {
    return this.#core.put(value, options);
  }

  /**
   * Puts an item, and blocks this thread while there is no room; see
   * {@linkcode put}.
   *
   * If timed out, nothing was put.
   *
   * @throws As {@linkcode put}.
   */
  putSync(
    value: T,
    options?: Pick<QueuePutOptions, "timeoutMs" | "priority">,
  ): void {
    this.#core.putSync(value, options);
  }

  /**
   * Puts an item, if there is room.
   *
   * @returns Whether it was put.
   * @throws As {@linkcode put}, but for a lack of room.
   */
  tryPut(value: T, options?: QueueTryPutOptions): boolean {
    return this.#core.tryPut(value, options?.priority);
  }

  /**
   * Gets the next item, and waits if there is none.
   *
   * If aborted or timed out, nothing was taken.
   *
   * @throws {QueueEmptyError} If there was none within `timeoutMs`.
   * @throws {QueueShutDownError} If there is none and the queue was shut down, or
   * is meanwhile.
   * @throws The reason of the signal, if it is aborted.
   */
  get(options?: WaitOptions): Promise<T> {
    return this.#core.get(options) as Promise<T>;
  }

  /**
   * Gets the next item, and blocks this thread while there is none; see
   * {@linkcode get}.
   *
   * If timed out, nothing was taken.
   *
   * @throws As {@linkcode get}.
   */
  getSync(options?: Pick<WaitOptions, "timeoutMs">): T {
    return this.#core.getSync(options) as T;
  }

  /**
   * Gets the next item; `undefined` if there is none.
   *
   * @throws {QueueShutDownError} If there is none and the queue was shut down.
   */
  tryGet(): T | undefined {
    return this.#core.tryGet() as T | undefined;
  }

  /**
   * Reports that the work on an item is done; once for each item that was got.
   *
   * @throws {RangeError} If as many were reported as were put.
   */
  taskDone(): void {
    this.#core.done();
  }

  /**
   * Waits until all items that were put are done; see {@linkcode taskDone}.
   *
   * If aborted or timed out, nothing has changed.
   *
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws The reason of the signal, if it is aborted.
   */
  join(options?: WaitOptions): Promise<void> {
    return this.#core.join(options);
  }

  /**
   * Blocks this thread until all items are done; see {@linkcode join}.
   *
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   */
  joinSync(options?: Pick<WaitOptions, "timeoutMs">): void {
    this.#core.joinSync(options);
  }

  /**
   * Lets nothing be put any more. What is in it can still be got, unless it is
   * dropped, which counts as done. Whoever waits to put gets a
   * {@linkcode QueueShutDownError}, and whoever waits to get, once it is empty.
   * May be called again.
   */
  shutdown(options: QueueShutdownOptions = {}): void {
    this.#core.shut(options.immediate ?? false);
  }

  /** Whether a get would not wait. */
  get ready(): boolean {
    return this.#core.isReady;
  }

  /**
   * Waits until there is an item, or the queue is shut down; nothing is taken.
   *
   * If aborted or timed out, nothing has changed.
   *
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws The reason of the signal, if it is aborted.
   */
  whenReady(options?: WaitOptions): Promise<void> {
    return this.#core.poll(options);
  }

  /**
   * Gets items until the queue is shut down and empty. Several loops, in whatever
   * threads, share the items; one that is left takes nothing with it.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, void, void> {
    return new Items(async (options) => {
      try {
        return [await this.get(options)];
      } catch (error) {
        if (error instanceof QueueShutDownError) return null;
        throw error;
      }
    });
  }
}

/** Octets that there can be; as many items are no limit, either. */
const MAX_LIMIT = 2 ** 30;

function queueHandle(type: string, given: QueueHandle): QueueHandle {
  const handle = handleOf(type, given);
  return Array.isArray(handle.data) ? handle : handleOf(type, null as never);
}

function limitsOf(type: string, options: QueueOptions): Limits {
  const { maxSize = 0, byteCapacity = 0 } = options;
  for (const [name, value] of Object.entries({ maxSize, byteCapacity })) {
    if (Number.isInteger(value) && value >= 0 && value <= MAX_LIMIT) continue;
    throw new RangeError(
      `Cannot make a ${type}: ${name} must be a whole number from 0 to ${MAX_LIMIT}, got ${value}`,
    );
  }
  return { maxSize, byteCapacity };
}
