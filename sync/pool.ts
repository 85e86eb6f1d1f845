import type { Pollable } from "./pollable.ts";
import type { AnyFunction, FunctionsOf } from "./threads.ts";
import type { WaitOptions } from "./wait_options.ts";

/** A function of the module of a pool, by its name. */
export type NameOf<M> = keyof FunctionsOf<M> & string;

/** What a function of the module of a pool takes. */
export type ArgsOf<M, K extends NameOf<M>> = Parameters<FunctionsOf<M>[K]>;

/** What a function of the module of a pool returns, or its promise resolves to. */
export type ResultOf<M, K extends NameOf<M>> = Awaited<
  ReturnType<FunctionsOf<M>[K]>
>;

/** The module of a pool whose functions are not known. */
export type AnyModule = Readonly<Record<string, AnyFunction>>;

/** Options of a task; see {@linkcode Pool.submit}. */
export interface PoolTaskOptions<R = unknown> {
  /**
   * Ends the task; the call rejects with `signal.reason`. If it runs, its thread
   * is stopped, even in a loop without an end, and replaced; no other task is
   * harmed.
   */
  signal?: AbortSignal | undefined;
  /**
   * How long the task may run, in milliseconds; the time that it waits for its
   * turn does not count. Then it is ended as by a signal, with a `TimeoutError`.
   * Default: for ever.
   */
  timeoutMs?: number | undefined;
  /** The lowest is the first to run; of equals the first submitted. Default: 0. */
  priority?: number | undefined;
  /** What of the arguments moves there, rather than being copied. */
  transfer?: readonly Transferable[] | undefined;
  /** Called with the result, before the promise resolves. */
  onResult?: ((result: R) => void) | undefined;
  /**
   * Called with the error, before the promise rejects; nobody else has to see it
   * then.
   */
  onError?: ((error: unknown) => void) | undefined;
}

/** Options of {@linkcode Pool.map}. */
export interface PoolMapOptions<R = unknown>
  extends Omit<PoolTaskOptions<R[]>, "transfer"> {
  /**
   * How many items one task gets. Default: so many that each thread has four
   * tasks; of `imap` and `imapUnordered`: 1.
   */
  chunkSize?: number | undefined;
}

/** Options of {@linkcode Pool.imap}. */
export interface PoolImapOptions
  extends Pick<PoolMapOptions, "signal" | "timeoutMs" | "priority"> {
  /** How many items one task gets. Default: 1. */
  chunkSize?: number | undefined;
  /**
   * How many tasks are ahead of the results that were taken: so much of the items
   * is read, and no more. Default: twice the size of the pool.
   */
  ahead?: number | undefined;
}

/** What a pool has done; see {@linkcode Pool.stats}. */
export interface PoolStats {
  /** Threads that are alive. */
  readonly threads: number;
  /** Tasks that wait for their turn. */
  readonly queued: number;
  /** Tasks that run. */
  readonly running: number;
  /** Tasks that returned. */
  readonly done: number;
  /** Tasks that threw, were ended, or died. */
  readonly failed: number;
  /** Part of the time of its threads in which they ran tasks, from 0 to 1. */
  readonly utilization: number;
  /** Milliseconds from `submit()` to the result, of tasks that returned. */
  readonly latencyMs: PoolLatency;
}

/** Percentiles, to some 5 percent; 0 if there are none. */
export interface PoolLatency {
  /** Half of the tasks took no longer. */
  readonly p50: number;
  /** 90 % of the tasks took no longer. */
  readonly p90: number;
  /** 99 % of the tasks took no longer. */
  readonly p99: number;
  /** The slowest. */
  readonly max: number;
}

/**
 * Something that runs functions elsewhere, several at once.
 *
 * A function is named as the module of the pool exports it, or is given itself:
 * then it is run by its source, and sees nothing but its arguments and what is
 * global. It may be asynchronous. Arguments and results are copied as by
 * {@linkcode share}; locks, queues and all else of this module stay the same.
 *
 * Each promise settles: with the result, with what the function threw, or with
 * the reason why there is none.
 *
 * Source: CPython `multiprocessing.pool.Pool`.
 *
 * @typeParam M The type of the module: `typeof import("./work.ts")`.
 */
export interface Pool<M = AnyModule> extends Pollable, AsyncDisposable {
  /** How many tasks it runs at once. */
  readonly size: number;

