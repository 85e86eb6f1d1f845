import { waitFor, type WaitOptions } from "../sync/wait_options.ts";

/** One at a time, in the order in which they came; for callers of one thread. */
export class Turn {
  readonly #line = new Set<() => void>();
  #taken = false;

  /** Whether nobody has it. */
  get isFree(): boolean {
    return !this.#taken;
  }

  /** Takes it if nobody has it. */
  tryTake(): boolean {
    if (this.#taken) return false;
    return this.#taken = true;
  }

  /**
   * Waits for it.
   *
   * If aborted or timed out, the next in line gets it.
   */
  async take(options?: WaitOptions): Promise<void> {
    if (this.tryTake()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#line.add(resolve);
    try {
      await waitFor(promise, options);
    } catch (error) {
      if (!this.#line.delete(resolve)) this.pass(); // it came too late
      throw error;
    }
  }

  /** Gives it to the next in line. */
  pass(): void {
    for (const resolve of this.#line) {
      this.#line.delete(resolve);
      return resolve();
    }
    this.#taken = false;
  }
}
