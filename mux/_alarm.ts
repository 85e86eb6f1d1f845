import { MAX_DELAY_MS } from "../sync/wait_options.ts";

/**
 * One timer for a stream of deadlines that mostly move later.
 *
 * Setting a timer for each packet costs 1 to 2 µs; an alarm that is set already
 * and not too late is left alone, and whoever it wakes looks at the clock and
 * sets it again. So it may ring early or for nothing, but never late.
 *
 * It keeps the event loop alive from `set()` until `rest()`.
 */
export class Alarm {
  readonly #ring: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #at = Infinity;

  constructor(ring: () => void) {
    this.#ring = () => {
      this.#timer = undefined;
      this.#at = Infinity;
      ring();
    };
  }

  /** Rings at this time or before; the clock is `performance.now()`. */
  set(at: number): void {
    if (at >= this.#at) {
      this.#timer?.ref();
      return;
    }
    this.clear();
    const delayMs = Math.ceil(at - performance.now());
    this.#at = at;
    this.#timer = setTimeout(
      this.#ring,
      Math.min(Math.max(delayMs, 0), MAX_DELAY_MS),
    );
  }

  /** Stays set, but lets the process end. */
  rest(): void {
    this.#timer?.unref();
  }

  /** Rings no more until it is set again. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#at = Infinity;
  }
}