  /**
   * Runs a function. If the pool is full, the task waits until it is not; the
   * arguments are read then.
   *
   * @throws What the function threw.
   * @throws {ThreadError} If its thread died.
   * @throws {PoolError} If the pool was terminated, or is broken.
   * @throws {DOMException} `TimeoutError` if it ran longer than `timeoutMs`.
   * @throws {TypeError} If the pool is closed, or something cannot be sent.
   * @throws The reason of the signal, if it is aborted.
   */
  submit<K extends NameOf<M>>(
    name: K,
    args: ArgsOf<M, K>,
    options?: PoolTaskOptions<ResultOf<M, K>>,
  ): Promise<ResultOf<M, K>>;
  /** The same, with a function that is run by its source. */
  submit<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    args: A,
    options?: PoolTaskOptions<Awaited<R>>,
  ): Promise<Awaited<R>>;

  /**
   * As {@linkcode Pool.submit}, but `undefined` if the pool is full: nothing has
   * happened then.
   */
  trySubmit<K extends NameOf<M>>(
    name: K,
    args: ArgsOf<M, K>,
    options?: PoolTaskOptions<ResultOf<M, K>>,
  ): Promise<ResultOf<M, K>> | undefined;
  /** The same, with a function that is run by its source. */
  trySubmit<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    args: A,
    options?: PoolTaskOptions<Awaited<R>>,
  ): Promise<Awaited<R>> | undefined;

  /** As {@linkcode Pool.submit}, without options. */
  apply<K extends NameOf<M>>(
    name: K,
    ...args: ArgsOf<M, K>
  ): Promise<ResultOf<M, K>>;
  /** The same, with a function that is run by its source. */
  apply<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    ...args: A
  ): Promise<Awaited<R>>;

  /** Blocks until a function has returned; see {@linkcode Pool.apply}. */
  applySync<K extends NameOf<M>>(
    name: K,
    ...args: ArgsOf<M, K>
  ): ResultOf<M, K>;
  /** The same, with a function that is run by its source. */
  applySync<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    ...args: A
  ): Awaited<R>;

  /**
   * Calls a function with each item, several items by one task.
   *
   * If one call fails, tasks that have not begun never will.
   *
   * @returns The results, in the order of the items.
   * @throws As {@linkcode Pool.submit}, for the first that failed.
   */
  map<K extends NameOf<M>>(
    name: K,
    items: Iterable<ArgsOf<M, K>[0]>,
    options?: PoolMapOptions<ResultOf<M, K>>,
  ): Promise<ResultOf<M, K>[]>;
  /** The same, with a function that is run by its source. */
  map<T, R>(
    fn: (item: T) => R,
    items: Iterable<T>,
    options?: PoolMapOptions<Awaited<R>>,
  ): Promise<Awaited<R>[]>;

  /**
   * Calls a function with each item, and gives the results as they come, in the
   * order of the items. Items are read as results are taken. Whoever leaves the
   * loop ends what runs for it.
   *
   * @throws As {@linkcode Pool.submit}, for the first that failed.
   */
  imap<K extends NameOf<M>>(
    name: K,
    items: Iterable<ArgsOf<M, K>[0]> | AsyncIterable<ArgsOf<M, K>[0]>,
    options?: PoolImapOptions,
  ): AsyncGenerator<ResultOf<M, K>, void, void>;
  /** The same, with a function that is run by its source. */
  imap<T, R>(
    fn: (item: T) => R,
    items: Iterable<T> | AsyncIterable<T>,
    options?: PoolImapOptions,
  ): AsyncGenerator<Awaited<R>, void, void>;

  /** As {@linkcode Pool.imap}, but gives first what is done first. */
  imapUnordered<K extends NameOf<M>>(
    name: K,
    items: Iterable<ArgsOf<M, K>[0]> | AsyncIterable<ArgsOf<M, K>[0]>,
    options?: PoolImapOptions,
  ): AsyncGenerator<ResultOf<M, K>, void, void>;
  /** The same, with a function that is run by its source. */
  imapUnordered<T, R>(
    fn: (item: T) => R,
    items: Iterable<T> | AsyncIterable<T>,
    options?: PoolImapOptions,
  ): AsyncGenerator<Awaited<R>, void, void>;

  /** Takes no more tasks; those that were submitted are run. Idempotent. */
  close(): void;

  /** Ends all tasks, with a {@linkcode PoolError}, and all threads. */
  terminate(): Promise<void>;

  /**
   * Waits until all tasks and threads have ended, after {@linkcode Pool.close}.
   *
   * If aborted or timed out, they go on.
   *
   * @throws {TypeError} If the pool is not closed.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws The reason of the signal, if it is aborted.
   */
  join(options?: WaitOptions): Promise<void>;

  /** What it does, and has done. */
  stats(): PoolStats;
}
