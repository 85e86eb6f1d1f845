import { checkWait, type WaitOptions } from "../sync/wait_options.ts";

/** The options of one call, whose time is shared by all it waits for. */
export class Deadline {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly #end: number;

  /** The time begins. */
  constructor(options?: WaitOptions) {
    this.timeoutMs = checkWait(options);
    this.signal = options?.signal;
    this.#end = this.timeoutMs === Infinity
      ? Infinity
      : performance.now() + this.timeoutMs;
  }

  /** What is left of it, in milliseconds. */
  get leftMs(): number {
    if (this.#end === Infinity) return Infinity;
    return Math.max(this.#end - performance.now(), 0);
  }

  /** For what is waited for next. */
  get rest(): WaitOptions {
    return { signal: this.signal, timeoutMs: Math.ceil(this.leftMs) };
  }
}
