import { PoolOwner } from "./_pool_owner.ts";
import { type PendingTask, tell, type Wanted } from "./_pool_task.ts";
import type { FunctionId } from "./_pool_thread.ts";
import { stream, type StreamPlan } from "./_pool_stream.ts";
import { sourceOf } from "./_source.ts";
import type {
  AnyModule,
  ArgsOf,
  NameOf,
  Pool,
  PoolImapOptions,
  PoolMapOptions,
  PoolStats,
  PoolTaskOptions,
  ResultOf,
} from "./pool.ts";
import { PoolError } from "./pool_error.ts";
import type { ThreadResourceLimits } from "./thread.ts";
import { checkWait, waitFor, type WaitOptions } from "./wait_options.ts";

/** Options of a {@linkcode ThreadPool}. */
export interface ThreadPoolOptions {
  /** How many threads there are at most. Default: as many as the machine has cores. */
  size?: number | undefined;
  /** URL of the module whose functions it runs, as of `import.meta.resolve()`. */
  module?: string | URL | undefined;
  /**
   * Function of the module that each thread calls before its first task. If it
   * throws, the pool is broken.
   */
  initializer?: string | undefined;
  /** What to call it with. */
  initializerArgs?: readonly unknown[] | undefined;
  /** After how many tasks a thread is replaced. Default: never. */
  tasksPerThread?: number | undefined;
  /**
   * How many tasks may wait for their turn before the pool is full. Default: as
   * many as 65,536 less those that run.
   */
  maxQueue?: number | undefined;
  /** What the names of its threads begin with. Default: `Pool`. */
  name?: string | undefined;
  /** Limits of the memory of each thread. Default: those of Deno. */
  resourceLimits?: ThreadResourceLimits | undefined;
}

/**
 * Threads that run functions, one at a time each; see {@linkcode Pool}.
 *
 * Threads are started as tasks come, and stay. One that dies is replaced; its
 * task fails with a {@linkcode ThreadError}. Between two tasks a thread blocks,
 * unless one of its functions was asynchronous. A pool keeps the process alive
 * while it has tasks, and not otherwise.
 *
 * Tasks and results travel in shared memory.
 *
 * @example
 * ```ts
 * import { ThreadPool } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * await using pool = new ThreadPool({ size: 2 });
 * const square = (n: number) => n * n;
 * assertEquals(await pool.submit(square, [5]), 25);
 * assertEquals(await pool.map(square, [1, 2, 3]), [1, 4, 9]);
 * ```
 *
 * @typeParam M The type of the module: `typeof import("./work.ts")`.
 */
export class ThreadPool<M = AnyModule> implements Pool<M> {
  readonly #owner: PoolOwner;
  readonly #sources = new WeakMap<object, FunctionId>();

  /** How many tasks it runs at once. */
  readonly size: number;

