import { timeoutError } from "./_errors.ts";
import { OnceGuard } from "./_guard.ts";
import { deafen, listen, parkUntil, ring } from "./_mailbox.ts";
import { handleOf, type Memory, memoryOf } from "./_memory.ts";
import { Mutex } from "./_mutex.ts";
import { PRIMITIVE_WORDS } from "./_nodes.ts";
import { declare } from "./_primitives.ts";
import { READER_WORDS, Readers } from "./_readers.ts";
import type { Guard } from "./guard.ts";
import type { Handle } from "./handle.ts";
import {
  checkWait,
  isTimeout,
  waitFor,
  type WaitOptions,
} from "./wait_options.ts";

/**
 * Many readers at a time, or one writer.
 *
 * ```
 *             write(): no new readers        the last reader leaves
 *   reading ──────────────────────────► draining ──────────────────► writing
 *      ▲                                    │ time over, aborted         │
 *      └────────────────────────────────────┴────────────────────────────┘
 * ```
 *
 * Who comes while a writer waits, waits behind it: so writers do not starve. And
 * whoever has waited for more than 1 ms, blocking, is not overtaken. As with a
 * {@linkcode Lock}, what a dead thread held is recovered; but not the reads of
 * more than 64 threads at a time.
 *
 * Source: POSIX `pthread_rwlock_rdlock`; Courtois, Heymans and Parnas,
 * "Concurrent control with readers and writers", CACM 14 (1971).
 *
 * @example
 * ```ts
 * import { RwLock } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const lock = new RwLock();
 * {
 *   using _first = await lock.read();
 *   using _second = await lock.read();
 *   assertEquals([lock.readers, lock.tryWrite()], [2, undefined]);
 * }
 * using _written = await lock.write();
 * assertEquals(lock.tryRead(), undefined);
 * ```
 */
export class RwLock {
  static {
    declare(this);
  }

  readonly #memory: Memory<"RwLock">;
  readonly #mutex: Mutex;
  readonly #readers: Readers;

  /**
   * Allocates a lock, or uses that of another thread.
   *
   * @param from What another thread shared.
   */
  constructor(from?: Handle<"RwLock">) {
    this.#memory = memoryOf("RwLock", from, READER_WORDS);
    const { words, registry } = this.#memory;
    this.#mutex = new Mutex(this.#memory);
    this.#readers = new Readers(words, registry, PRIMITIVE_WORDS);
  }

  /**
   * Uses the lock of another thread.
   *
   * @throws {TypeError} If the handle is that of something else.
   */
  static attach(handle: Handle<"RwLock">): RwLock {
    return new RwLock(handleOf("RwLock", handle));
  }

  /** What another thread attaches to. */
  share(): Handle<"RwLock"> {
    return this.#memory.handle;
  }

  /** How many read; one that comes to look whether it may counts for that time. */
  get readers(): number {
    return this.#readers.count;
  }

  /** Whether somebody writes, or is to as soon as the readers have left. */
  get writing(): boolean {
    return this.#mutex.isHeld;
  }

  /** How many wait, in all threads; a writer no more once it only waits for readers. */
  get waiting(): number {
    return this.#mutex.queue.nodes.count();
  }

  /** Whether a writer died; see {@linkcode Lock.ownerDied}. */
  get ownerDied(): boolean {
    return this.#mutex.ownerDied;
  }

  /**
   * As {@linkcode Lock.markConsistent}.
   *
   * @throws {TypeError} If this thread does not write.
   */
  markConsistent(): void {
    this.#mutex.markConsistent();
  }

  /**
   * Waits until nobody writes, and keeps writers out.
   *
   * If aborted or timed out, nothing is held.
   *
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws {DeadlockError} See {@linkcode Lock.detectDeadlocks}.
   * @throws The reason of the signal, if it is aborted.
   */
  async read(options?: WaitOptions): Promise<Guard> {
    checkWait(options);
    if (!this.#mutex.queue.isIdle || !this.#tryRead(TRY)) {
      await this.#mutex.join((node) => this.#tryRead(node), options);
    }
    return this.#reading();
  }

