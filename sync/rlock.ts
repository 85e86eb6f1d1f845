import { type Guarded, OnceGuard } from "./_guard.ts";
import { handleOf, type Memory, memoryOf } from "./_memory.ts";
import { Mutex } from "./_mutex.ts";
import { OWN } from "./_nodes.ts";
import { declare } from "./_primitives.ts";
import { currentScope, isWithin, runLocking } from "./_scope.ts";
import { settled } from "./_settled.ts";
import { type Resume, suspenders } from "./_suspend.ts";
import type { Guard } from "./guard.ts";
import type { Handle } from "./handle.ts";
import { checkWait, type WaitOptions } from "./wait_options.ts";

/** Words that only the thread that holds the lock reads and writes. */
const TASK = OWN + 1;
const COUNT = OWN + 2;

/** Owner of what the blocking forms acquire: the thread. */
const THREAD = 0;

/**
 * A {@linkcode Lock} that its owner may acquire again; it is free when it was
 * released as often as it was acquired.
 *
 * The owner of the blocking forms is the thread. The owner of the asynchronous
 * forms is the task (see {@linkcode spawn}), or what {@linkcode withLock} calls
 * with all that it calls, so several asynchronous functions of one thread never
 * get in together. Only the owner releases.
 *
 * Source: CPython `threading.RLock`.
 *
 * @example
 * ```ts
 * import { RLock } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const lock = new RLock();
 * const inner = () => lock.withLockSync(() => lock.count);
 * assertEquals(lock.withLockSync(inner), 2);
 * assertEquals(await lock.withLock(() => lock.withLock(() => lock.count)), 2);
 * assertEquals(lock.locked, false);
 * ```
 */
export class RLock {
  static {
    declare(this);
  }

  static {
    suspenders.rlock = (lock) => lock.#suspend();
  }

