import { timeoutError } from "./_errors.ts";
import { handleOf, type Memory, memoryOf } from "./_memory.ts";
import { Notices } from "./_notices.ts";
import { declare } from "./_primitives.ts";
import { settled } from "./_settled.ts";
import { type Resume, suspenders } from "./_suspend.ts";
import type { Guard } from "./guard.ts";
import type { Handle } from "./handle.ts";
import { Lock } from "./lock.ts";
import { RLock } from "./rlock.ts";
import { checkWait, isTimeout, type WaitOptions } from "./wait_options.ts";

/** What another thread attaches a {@linkcode Condition} to. */
export interface ConditionHandle extends Handle<"Condition"> {
  /** The lock of the condition. */
  readonly lock: Handle<"Lock"> | Handle<"RLock">;
}

/**
 * Waiting for something to change that a lock protects.
 *
 * Who holds the lock looks at the state, and waits if it is not as it should be;
 * waiting gives the lock back, and takes it again before it returns, also by
 * timeout or abort, so it may last longer than `timeoutMs`. Who changes the state
 * notifies. `notify(n)` ends exactly `n` waits, or all if there are fewer: none
 * ends by itself, and one that timed out, was aborted or died takes nothing from
 * the others.
 *
 * Source: CPython `threading.Condition`; POSIX `pthread_cond_wait`.
 *
 * @example
 * ```ts
 * import { Condition } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const condition = new Condition();
 * let full = false; // shared memory, if it is another thread
 * const waited = condition.withLock(() => condition.waitFor(() => full));
 * await condition.withLock(() => {
 *   full = true;
 *   condition.notify();
 * });
 * assertEquals(await waited, true);
 * ```
 */
export class Condition {
  static {
    declare(this);
  }

  /** The lock that protects what is waited for. */
  readonly lock: Lock | RLock;
  readonly #memory: Memory<"Condition">;
  readonly #notices: Notices;

  /**
   * Makes a condition, or uses that of another thread.
   *
   * @param from Its lock, by default a new {@linkcode RLock}; or what another
   * thread shared.
   */
  constructor(from: Lock | RLock | ConditionHandle = new RLock()) {
    const isLock = from instanceof Lock || from instanceof RLock;
    this.lock = isLock ? from : lockOf(from);
    this.#memory = memoryOf("Condition", isLock ? undefined : from);
    this.#notices = new Notices(this.#memory);
  }

  /**
   * Uses the condition of another thread, with its lock.
   *
   * @throws {TypeError} If the handle is that of something else.
   */
  static attach(handle: ConditionHandle): Condition {
    return new Condition(handleOf("Condition", handle));
  }

