import { MAX_DELAY_MS } from "../sync/wait_options.ts";
import { type Readiness, readiness, type Watchable } from "./readiness.ts";
import { Wakeup } from "./wakeup.ts";

/** Options of a {@linkcode TimerSource}. */
export interface TimerSourceOptions {
  /** Whether it goes on, once in each delay. Default: false. */
  repeat?: boolean | undefined;
}

/**
 * A timer that can be waited for like a socket: readable when its time has come,
 * until that is taken.
 *
 * It keeps the process alive until it is closed, or has come once.
 *
 * Source: Linux `timerfd_create(2)`.
 *
 * @example
 * ```ts
 * import { select, TimerSource } from "@lockstep/lockstep/mux";
 * import { assertEquals } from "@std/assert";
 *
 * using timer = new TimerSource(5);
 * assertEquals(timer.tryTake(), undefined);
 * assertEquals(await select([timer]), [[timer], [], []]);
 * assertEquals(timer.tryTake(), 1); // it came once
 * ```
 */
export class TimerSource implements Watchable, Disposable {
  readonly #wakeup = new Wakeup();
  readonly #stop: () => void;

  /**
   * Starts it.
   *
   * @param ms Delay in milliseconds.
   * @throws {RangeError} If the delay is not from 0 to `MAX_DELAY_MS`.
   */
  constructor(ms: number, { repeat = false }: TimerSourceOptions = {}) {
    if (!(ms >= 0 && ms <= MAX_DELAY_MS)) {
      throw new RangeError(
        `Cannot start a timer: ms must be 0 to ${MAX_DELAY_MS}, got ${ms}`,
      );
    }
    const due = () => this.#wakeup.wake();
    const delay = Math.ceil(ms);
    const timer = repeat ? setInterval(due, delay) : setTimeout(due, delay);
    this.#stop = () => clearTimeout(timer);
  }

  /** What is ready: that its time has come. */
  get [readiness](): Readiness {
    return this.#wakeup;
  }

  /** How often it has come since this was last asked; `undefined` if not yet. */
  tryTake(): number | undefined {
    return this.#wakeup.tryTake();
  }

  /** Stops it. Closing twice does nothing. */
  close(): void {
    this.#stop();
    this.#wakeup.close();
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
