import { Turns } from "./_turns.ts";
import { currentTask, Task } from "./task.ts";
import { waitFor, type WaitOptions } from "./wait_options.ts";

/** Options of {@linkcode TaskGroup}. */
export interface TaskGroupOptions {
  /** How many tasks run at once, at least 1. Default: no limit. */
  limit?: number | undefined;
  /** Cancels all tasks, with its reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Tasks that belong together: they are joined together, and if one fails, the
 * rest are cancelled.
 *
 * ```
 *   spawn()          its turn         the function returns, or throws
 *   ───────► waiting ────────► running ───────────────────────────────► done
 *               │ cancel(): the function is never called                  ▲
 *               └─────────────────────────────────────────────────────────┘
 * ```
 *
 * The first task that fails cancels all others with its error, and those that
 * wait for their turn never start. A task fails if it throws, unless it was
 * cancelled and throws the reason of that: who cancels one task wants to be rid
 * of it, so the others go on, and its result is left out.
 *
 * Once a task has failed or all were cancelled, no more can be spawned. Results
 * and errors are kept until the group is dropped.
 *
 * Source: Python `asyncio.TaskGroup`, `gevent.pool.Pool` for the limit.
 *
 * @typeParam T What the functions return.
 *
 * @example Two at a time
 * ```ts
 * import { sleep, TaskGroup } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * async function double(n: number) {
 *   await sleep(1);
 *   return 2 * n;
 * }
 * const group = new TaskGroup<number>({ limit: 2 });
 * for (const n of [1, 2, 3]) group.spawn(double, n);
 * assertEquals([group.running, group.waiting], [2, 1]);
 * assertEquals(await group.join(), [2, 4, 6]);
 * ```
 */
export class TaskGroup<T = unknown> implements AsyncDisposable {
  readonly #limit: number;
  readonly #signal: AbortSignal | undefined;
  /** Those that have not ended. */
  readonly #tasks: Set<Task> = new Set<Task>();
  /** What lets those that wait run. */
  readonly #turns: Turns<() => void> = new Turns<() => void>();
  /** At the place of each task that has returned. */
  readonly #results: T[] = [];
  #spawned = 0;
  #running = 0;
  /** Why no more can be spawned. */
  #closed: { why: string; options?: ErrorOptions } | undefined;
  #failure: { reason: unknown; seen: boolean } | undefined;
  #idle: PromiseWithResolvers<void> = Promise.withResolvers();

