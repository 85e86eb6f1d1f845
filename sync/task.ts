import { newScopeId, runIn, type Scope, scopes } from "./_scope.ts";
import { waitFor, type WaitOptions } from "./wait_options.ts";

/** Scopes that are those of tasks. */
const tasks = new WeakMap<Scope, Task>();

/**
 * An asynchronous function that runs beside others of its thread.
 *
 * ```
 *   spawn()          the function returns, or throws
 *   ───────► running ───────────────────────────────► done
 *              │  cancel(): the signal is aborted, and the function may end
 * ```
 *
 * @typeParam T What the function returns.
 */
export class Task<T = unknown> {
  /** Unique in the process. */
  readonly id: number = newScopeId();
  readonly #cancelling: AbortController = new AbortController();
  readonly #result: Promise<T>;
  #done = false;

  /** See {@linkcode spawn}. */
  constructor(fn: () => T | Promise<T>) {
    const scope = { id: this.id, parent: undefined }; // owns nothing of others
    tasks.set(scope, this);
    this.#result = runIn(scope, async () => await fn());
    const done = () => void (this.#done = true);
    this.#result.then(done, done); // an error is for join() to see
  }

  /** Aborted by {@linkcode cancel}; for the function to pass on to its waits. */
  get signal(): AbortSignal {
    return this.#cancelling.signal;
  }

  /** Whether the function has returned or thrown. */
  get done(): boolean {
    return this.#done;
  }

  /**
   * Asks the function to end, by its {@linkcode signal}; nothing forces it to.
   *
   * @param reason What its waits throw; by default a `DOMException` named
   * `AbortError`.
   */
  cancel(reason?: unknown): void {
    this.#cancelling.abort(reason);
  }

  /**
   * Waits until the function is done; may be called again.
   *
   * If aborted or timed out, the task goes on.
   *
   * @returns What the function returned.
   * @throws What it threw, and as {@linkcode waitFor}.
   */
  join(options?: WaitOptions): Promise<T> {
    return waitFor(this.#result, options);
  }
}

/**
 * Runs an asynchronous function beside others, as a task.
 *
 * It runs until its first `await` before this returns. All it calls belongs to
 * the task, which {@linkcode currentTask} answers and {@linkcode RLock} takes for
 * the owner. An error is not reported until somebody joins.
 *
 * @param fn What to run.
 * @param args What to call it with.
 *
 * @example
 * ```ts
 * import { currentTask, joinAll, sleep, spawn } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * async function double(n: number) {
 *   await sleep(1, { signal: currentTask()!.signal });
 *   return 2 * n;
 * }
 * assertEquals(await joinAll([spawn(double, 1), spawn(double, 2)]), [2, 4]);
 * ```
 */
export function spawn<A extends readonly unknown[], T>(
  fn: (...args: A) => T | Promise<T>,
  ...args: A
): Task<T> {
  return new Task(() => fn(...args));
}

/** The task that calls; `undefined` outside of one. */
export function currentTask(): Task | undefined {
  for (const scope of scopes()) {
    const task = tasks.get(scope);
    if (task !== undefined) return task;
  }
  return undefined;
}

/**
 * Waits for several tasks.
 *
 * If one fails, or if aborted or timed out, the others go on.
 *
 * @returns What they returned, in the order of the tasks.
 * @throws What the first that failed threw, and as {@linkcode waitFor}.
 */
export function joinAll<T>(
  tasks: Iterable<Task<T>>,
  options?: WaitOptions,
): Promise<T[]> {
  return waitFor(
    Promise.all(Array.from(tasks, (task) => task.join())),
    options,
  );
}