  readonly #memory: Memory<"RLock">;
  readonly #words: Int32Array;
  readonly #mutex: Mutex;
  readonly #guarded: Guarded = {
    releaseBy: (acquisition) => {
      const mutex = this.#mutex;
      if (mutex.isMine && mutex.acquisition === acquisition) this.#leave();
    },
  };

  /**
   * Allocates a lock, or uses that of another thread.
   *
   * @param from What another thread shared.
   */
  constructor(from?: Handle<"RLock">) {
    this.#memory = memoryOf("RLock", from);
    this.#words = this.#memory.words;
    this.#mutex = new Mutex(this.#memory);
  }

  /**
   * Uses the lock of another thread.
   *
   * @throws {TypeError} If the handle is that of something else.
   */
  static attach(handle: Handle<"RLock">): RLock {
    return new RLock(handleOf("RLock", handle));
  }

  /** What another thread attaches to. */
  share(): Handle<"RLock"> {
    return this.#memory.handle;
  }

  /** Whether somebody holds it. */
  get locked(): boolean {
    return this.#mutex.isHeld;
  }

  /** Whether it is held by the task that asks, or by the thread. */
  get owned(): boolean {
    if (!this.#mutex.isMine) return false;
    const owner = this.#words[TASK]!;
    return owner === THREAD || isWithin(owner);
  }

  /** How often the one who asks has acquired it. */
  get count(): number {
    return this.owned ? this.#words[COUNT]! : 0;
  }

  /** How many wait for it, in all threads. */
  get waiting(): number {
    return this.#mutex.queue.nodes.count();
  }

  /** As {@linkcode Lock.ownerDied}. */
  get ownerDied(): boolean {
    return this.#mutex.ownerDied;
  }

  /**
   * As {@linkcode Lock.markConsistent}.
   *
   * @throws {TypeError} If this thread does not hold the lock.
   */
  markConsistent(): void {
    this.#mutex.markConsistent();
  }

  /**
   * Waits until the task that calls holds the lock, once more if it does.
   *
   * If aborted or timed out, nothing is held that was not before.
   *
   * @throws {TypeError} Outside of a task: use {@linkcode withLock}.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws {DeadlockError} See {@linkcode Lock.detectDeadlocks}.
   * @throws The reason of the signal, if it is aborted.
   */
  async acquire(options?: WaitOptions): Promise<Guard> {
    const task = currentScope();
    if (task === undefined) {
      throw new TypeError(
        "Cannot acquire the RLock outside of a task: there is nobody to own it, " +
          "use withLock() or spawn()",
      );
    }
    checkWait(options);
    if (this.#again() || this.#tryTake(task.id)) return this.#hold();
    let guard: Guard | undefined;
    const attempt = (node: number) => {
      const isAgain = this.#isOf(task.id);
      if (isAgain) this.#words[COUNT]!++;
      else if (!this.#mutex.tryTakeFor(node, task.id)) return false;
      else this.#own(task.id, 1);
      guard = this.#hold(); // later the lock may be another's
      return true;
    };
    await this.#mutex.join(attempt, options);
    return guard!;
  }

  /**
   * Blocks this thread until it holds the lock, once more if it does.
   *
   * If timed out, nothing is held that was not before.
   *
   * @throws {TypeError} If a task of this thread holds it: it could not go on.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws {DeadlockError} See {@linkcode Lock.detectDeadlocks}.
   */
  acquireSync(options?: Pick<WaitOptions, "timeoutMs">): Guard {
    this.#enterSync(options);
    return this.#hold();
  }

  /**
   * Acquires the lock for the task that calls, or else for the thread, if that
   * can be done now; `undefined` if not.
   */
  tryAcquire(): Guard | undefined {
    const owner = currentScope()?.id ?? THREAD;
    return this.#again() || this.#tryTake(owner) ? this.#hold() : undefined;
  }

  /**
   * Undoes one acquisition of the one who calls.
   *
   * @throws {TypeError} If that holds nothing.
   */
  release(): void {
    if (!this.owned) {
      throw new TypeError(
        "Cannot release the RLock: neither this task nor this thread holds it",
      );
    }
    this.#leave();
  }

  /**
   * Calls a function while its task holds the lock; it becomes a task of its own
   * if it is not part of one.
   *
   * @param fn What to call; may be asynchronous.
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
    return runLocking(this.#memory.words, run);
  }

  /**
   * Calls a function while this thread holds the lock.
   *
   * @param fn What to call; must not be asynchronous.
   * @returns What it returns.
   * @throws What it throws, and as {@linkcode acquireSync}.
   * @throws {TypeError} If it returned a promise; see {@linkcode withLock}.
   */
  withLockSync<T>(fn: () => T, options?: Pick<WaitOptions, "timeoutMs">): T {
    const guard = this.acquireSync(options);
    try {
      return settled(fn(), "withLockSync()", "withLock()");
    } finally {
      guard.release();
    }
  }

  #enterSync(options?: Pick<WaitOptions, "timeoutMs">): void {
    checkWait(options);
    if (this.#again()) return;
    if (this.#mutex.isMine) {
      throw new TypeError(
        "Cannot block for the RLock: a task of this thread holds it, and could " +
          "not go on; use withLock()",
      );
    }
    this.#mutex.takeSync(options);
    this.#own(THREAD, 1);
  }

  /** Acquires it once more, if the one who asks holds it. */
  #again(): boolean {
    if (!this.owned) return false;
    this.#words[COUNT]!++;
    return true;
  }

  #tryTake(owner: number): boolean {
    const mutex = this.#mutex;
    if (owner === THREAD) {
      if (!mutex.tryTakeSync()) return false;
    } else if (!mutex.queue.isIdle || !mutex.tryTake()) {
      return false;
    }
    this.#own(owner, 1);
    return true;
  }

  #isOf(owner: number): boolean {
    return this.#mutex.isMine && this.#words[TASK] === owner;
  }

  #own(owner: number, count: number): void {
    this.#words[TASK] = owner;
    this.#words[COUNT] = count;
  }

  /** A guard of one level of this acquisition. */
  #hold(): Guard {
    const { acquisition } = this.#mutex;
    return new OnceGuard(this.#guarded, acquisition);
  }

  #leave(): void {
    if (--this.#words[COUNT]! === 0) this.#mutex.release();
  }

  #suspend(): Resume {
    const owner = this.#words[TASK]!;
    const count = this.#words[COUNT]!;
    return this.#mutex.suspend(() => this.#own(owner, count));
  }
}