  /** What another thread attaches to. */
  share(): ConditionHandle {
    return { ...this.#memory.handle, lock: this.lock.share() };
  }

  /** How many wait to be notified, in all threads. */
  get waiting(): number {
    return this.#notices.waiting;
  }

  /** Acquires the lock; see {@linkcode Lock.acquire}. */
  acquire(options?: WaitOptions): Promise<Guard> {
    return this.lock.acquire(options);
  }

  /** Acquires the lock; see {@linkcode Lock.acquireSync}. */
  acquireSync(options?: Pick<WaitOptions, "timeoutMs">): Guard {
    return this.lock.acquireSync(options);
  }

  /** Acquires the lock if it is free; see {@linkcode Lock.tryAcquire}. */
  tryAcquire(): Guard | undefined {
    return this.lock.tryAcquire();
  }

  /** Releases the lock; see {@linkcode Lock.release}. */
  release(): void {
    this.lock.release();
  }

  /** Calls a function while the lock is held; see {@linkcode Lock.withLock}. */
  withLock<T>(fn: () => T | Promise<T>, options?: WaitOptions): Promise<T> {
    return this.lock.withLock(fn, options);
  }

  /** Calls a function while the lock is held; see {@linkcode Lock.withLockSync}. */
  withLockSync<T>(fn: () => T, options?: Pick<WaitOptions, "timeoutMs">): T {
    return this.lock.withLockSync(fn, options);
  }

  /**
   * Gives the lock back, waits to be notified, and takes the lock again.
   *
   * If aborted or timed out, the lock is held again, and no notification was
   * taken from anybody.
   *
   * @throws {TypeError} If the lock is not held.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws The reason of the signal, if it is aborted.
   */
  async wait(options: WaitOptions = {}): Promise<void> {
    const timeoutMs = checkWait(options);
    this.#mustBeHeld("wait");
    const noticed = this.#notices.wait(options, () => late(timeoutMs));
    noticed.catch(() => {}); // it is awaited once the lock is given back
    const { resume } = this.#suspend();
    try {
      await noticed;
    } finally {
      await resume();
    }
  }

  /**
   * Gives the lock back, blocks until notified, and takes the lock again.
   *
   * If timed out, the lock is held again, and no notification was taken from
   * anybody.
   *
   * @throws {TypeError} If the lock is not held.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   */
  waitSync(options?: Pick<WaitOptions, "timeoutMs">): void {
    const timeoutMs = checkWait(options);
    this.#mustBeHeld("wait");
    const ticket = this.#notices.enter();
    const { resumeSync } = this.#suspend();
    try {
      if (!this.#notices.waitSync(ticket, timeoutMs)) throw late(timeoutMs);
    } finally {
      resumeSync();
    }
  }

  /**
   * Waits until a predicate holds; it is called with the lock held, at first and
   * after each notification.
   *
   * If aborted or timed out, as {@linkcode wait}. `timeoutMs` is for the whole
   * call.
   *
   * @returns What the predicate answered.
   * @throws What the predicate throws, and as {@linkcode wait}.
   * @throws {TypeError} If the predicate returns a promise.
   */
  async waitFor<T>(
    predicate: () => T,
    options: WaitOptions = {},
  ): Promise<T> {
    const deadline = performance.now() + checkWait(options);
    this.#mustBeHeld("wait");
    for (;;) {
      const answer = asked(predicate);
      if (answer) return answer;
      const left = deadline - performance.now();
      if (left <= 0) throw late(options.timeoutMs!);
      try {
        await this.wait({ ...options, timeoutMs: left });
      } catch (error) {
        if (!isTimeout(error, options.signal)) throw error;
      }
    }
  }

  /**
   * Blocks until a predicate holds; see {@linkcode waitFor}.
   *
   * @returns What the predicate answered.
   * @throws What the predicate throws, and as {@linkcode waitSync}.
   */
  waitForSync<T>(
    predicate: () => T,
    options?: Pick<WaitOptions, "timeoutMs">,
  ): T {
    const deadline = performance.now() + checkWait(options);
    this.#mustBeHeld("wait");
    for (;;) {
      const answer = asked(predicate);
      if (answer) return answer;
      const left = deadline - performance.now();
      if (left <= 0) throw late(options!.timeoutMs!);
      try {
        this.waitSync({ timeoutMs: left });
      } catch (error) {
        if (!isTimeout(error)) throw error;
      }
    }
  }

  /**
   * Ends waits: those that block, and the tasks of one thread, in the order in
   * which they began.
   *
   * @param n How many, if so many wait.
   * @throws {TypeError} If the lock is not held.
   * @throws {RangeError} If `n` is not a whole number of 0 or more.
   */
  notify(n = 1): void {
    if (!(Number.isInteger(n) && n >= 0)) {
      throw new RangeError(
        `Cannot notify ${n}: it must be a whole number of 0 or more`,
      );
    }
    this.#mustBeHeld("notify");
    this.#notices.give(n);
  }

  /**
   * Ends all waits.
   *
   * @throws {TypeError} If the lock is not held.
   */
  notifyAll(): void {
    this.#mustBeHeld("notify");
    this.#notices.give(Infinity);
  }

  #mustBeHeld(what: string): void {
    if (this.lock.owned) return;
    throw new TypeError(
      `Cannot ${what}: the lock of the Condition must be held, acquire it first`,
    );
  }

  #suspend(): Resume {
    const { lock } = this;
    return lock instanceof Lock
      ? suspenders.lock!(lock)
      : suspenders.rlock!(lock);
  }
}

function lockOf({ lock }: ConditionHandle): Lock | RLock {
  return lock.type === "Lock"
    ? Lock.attach(lock as Handle<"Lock">)
    : RLock.attach(lock as Handle<"RLock">);
}

function asked<T>(predicate: () => T): T {
  return settled(predicate(), "the predicate", "a function that is not");
}

function late(timeoutMs: number): DOMException {
  return timeoutError("wait for the Condition", timeoutMs);
}
