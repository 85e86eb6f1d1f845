import { POLLIN, POLLNVAL } from "./event_bits.ts";
import {
  type Readiness,
  readiness,
  type Watchable,
  type Watcher,
  Watchers,
} from "./readiness.ts";

/**
 * Ends a wait of this thread from outside: readable once it was woken, until that
 * is taken. From another thread an `Event` or a `Queue` of `sync` does it.
 *
 * Source: D. J. Bernstein, "The self-pipe trick"; Linux `eventfd(2)`.
 *
 * @example
 * ```ts
 * import { select, Wakeup } from "@lockstep/lockstep/mux";
 * import { assertEquals } from "@std/assert";
 *
 * using wakeup = new Wakeup();
 * const waiting = select([wakeup]);
 * wakeup.wake();
 * assertEquals(await waiting, [[wakeup], [], []]);
 * assertEquals(wakeup.tryTake(), 1);
 * ```
 */
export class Wakeup implements Watchable, Readiness, Disposable {
  readonly #watchers = new Watchers();
  #times = 0;
  #closed = false;

  /** What is ready: itself. */
  get [readiness](): Readiness {
    return this;
  }

  /** See {@linkcode Readiness.events}. */
  get events(): number {
    if (this.#closed) return POLLNVAL;
    return this.#times > 0 ? POLLIN : 0;
  }

  /** Makes it readable. */
  wake(): void {
    this.#times++;
    this.#watchers.tell(POLLIN);
  }

  /** How often it was woken since this was last asked; `undefined` if it was not. */
  tryTake(): number | undefined {
    const times = this.#times;
    this.#times = 0;
    return times === 0 ? undefined : times;
  }

  /** See {@linkcode Readiness.arm}: it needs nothing. */
  arm(): void {}

  /** See {@linkcode Readiness.watch}. */
  watch(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  /** See {@linkcode Readiness.unwatch}. */
  unwatch(watcher: Watcher): void {
    this.#watchers.delete(watcher);
  }

  /** Closing twice does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watchers.tell(POLLNVAL);
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
