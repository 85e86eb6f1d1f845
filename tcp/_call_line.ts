import { checkWait, waitFor, type WaitOptions } from "../sync/wait_options.ts";
import { Deadline } from "./_deadline.ts";

/** Does what a call wants, as far as it can now; `undefined` to go on later. */
export type Attempt<R> = () => R | undefined;

interface Call {
  readonly attempt: Attempt<unknown>;
  /** Whether it has begun something that must be brought to its end. */
  readonly isBegun: () => boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const never = () => false;

/**
 * Calls that wait for the same thing, those that block their thread and those that
 * do not; they are served in the order in which they came.
 */
export class CallLine {
  readonly #calls = new Set<Call>();

  /** Attempts it now, if nobody is before it. */
  try<R>(attempt: Attempt<R>): R | undefined {
    return this.#calls.size === 0 ? attempt() : undefined;
  }

  /**
   * Attempts it until it is done.
   *
   * @param isBegun A call that has begun goes on if its caller leaves.
   * @throws What an attempt throws.
   */
  async wait<R>(
    attempt: Attempt<R>,
    options?: WaitOptions,
    isBegun: () => boolean = never,
  ): Promise<R> {
    checkWait(options);
    const found = this.try(attempt);
    if (found !== undefined) return found;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const call = { attempt, isBegun, resolve, reject };
    this.#calls.add(call);
    if (options === undefined) return await promise as R;
    try {
      return await waitFor(promise, options) as R;
    } finally {
      this.#leave(call);
    }
  }

  /**
   * Attempts it until it is done; blocks.
   *
   * @param pass Lets something happen; answers whether anything did within so
   * many milliseconds.
   * @throws What an attempt or `pass` throws.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   */
  waitSync<R>(
    attempt: Attempt<R>,
    pass: (withinMs: number) => boolean,
    options?: Pick<WaitOptions, "timeoutMs">,
    isBegun: () => boolean = never,
  ): R {
    const deadline = new Deadline(options);
    const found = this.try(attempt);
    if (found !== undefined) return found;
    const ends: ({ readonly value: unknown } | { readonly error: unknown })[] =
      [];
    const call: Call = {
      attempt,
      isBegun,
      resolve: (value) => ends.push({ value }),
      reject: (error) => ends.push({ error }),
    };
    this.#calls.add(call);
    try {
      while (ends.length === 0) {
        if (!pass(deadline.leftMs)) throw late(deadline.timeoutMs);
      }
    } finally {
      this.#leave(call);
    }
    const [end] = ends;
    if ("error" in end!) throw end.error;
    return end!.value as R;
  }

  /** To be called when what they wait for may be there. */
  serve(): void {
    for (const call of this.#calls) {
      try {
        const found = call.attempt();
        if (found === undefined) return;
        call.resolve(found);
      } catch (error) {
        call.reject(error);
      }
      this.#calls.delete(call);
    }
  }

  /** Ends all that wait. */
  fail(error: unknown): void {
    for (const { reject } of this.#calls) reject(error);
    this.#calls.clear();
  }

  #leave(call: Call): void {
    if (call.isBegun() || !this.#calls.delete(call)) return;
    this.serve(); // the next may need less
  }
}

function late(timeoutMs: number): DOMException {
  return new DOMException(
    `Cannot wait any longer: not done within ${timeoutMs} ms`,
    "TimeoutError",
  );
}