  /**
   * Prepares a pool; its threads start with the first tasks.
   *
   * @throws {RangeError} If a number is not a whole one of 1 or more; `maxQueue`
   * may be 0, and `size` is at most 1024.
   * @throws {TypeError} If there is an initializer and no module.
   */
  constructor(options: ThreadPoolOptions = {}) {
    const { module, initializer, initializerArgs = [], name = "Pool" } =
      options;
    const size = options.size ?? navigator.hardwareConcurrency;
    check("size", size, 1, 1024);
    check("tasksPerThread", options.tasksPerThread, 1, Infinity);
    check("maxQueue", options.maxQueue, 0, Infinity);
    if (initializer !== undefined && module === undefined) {
      throw new TypeError(
        "Cannot make a pool: an initializer needs the module that exports it",
      );
    }
    this.size = size;
    this.#owner = new PoolOwner({
      name,
      size,
      module: module === undefined ? undefined : String(module),
      initializer,
      initializerArgs,
      tasksPerThread: options.tasksPerThread ?? Infinity,
      maxQueue: options.maxQueue ?? Infinity,
      threadOptions: { resourceLimits: options.resourceLimits },
    });
  }

  /** See {@linkcode Pool.submit}. */
  submit<K extends NameOf<M>>(
    name: K,
    args: ArgsOf<M, K>,
    options?: PoolTaskOptions<ResultOf<M, K>>,
  ): Promise<ResultOf<M, K>>;
  /** See {@linkcode Pool.submit}. */
  submit<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    args: A,
    options?: PoolTaskOptions<Awaited<R>>,
  ): Promise<Awaited<R>>;
  submit(
    fn: Target,
    args: readonly unknown[],
    options: PoolTaskOptions<never> = {},
  ): Promise<unknown> {
    return this.#start(fn, args, options).promise;
  }

  /** See {@linkcode Pool.trySubmit}. */
  trySubmit<K extends NameOf<M>>(
    name: K,
    args: ArgsOf<M, K>,
    options?: PoolTaskOptions<ResultOf<M, K>>,
  ): Promise<ResultOf<M, K>> | undefined;
  /** See {@linkcode Pool.trySubmit}. */
  trySubmit<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    args: A,
    options?: PoolTaskOptions<Awaited<R>>,
  ): Promise<Awaited<R>> | undefined;
  trySubmit(
    fn: Target,
    args: readonly unknown[],
    options: PoolTaskOptions<never> = {},
  ): Promise<unknown> | undefined {
    if (!this.ready) return undefined;
    return this.#start(fn, args, options).promise;
  }

  /** See {@linkcode Pool.apply}. */
  apply<K extends NameOf<M>>(
    name: K,
    ...args: ArgsOf<M, K>
  ): Promise<ResultOf<M, K>>;
  /** See {@linkcode Pool.apply}. */
  apply<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    ...args: A
  ): Promise<Awaited<R>>;
  apply(fn: Target, ...args: unknown[]): Promise<unknown> {
    return this.#start(fn, args, {}).promise;
  }

  /** See {@linkcode Pool.applySync}. */
  applySync<K extends NameOf<M>>(
    name: K,
    ...args: ArgsOf<M, K>
  ): ResultOf<M, K>;
  /** See {@linkcode Pool.applySync}. */
  applySync<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    ...args: A
  ): Awaited<R>;
  applySync(fn: Target, ...args: unknown[]): unknown {
    const result: { value?: unknown; error?: unknown } = {};
    const task = this.#start(fn, args, {
      onResult: (value: unknown) => void (result.value = value),
      onError: (error) => void (result.error = error),
    });
    this.#owner.await(task);
    if ("error" in result) throw result.error;
    return result.value;
  }

  /** See {@linkcode Pool.map}. */
  map<K extends NameOf<M>>(
    name: K,
    items: Iterable<ArgsOf<M, K>[0]>,
    options?: PoolMapOptions<ResultOf<M, K>>,
  ): Promise<ResultOf<M, K>[]>;
  /** See {@linkcode Pool.map}. */
  map<T, R>(
    fn: (item: T) => R,
    items: Iterable<T>,
    options?: PoolMapOptions<Awaited<R>>,
  ): Promise<Awaited<R>[]>;
  map(
    fn: Target,
    items: Iterable<unknown>,
    options: PoolMapOptions<never> = {},
  ): Promise<unknown[]> {
    const { onResult, onError, chunkSize, ...limits } = options;
    const mapped = this.#mapChunks(fn, items, chunkSize, limits);
    if (onResult === undefined && onError === undefined) return mapped;
    const told = mapped.then(
      (results) => {
        tell(onResult as ((results: unknown) => void) | undefined, results);
        return results;
      },
      (error) => {
        tell(onError, error);
        throw error;
      },
    );
    if (onError !== undefined) told.catch(() => {}); // it is told
    return told;
  }

  /** See {@linkcode Pool.imap}. */
  imap<K extends NameOf<M>>(
    name: K,
    items: Iterable<ArgsOf<M, K>[0]> | AsyncIterable<ArgsOf<M, K>[0]>,
    options?: PoolImapOptions,
  ): AsyncGenerator<ResultOf<M, K>, void, void>;
  /** See {@linkcode Pool.imap}. */
  imap<T, R>(
    fn: (item: T) => R,
    items: Iterable<T> | AsyncIterable<T>,
    options?: PoolImapOptions,
  ): AsyncGenerator<Awaited<R>, void, void>;
  imap(
    fn: Target,
    items: Iterable<unknown> | AsyncIterable<unknown>,
    options: PoolImapOptions = {},
  ): AsyncGenerator<never, void, void> {
    return stream(this.#streamPlan(fn, items, options, true));
  }

  /** See {@linkcode Pool.imapUnordered}. */
  imapUnordered<K extends NameOf<M>>(
    name: K,
    items: Iterable<ArgsOf<M, K>[0]> | AsyncIterable<ArgsOf<M, K>[0]>,
    options?: PoolImapOptions,
  ): AsyncGenerator<ResultOf<M, K>, void, void>;
  /** See {@linkcode Pool.imapUnordered}. */
  imapUnordered<T, R>(
    fn: (item: T) => R,
    items: Iterable<T> | AsyncIterable<T>,
    options?: PoolImapOptions,
  ): AsyncGenerator<Awaited<R>, void, void>;
  imapUnordered(
    fn: Target,
    items: Iterable<unknown> | AsyncIterable<unknown>,
    options: PoolImapOptions = {},
  ): AsyncGenerator<never, void, void> {
    return stream(this.#streamPlan(fn, items, options, false));
  }

  /** Whether a task would not wait for room. */
  get ready(): boolean {
    return this.#owner.hasRoom;
  }

  /**
   * Waits until a task would not wait for room; or until the pool is no more.
   *
   * If aborted or timed out, nothing has changed.
   *
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws The reason of the signal, if it is aborted.
   */
  whenReady(options?: WaitOptions): Promise<void> {
    return waitFor(this.#owner.whenRoomy(), options);
  }

  /** Takes no more tasks; those that were submitted are run. Idempotent. */
  close(): void {
    this.#owner.close();
  }

  /** Ends all tasks, with a {@linkcode PoolError}, and all threads. */
  async terminate(): Promise<void> {
    this.#owner.stop(
      new PoolError(
        "terminated",
        "Cannot run the task: the pool was terminated",
      ),
    );
    await this.#owner.gone();
  }

  /** See {@linkcode Pool.join}. */
  async join(options?: WaitOptions): Promise<void> {
    checkWait(options);
    if (!this.#owner.closed) {
      throw new TypeError("Cannot join the pool: call close() before");
    }
    await waitFor(this.#ended(), options);
  }

  /** Closes the pool, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.join();
  }

  /** What it does, and has done. */
  stats(): PoolStats {
    return this.#owner.stats();
  }

  async #ended(): Promise<void> {
    await this.#owner.whenIdle();
    await this.#owner.gone();
  }

  #start(
    fn: Target,
    args: Iterable<unknown>,
    options: PoolTaskOptions<never>,
    each = false,
  ): PendingTask {
    const { priority = 0, timeoutMs = Infinity, signal, transfer } = options;
    let refusal: unknown;
    let id: FunctionId = "";
    try {
      checkPriority(priority);
      checkWait({ timeoutMs });
      id = this.#idOf(fn);
    } catch (error) {
      refusal = error; // as any other
    }
    const wanted: Wanted = {
      fn: id,
      args,
      each,
      priority,
      timeoutMs,
      signal,
      transfer,
      onResult: options.onResult,
      onError: options.onError,
    };
    return this.#owner.submit(wanted, refusal);
  }

  #idOf(fn: Target): FunctionId {
    if (typeof fn === "string") return fn;
    let id = this.#sources.get(fn);
    if (id === undefined) this.#sources.set(fn, id = [sourceOf(fn)]);
    return id;
  }

  async #mapChunks(
    fn: Target,
    items: Iterable<unknown>,
    chunkSize: number | undefined,
    options: PoolTaskOptions<never>,
  ): Promise<unknown[]> {
    const list = isList(items) ? items : Array.from(items);
    const even = Math.max(1, Math.ceil(list.length / (4 * this.size)));
    const step = chunkSize ?? even;
    check("chunkSize", step, 1, Infinity);
    const tasks: PendingTask[] = [];
    for (let from = 0; from < list.length; from += step) {
      const chunk = list.slice(from, from + step);
      tasks.push(this.#start(fn, chunk, options, true));
    }
    const promises = tasks.map(({ promise }) => promise as Promise<unknown[]>);
    try {
      return (await Promise.all(promises)).flat(1);
    } catch (error) {
      for (const task of tasks.reverse()) this.#owner.cancel(task, error);
      throw error;
    }
  }

  #streamPlan(
    fn: Target,
    items: Iterable<unknown> | AsyncIterable<unknown>,
    options: PoolImapOptions,
    ordered: boolean,
  ): StreamPlan<never> {
    const { chunkSize = 1, ahead = 2 * this.size, ...limits } = options;
    check("chunkSize", chunkSize, 1, Infinity);
    check("ahead", ahead, 1, Infinity);
    const run = (chunk: unknown[]) => {
      const task = this.#start(fn, chunk, limits, true);
      const end = () => this.#owner.end(task, new Error());
      return { results: task.promise as Promise<never[]>, end };
    };
    const { signal } = limits;
    return { items, chunkSize, ahead, ordered, signal, run };
  }
}

/** What is to be run. */
type Target = string | ((...args: never[]) => unknown);

/** What can be cut into pieces. */
interface List extends Iterable<unknown> {
  readonly length: number;
  slice(start: number, end: number): Iterable<unknown>;
}

function isList(items: Iterable<unknown>): items is List {
  return Array.isArray(items) ||
    ArrayBuffer.isView(items) && !(items as unknown instanceof DataView);
}

function checkPriority(priority: number): void {
  if (typeof priority === "number" && !Number.isNaN(priority)) return;
  throw new RangeError(
    `Cannot run the task: its priority must be a number, got ${priority}`,
  );
}

function check(
  name: string,
  value: number | undefined,
  least: number,
  most: number,
): void {
  if (value === undefined) return;
  const fits = value >= least && value <= most;
  if (fits && (Number.isInteger(value) || value === Infinity)) return;
  const range = most === Infinity
    ? `of ${least} or more`
    : `from ${least} to ${most}`;
  throw new RangeError(
    `Cannot use a pool: ${name} must be a whole number ${range}, got ${value}`,
  );
}