  /**
   * Makes a group without tasks.
   *
   * @throws {RangeError} If the limit is not a whole number of at least 1.
   */
  constructor(options: TaskGroupOptions = {}) {
    const { limit, signal } = options;
    if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1)) {
      throw new RangeError(
        `Cannot make a TaskGroup: limit must be a whole number of at least 1, got ${limit}`,
      );
    }
    this.#limit = limit ?? Infinity;
    this.#signal = signal;
  }

  /** How many tasks run: their function was called and is not done. */
  get running(): number {
    return this.#running;
  }

  /** How many tasks wait for their turn. */
  get waiting(): number {
    return this.#turns.size;
  }

  /**
   * Runs a function as a task of the group, as `spawn()` does; if as many run
   * as may, when one of them has ended, in the order of the calls.
   *
   * Cancelled before its turn, the function is never called, and joining the
   * task throws the reason.
   *
   * @param fn What to run.
   * @param args What to call it with.
   * @throws {TypeError} If a task has failed, or the group was cancelled or
   * disposed of; with the reason in `cause`.
   */
  spawn<A extends readonly unknown[], R extends T>(
    fn: (...args: A) => R | Promise<R>,
    ...args: A
  ): Task<R> {
    if (this.#signal?.aborted) this.#onAbort();
    if (this.#closed !== undefined) {
      const { why, options } = this.#closed;
      throw new TypeError(
        `Cannot spawn a task in the TaskGroup: ${why}`,
        options,
      );
    }
    if (this.#tasks.size === 0) {
      this.#signal?.addEventListener("abort", this.#onAbort);
    }
    const place = this.#spawned++;
    const task = new Task<R>(() => this.#run(place, () => fn(...args)));
    const end = () => this.#end(task);
    task.join().then(end, end);
    return task;
  }

  /**
   * Cancels all tasks, and takes no more; {@linkcode join} then throws the
   * reason. If all have ended already, their results stand.
   *
   * @param reason What their waits throw; by default a `DOMException` named
   * `AbortError`.
   */
  cancel(
    reason: unknown = new DOMException(
      "The tasks were cancelled",
      "AbortError",
    ),
  ): void {
    this.#close("it was cancelled", reason);
  }

  /**
   * Waits until all tasks have ended, also those that are spawned meanwhile;
   * may be called again.
   *
   * If aborted or timed out, the tasks go on.
   *
   * @returns What they returned, in the order in which they were spawned,
   * without those that were cancelled one by one.
   * @throws What the first that failed threw, or the reason for which all were
   * cancelled, when all have ended; and as `waitFor()`.
   * @throws {TypeError} If one of these tasks calls: it would wait for itself.
   */
  async join(options?: WaitOptions): Promise<T[]> {
    const results = await waitFor(this.#ended(), options);
    if (this.#failure === undefined) return results;
    this.#failure.seen = true;
    throw this.#failure.reason;
  }

  /**
   * Waits until all tasks have ended, and takes no more then.
   *
   * An error of the block itself cancels nothing: call {@linkcode cancel}.
   *
   * @throws As {@linkcode join}, unless that has thrown the error already.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    do await this.#ended(); while (this.#tasks.size > 0); // spawned since
    this.#closed ??= { why: "it was disposed of" };
    if (this.#failure?.seen === false) throw this.#failure.reason;
  }

  /** What a task does. */
  async #run<R extends T>(
    place: number,
    call: () => R | Promise<R>,
  ): Promise<R> {
    const task = currentTask()!;
    const { signal } = task;
    this.#tasks.add(task);
    if (this.#running < this.#limit) this.#running++;
    else await this.#turn(signal);
    try {
      signal.throwIfAborted(); // between the turn and here
      const result = await call();
      this.#results[place] = result;
      return result;
    } catch (error) {
      const cancelled = signal.aborted && error === signal.reason;
      if (!cancelled) this.#close("a task has failed", error);
      throw error;
    } finally {
      this.#running--;
      this.#turns.take()?.();
    }
  }

  /** Waits until a task may run; it counts as running then. */
  async #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const run = () => {
      signal.removeEventListener("abort", leave);
      this.#running++;
      resolve();
    };
    const leave = () => {
      this.#turns.delete(run);
      reject(signal.reason);
    };
    signal.addEventListener("abort", leave, { once: true });
    this.#turns.add(run);
    await promise;
  }

  /** Forgets a task, which counts as done now. */
  #end(task: Task<unknown>): void {
    this.#tasks.delete(task);
    if (this.#tasks.size > 0) return;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#idle.resolve();
    this.#idle = Promise.withResolvers();
  }

  /** Waits until all have ended, and answers what they returned. */
  async #ended(): Promise<T[]> {
    const task = currentTask();
    if (task !== undefined && this.#tasks.has(task)) {
      throw new TypeError(
        "Cannot join the TaskGroup: the task that calls is one of it",
      );
    }
    while (this.#tasks.size > 0) await this.#idle.promise;
    return this.#results.filter(() => true); // without holes
  }

  readonly #onAbort = (): void => this.cancel(this.#signal!.reason);

  /** Takes no more tasks, and cancels those that have not ended. */
  #close(why: string, reason: unknown): void {
    if (this.#closed !== undefined) return;
    this.#closed = { why, options: { cause: reason } };
    if (this.#tasks.size === 0) return;
    this.#failure = { reason, seen: false };
    for (const task of this.#tasks) task.cancel(reason);
  }
}
