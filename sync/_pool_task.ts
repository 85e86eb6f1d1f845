import type { FunctionId } from "./_pool_thread.ts";
import { MAX_DELAY_MS } from "./wait_options.ts";

/** What somebody wants to be run. */
export interface Wanted {
  readonly fn: FunctionId;
  readonly args: Iterable<unknown>;
  /** Whether `args` are items for a call each. */
  readonly each: boolean;
  readonly priority: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly transfer: readonly Transferable[] | undefined;
  readonly onResult: ((result: never) => void) | undefined;
  readonly onError: ((error: unknown) => void) | undefined;
}

/**
 * A task as its pool sees it.
 *
 * ```
 *   waits for room ──► queued, runs ──► settled
 *   tag is NONE        has a tag
 * ```
 */
export class PendingTask {
  readonly wanted: Wanted;
  readonly promise: Promise<unknown>;
  readonly since: number = performance.now();
  /** How the board knows it; undefined while it waits for room. */
  tag: number | undefined;
  settled = false;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #onAbort: (() => void) | undefined;

  constructor(wanted: Wanted) {
    this.wanted = wanted;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.promise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    if (wanted.onError !== undefined) promise.catch(() => {}); // it is told
  }

  /** Calls a function when its signal is aborted, until it is settled. */
  onAbort(fn: (reason: unknown) => void): void {
    const { signal } = this.wanted;
    if (signal === undefined) return;
    this.#onAbort = () => fn(signal.reason);
    signal.addEventListener("abort", this.#onAbort);
  }

  /** Calls a function after a while, unless it is settled by then. */
  after(ms: number, fn: () => void): void {
    if (ms <= MAX_DELAY_MS) this.#timer = setTimeout(fn, Math.ceil(ms));
  }

  /** Ends it. */
  settle(failed: boolean, value: unknown): void {
    const { signal, onResult, onError } = this.wanted;
    this.settled = true;
    clearTimeout(this.#timer);
    if (this.#onAbort) signal!.removeEventListener("abort", this.#onAbort);
    tell((failed ? onError : onResult) as Listener, value);
    if (failed) this.#reject(value);
    else this.#resolve(value);
  }
}

type Listener = ((value: unknown) => void) | undefined;

/** Calls what somebody gave to be called; its errors are nobody else's. */
export function tell(fn: Listener, value: unknown): void {
  try {
    fn?.(value);
  } catch (error) {
    reportError(error); // nobody else would see it
  }
}