  /**
   * Blocks this thread until nobody writes, and keeps writers out. A thread that
   * reads already reads once more, even if a writer waits.
   *
   * If timed out, nothing is held.
   *
   * @throws {TypeError} If this thread writes.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws {DeadlockError} See {@linkcode Lock.detectDeadlocks}.
   */
  readSync(options?: Pick<WaitOptions, "timeoutMs">): Guard {
    checkWait(options);
    if (this.#readers.mine > 0) {
      this.#readers.add(); // a writer that waits for this thread has to, still
    } else if (!this.#tryRead(TRY)) {
      this.#mustNot("read", this.#mutex.isMine, "writes");
      this.#mutex.joinSync((node) => this.#tryRead(node), options);
    }
    return this.#reading();
  }

  /** Reads if nobody writes or waits to; `undefined` if somebody does. */
  tryRead(): Guard | undefined {
    return this.#tryRead(TRY) ? this.#reading() : undefined;
  }

  /**
   * Waits until nobody reads or writes, and keeps all out.
   *
   * If aborted or timed out, nothing is held, and readers go on.
   *
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws {DeadlockError} See {@linkcode Lock.detectDeadlocks}.
   * @throws The reason of the signal, if it is aborted.
   */
  async write(options: WaitOptions = {}): Promise<Guard> {
    const timeoutMs = checkWait(options);
    const deadline = performance.now() + timeoutMs;
    const acquisition = await this.#mutex.take(options);
    const drained = Promise.withResolvers<void>();
    const { registry } = this.#memory;
    const listener = {
      onRing: () => void (this.#readers.count === 0 && drained.resolve()),
    };
    listen(registry, listener);
    listener.onRing();
    try {
      const left = Math.max(0, deadline - performance.now());
      await waitFor(drained.promise, { ...options, timeoutMs: left });
    } catch (error) {
      this.#mutex.releaseBy(acquisition);
      throw isTimeout(error, options.signal) ? late(timeoutMs) : error;
    } finally {
      deafen(registry, listener);
    }
    return new OnceGuard(this.#mutex, acquisition);
  }

  /**
   * Blocks this thread until nobody reads or writes, and keeps all out.
   *
   * If timed out, nothing is held, and readers go on.
   *
   * @throws {TypeError} If this thread reads or writes.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws {DeadlockError} See {@linkcode Lock.detectDeadlocks}.
   */
  writeSync(options?: Pick<WaitOptions, "timeoutMs">): Guard {
    const timeoutMs = checkWait(options);
    const deadline = performance.now() + timeoutMs;
    this.#mustNot("write", this.#readers.mine > 0, "reads");
    this.#mustNot("write", this.#mutex.isMine, "writes");
    this.#mutex.takeSync(options);
    const drained = () => this.#readers.count === 0;
    if (!parkUntil(this.#memory.registry, deadline, drained)) {
      this.#mutex.release();
      throw late(timeoutMs);
    }
    return this.#writing();
  }

  /** Writes if nobody reads or writes; `undefined` if somebody does. */
  tryWrite(): Guard | undefined {
    if (!this.#mutex.tryTakeSync()) return undefined;
    if (this.#readers.count === 0) return this.#writing();
    this.#mutex.release();
    return undefined;
  }

  /** Counts as a reader first, then looks: a writer does it the other way. */
  #tryRead(node: number): boolean {
    this.#readers.add();
    if (this.#mutex.isOpen(node)) return true;
    this.#stopReading();
    return false;
  }

  #stopReading(): void {
    this.#readers.remove();
    const { holder } = this.#mutex;
    if (holder !== 0) ring(this.#memory.registry, holder); // it may wait for this
  }

  #reading(): Guard {
    return new OnceGuard({ releaseBy: () => this.#stopReading() });
  }

  #writing(): Guard {
    return new OnceGuard(this.#mutex, this.#mutex.acquisition);
  }

  #mustNot(what: string, own: boolean, does: string): void {
    if (!own) return;
    throw new TypeError(
      `Cannot block to ${what}: this thread ${does}, and could not end that`,
    );
  }
}

/** Of an attempt that leaves no trace. */
const TRY = -1;

function late(timeoutMs: number): DOMException {
  return timeoutError("acquire the RwLock", timeoutMs);
}
