import { OnceGuard } from "./_guard.ts";
import { handleOf, type Memory, memoryOf } from "./_memory.ts";
import { Mutex } from "./_mutex.ts";
import { declare } from "./_primitives.ts";
import { runLocking } from "./_scope.ts";
import { settled } from "./_settled.ts";
import { suspenders } from "./_suspend.ts";
import { detectDeadlocks, graph } from "./_wait_graph.ts";
import type { Guard } from "./guard.ts";
import type { Handle } from "./handle.ts";
import type { Pollable } from "./pollable.ts";
import type { WaitOptions } from "./wait_options.ts";

/**
 * At most one holder at a time, in all threads.
 *
 * The holder is a thread, but any thread may release. A second `acquire` by the
 * holder waits as any other does; {@linkcode RLock} is the one that lets it in.
 * Waiters that block get it in the order of their arrival, once the first has
 * waited for more than 1 ms; before that, whoever comes at the right moment.
 *
 * A thread that returns leaves its locks held. When it dies (by an error that
 * nobody caught, `Deno.exit()`, or `terminate()`), the next `acquire` succeeds and
 * finds {@linkcode Lock.ownerDied} set.
 *
 * Source: CPython `threading.Lock`; POSIX `pthread_mutexattr_setrobust`.
 *
 * @example
 * ```ts
 * import { Lock, SharedValue } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const lock = new Lock();
 * const total = new SharedValue("i32", 0);
 * lock.withLockSync(() => total.set(total.get() + 1)); // in any thread
 * assertEquals(total.get(), 1);
 * ```
 */
export class Lock implements Pollable {
  static {
    declare(this);
  }

  static {
    suspenders.lock = (lock) => lock.#mutex.suspend();
  }

  readonly #memory: Memory<"Lock">;
  readonly #mutex: Mutex;

  /**
   * Allocates a lock, or uses that of another thread.
   *
   * @param from What another thread shared; see {@linkcode Lock.attach}.
   */
  constructor(from?: Handle<"Lock">) {
    this.#memory = memoryOf("Lock", from);
    this.#mutex = new Mutex(this.#memory);
  }

  /**
   * Uses the lock of another thread.
   *
   * @throws {TypeError} If the handle is that of something else.
   */
  static attach(handle: Handle<"Lock">): Lock {
    return new Lock(handleOf("Lock", handle));
  }

  /**
   * Reports deadlocks from now on, or no more: a wait for a `Lock`, an `RLock` or
   * the writer of an `RwLock`, without timeout and signal, that would close a
   * circle of waits throws a {@linkcode DeadlockError}.
   *
   * The circle is one of threads, by the blocking forms, and of tasks: what
   * {@linkcode spawn} or `withLock()` runs. A task is taken for one flow of
   * control, so run what goes on beside it in tasks of its own; only if it waits
   * for what it acquired itself, it may be another branch, and is not reported.
   * What is acquired asynchronously outside of a task is not seen.
   *
   * It holds for this thread and for all threads started after. What was
   * acquired before is not known.
   */
  static detectDeadlocks(on: boolean): void {
    detectDeadlocks(on);
  }

  /** What another thread attaches to. */
  share(): Handle<"Lock"> {
    return this.#memory.handle;
  }

  /** Whether somebody holds it. */
  get locked(): boolean {
    return this.#mutex.isHeld;
  }

  /** Whether this thread holds it, by whatever object. */
  get owned(): boolean {
    return this.#mutex.isMine;
  }

  /** How many wait for it, in all threads. */
  get waiting(): number {
    return this.#mutex.queue.nodes.count();
  }

  /**
   * Whether a holder died and nobody has called {@linkcode markConsistent}
   * since: what the lock protects may be half-changed.
   */
  get ownerDied(): boolean {
    return this.#mutex.ownerDied;
  }

  /**
   * Says that what the lock protects is in order again.
   *
   * @throws {TypeError} If this thread does not hold the lock.
   */
  markConsistent(): void {
    this.#mutex.markConsistent();
  }

  /**
   * Waits until this thread holds the lock.
   *
   * If aborted or timed out, nothing is held, and nobody else waits longer.
   *
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws {DeadlockError} See {@linkcode Lock.detectDeadlocks}.
   * @throws The reason of the signal, if it is aborted.
   */
  acquire(options?: WaitOptions): Promise<Guard> {
    const mutex = this.#mutex;
    if (options === undefined && mutex.queue.isIdle && mutex.tryTake()) {
      return Promise.resolve(this.#hold());
    }
    return mutex.take(options).then((number) => this.#hold(number));
  }

  /**
   * Blocks this thread until it holds the lock.
   *
   * If timed out, nothing is held, and nobody else waits longer.
   *
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws {DeadlockError} See {@linkcode Lock.detectDeadlocks}.
   */
  acquireSync(options?: Pick<WaitOptions, "timeoutMs">): Guard {
    if (options !== undefined || !this.#mutex.tryTakeSync()) {
      this.#mutex.takeSync(options);
    }
    return this.#hold();
  }

  /** Acquires the lock if it is free; `undefined` if it is not. */
  tryAcquire(): Guard | undefined {
    return this.#mutex.tryTake() ? this.#hold() : undefined;
  }

  /**
   * Gives the lock back; any thread may. Guards of this acquisition are spent.
   *
   * @throws {TypeError} If nobody holds the lock.
   */
  release(): void {
    this.#mutex.release();
  }

  /**
   * Calls a function while this thread holds the lock: faster than a guard.
   *
   * @param fn What to call; may be asynchronous, then the lock is held until its
   * promise has settled.
   * @returns What it returns.
   * @throws What it throws, and as {@linkcode acquire}.
   */
  withLock<T>(fn: () => T | Promise<T>, options?: WaitOptions): Promise<T> {
    const run = async () => {
      const guard = await this.acquire(options);
      try {
        return await fn();
      } finally {
        guard.release();
      }
    };
    return graph === undefined ? run() : runLocking(this.#memory.words, run);
  }

  /**
   * Calls a function while this thread holds the lock: faster than a guard.
   *
   * @param fn What to call; must not be asynchronous.
   * @returns What it returns.
   * @throws What it throws, and as {@linkcode acquireSync}.
   * @throws {TypeError} If it returned a promise; see {@linkcode withLock}.
   */
  withLockSync<T>(fn: () => T, options?: Pick<WaitOptions, "timeoutMs">): T {
    const mutex = this.#mutex;
    if (options !== undefined || !mutex.tryTakeSync()) mutex.takeSync(options);
    const { acquisition } = mutex;
    try {
      return settled(fn(), "withLockSync()", "withLock()");
    } finally {
      mutex.releaseBy(acquisition);
    }
  }

  /** Whether the lock is free. */
  get ready(): boolean {
    return this.#mutex.isOpen(-1);
  }

  /**
   * Waits until the lock is free; does not acquire it.
   *
   * If aborted or timed out, nothing has changed.
   *
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws The reason of the signal, if it is aborted.
   */
  whenReady(options?: WaitOptions): Promise<void> {
    return this.#mutex.poll(options);
  }

  #hold(acquisition = this.#mutex.acquisition): Guard {
    return new OnceGuard(this.#mutex, acquisition);
  }
}
