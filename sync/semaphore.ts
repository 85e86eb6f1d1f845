import { type Guarded, OnceGuard } from "./_guard.ts";
import { handleOf, type Memory, memoryOf } from "./_memory.ts";
import { OWN } from "./_nodes.ts";
import { checkPermits, MAX_PERMITS, Permits } from "./_permits.ts";
import { declare } from "./_primitives.ts";
import type { Guard } from "./guard.ts";
import type { Handle } from "./handle.ts";
import type { Pollable } from "./pollable.ts";
import type { WaitOptions } from "./wait_options.ts";

/**
 * A number of permits: `acquire` takes one and waits while there is none,
 * `release` gives some, from any thread.
 *
 * A thread that dies keeps its permits: they belong to nobody. Waiters that
 * block get them in the order of their arrival, once the first has waited for
 * more than 1 ms.
 *
 * Source: CPython `threading.Semaphore`; POSIX `sem_wait`, `sem_post`.
 *
 * @example
 * ```ts
 * import { Semaphore } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const seats = new Semaphore(2);
 * {
 *   using _seat = await seats.acquire();
 *   assertEquals(seats.value, 1);
 * }
 * assertEquals(seats.value, 2);
 * ```
 */
export class Semaphore implements Pollable {
  static {
    declare(this);
  }

  readonly #memory: Memory<"Semaphore">;
  readonly #permits: Permits;
  readonly #guarded: Guarded = { releaseBy: () => this.release() };

  /**
   * Allocates a semaphore, or uses that of another thread.
   *
   * @param from How many permits are free at first, by default 1; or what
   * another thread shared.
   * @throws {RangeError} If the number is not a whole one from 0 to 268,435,455.
   */
  constructor(from: number | Handle<"Semaphore"> = 1) {
    const fresh = typeof from === "number";
    if (fresh) checkPermits("make a Semaphore with", from, 0);
    this.#memory = memoryOf("Semaphore", fresh ? undefined : from);
    if (fresh) this.#memory.words[OWN] = from;
    this.#permits = new Permits(this.#memory);
  }

  /**
   * Uses the semaphore of another thread.
   *
   * @throws {TypeError} If the handle is that of something else.
   */
  static attach(handle: Handle<"Semaphore">): Semaphore {
    return new Semaphore(handleOf("Semaphore", handle));
  }

  /** What another thread attaches to. */
  share(): Handle<"Semaphore"> {
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
   * Gives permits; any thread may, also more than it took.
   *
   * @param n How many, at least 1.
   * @throws {RangeError} If `n` is none, or if there would be more than
   * 268,435,455.
   */
  release(n = 1): void {
    checkPermits("release", n, 1);
    if (!this.#permits.give(n, MAX_PERMITS)) {
      throw new RangeError(
        `Cannot release the Semaphore: it would hold over ${MAX_PERMITS} permits`,
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
