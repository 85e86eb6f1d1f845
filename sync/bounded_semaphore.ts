import { type Guarded, OnceGuard } from "./_guard.ts";
import { handleOf, type Memory, memoryOf } from "./_memory.ts";
import { OWN } from "./_nodes.ts";
import { checkPermits, Permits } from "./_permits.ts";
import { declare } from "./_primitives.ts";
import type { Guard } from "./guard.ts";
import type { Handle } from "./handle.ts";
import type { Pollable } from "./pollable.ts";
import type { WaitOptions } from "./wait_options.ts";

/** Word with the highest number of permits. */
const LIMIT = OWN + 1;

/**
 * A {@linkcode Semaphore} that never has more permits than at first: to give
 * back what was not taken is an error.
 *
 * Source: CPython `threading.BoundedSemaphore`.
 *
 * @example
 * ```ts
 * import { BoundedSemaphore } from "@lockstep/lockstep/sync";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const seats = new BoundedSemaphore(2);
 * const seat = seats.acquireSync();
 * assertEquals(seats.value, 1);
 * seat.release();
 * assertThrows(() => seats.release(), RangeError);
 * ```
 */
export class BoundedSemaphore implements Pollable {
  static {
    declare(this);
  }

  readonly #memory: Memory<"BoundedSemaphore">;
  readonly #permits: Permits;
  readonly #guarded: Guarded = { releaseBy: () => this.release() };

  /**
   * Allocates a semaphore, or uses that of another thread.
   *
   * @param from How many permits are free at first, by default 1; or what
   * another thread shared.
   * @throws {RangeError} If the number is not a whole one from 0 to 268,435,455.
   */
  constructor(from: number | Handle<"BoundedSemaphore"> = 1) {
    const fresh = typeof from === "number";
    if (fresh) checkPermits("make a BoundedSemaphore with", from, 0);
    this.#memory = memoryOf("BoundedSemaphore", fresh ? undefined : from);
    if (fresh) this.#memory.words.fill(from, OWN, LIMIT + 1);
    this.#permits = new Permits(this.#memory);
  }

  /**
   * Uses the semaphore of another thread.
   *
   * @throws {TypeError} If the handle is that of something else.
   */
  static attach(handle: Handle<"BoundedSemaphore">): BoundedSemaphore {
    return new BoundedSemaphore(handleOf("BoundedSemaphore", handle));
  }

  /** What another thread attaches to. */
  share(): Handle<"BoundedSemaphore"> {
    return this.#memory.handle;
  }

  /** How many permits are free. */
  get value(): number {
    return this.#permits.free;
  }

  /** How many wait for one, in all threads. */
  get waiting(): number {
    return this.#permits.queue.nodes.count();
  }

  /**
   * Waits for a permit.
   *
   * If aborted or timed out, none is taken, and nobody else waits longer.
   *
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws The reason of the signal, if it is aborted.
   */
  acquire(options?: WaitOptions): Promise<Guard> {
    const permits = this.#permits;
    if (options === undefined && permits.queue.isIdle && permits.tryTake()) {
      return Promise.resolve(this.#hold());
    }
    return permits.take(options).then(() => this.#hold());
  }

  /**
   * Blocks this thread until it has a permit.
   *
   * If timed out, none is taken, and nobody else waits longer.
   *
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   */
  acquireSync(options?: Pick<WaitOptions, "timeoutMs">): Guard {
    this.#permits.takeSync(options);
    return this.#hold();
  }

  /** Takes a permit if one is free; `undefined` if none is. */
  tryAcquire(): Guard | undefined {
    return this.#permits.tryTake() ? this.#hold() : undefined;
  }

  /**
   * Gives permits; any thread may.
   *
   * @param n How many, at least 1.
   * @throws {RangeError} If `n` is none, or if there would be more permits than
   * at first; none is given then.
   */
  release(n = 1): void {
    checkPermits("release", n, 1);
    const limit = this.#memory.words[LIMIT]!;
    if (!this.#permits.give(n, limit)) {
      throw new RangeError(
        `Cannot release the BoundedSemaphore: it would hold over ${limit} permits`,
      );
    }
  }

  /** Whether a permit is free. */
  get ready(): boolean {
    return this.#permits.isOpen;
  }

  /**
   * Waits until a permit is free; takes none.
   *
   * If aborted or timed out, nothing has changed.
   *
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws The reason of the signal, if it is aborted.
   */
  whenReady(options?: WaitOptions): Promise<void> {
    return this.#permits.poll(options);
  }

  #hold(): Guard {
    return new OnceGuard(this.#guarded);
  }
}
