import { Alarm } from "./_alarm.ts";
import { POLLERR, POLLIN, POLLNVAL, POLLOUT } from "./event_bits.ts";
import {
  type Readiness,
  readiness,
  type Watchable,
  type Watcher,
  Watchers,
} from "./readiness.ts";
import { checkWait, type WaitOptions } from "../sync/wait_options.ts";

/**
 * What a {@linkcode Source} reads from: a socket, a listener, a stream.
 *
 * The source calls `read()` only while no earlier call is unsettled.
 */
export interface Inlet<T> {
  /** Verb and object for error messages: "receive a datagram". */
  readonly action: string;
  /** Starts one operation; the source owns whatever buffer it fills. */
  read(): Promise<T>;
  /** Gives the resource back; an operation under way then settles soon. */
  close(): void;
  /** Releases an item that nobody took, for example an accepted connection. */
  discard?(item: T): void;
  /** Whether something can be sent there at any time: then it is writable. */
  readonly writable?: boolean;
}

interface Waiter<T> {
  accept: (item: T) => unknown;
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
  timeoutMs: number;
  deadline: number;
  signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined;
}

type Held<T> = { item: T } | { error: unknown };

/**
 * The one owner of an outstanding operation.
 *
 * Nothing that waits on a socket can be cancelled in Deno: a read that its
 * caller has given up still takes the next bytes. So one object owns the read
 * and its buffer. At most one operation is outstanding; a caller that times out
 * or aborts walks away, the operation stays, and what it brings is kept for the
 * next caller. Nothing is read unless somebody asked, so the kernel's buffer
 * does the queueing and the memory here is bounded by one item.
 *
 * ```
 *  state    operation  item  waiters │ take()           operation ends
 *  ──────────────────────────────────┼──────────────────────────────────────────
 *  idle        no       no     0     │ reading          –
 *  reading     yes      no     0..n  │ waits in line    first waiter that accepts:
 *                                    │                    reading while others wait,
 *                                    │                    else idle
 *                                    │                  all decline: discarded, reading
 *                                    │                  nobody waits: holding
 *  holding     no       yes    0     │ accepts: idle    –
 *                                    │ declines: item
 *                                    │ discarded,
 *                                    │ reading
 *  closed      yes/no   no     0     │ BadResource      item discarded, error dropped
 * ```
 *
 * Abort and timeout only remove the waiter. `close()` rejects every waiter with
 * `Interrupted` and leads to closed from everywhere. An operation that fails is
 * an item like any other: the first waiter, or the next caller, gets its error.
 *
 * Callers are served in the order in which they came. One may decline an item
 * (an answer to somebody else's question), which is then offered to the next in
 * line. From within `accept` a caller may call back, abort or close: it still
 * gets the item if it accepts.
 *
 * @typeParam T What one operation brings; `undefined` is not allowed.
 *
 * @example Time out without losing what comes later
 * ```ts
 * import { Source } from "@lockstep/lockstep/mux";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const { promise, resolve } = Promise.withResolvers<string>();
 * using source = new Source({
 *   action: "read a word",
 *   read: () => promise,
 *   close: () => {},
 * });
 * await assertRejects(() => source.take((word) => word, { timeoutMs: 5 }));
 * resolve("late");
 * assertEquals(await source.take((word) => word), "late");
 * ```
 */
export class Source<T> implements Watchable, Readiness {
  readonly #inlet: Inlet<T>;
  readonly #waiters: Set<Waiter<T>> = new Set();
  readonly #alarm: Alarm = new Alarm(() => this.#expire());
  readonly #onItem = (item: T): void => this.#arrived({ item });
  readonly #onError = (error: unknown): void => this.#arrived({ error });
  #held: Held<T> | undefined;
  /** Whether an operation is under way, or what it brought is looked at. */
  #busy = false;
  /** Who looks at it; neither abort nor close may take it away from him. */
  #offered: Waiter<T> | undefined;
  #closed = false;
  #settled: PromiseWithResolvers<void> | undefined;
  readonly #watchers: Watchers = new Watchers();

  /**
   * Takes charge of an inlet; nothing is read yet.
   *
   * @param inlet Where items come from. From now on nobody else may read it.
   */
  constructor(inlet: Inlet<T>) {
    this.#inlet = inlet;
  }

  /** Whether {@linkcode take} would have something to offer at once. */
  get readable(): boolean {
    return this.#held !== undefined;
  }

  /** What is ready: itself. */
  get [readiness](): Readiness {
    return this;
  }

  /** See {@linkcode Readiness.events}. */
  get events(): number {
    if (this.#closed) return POLLNVAL;
    const out = this.#inlet.writable ? POLLOUT : 0;
    if (this.#held === undefined) return out;
    return out | ("error" in this.#held ? POLLIN | POLLERR : POLLIN);
  }

  /** See {@linkcode Readiness.arm}. */
  arm(events: number): void {
    if ((events & POLLIN) !== 0 && this.#held === undefined) this.#read();
  }

  /** See {@linkcode Readiness.watch}. */
  watch(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  /** See {@linkcode Readiness.unwatch}. */
  unwatch(watcher: Watcher): void {
    this.#watchers.delete(watcher);
  }

  /** Whether {@linkcode close} was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Number of callers in line. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Waits for the next item that the caller accepts.
   *
   * If aborted or timed out, nothing was taken: what the operation brings later
   * goes to the next caller.
   *
   * @param accept Called with an item as soon as it is there, before the next
   * operation may overwrite the buffer; copies what it needs out of it. It
   * answers `undefined` to decline; what it throws, the caller gets.
   * @param options Timeout and abort signal.
   * @returns What `accept` answered.
   * @throws {Deno.errors.BadResource} If the source is closed.
   * @throws {Deno.errors.Interrupted} If it is closed while waiting.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws The error of the operation, if it failed.
   */
  take<R>(
    accept: (item: T) => R | undefined,
    options?: WaitOptions,
  ): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const timeoutMs = checkWait(options); // what it throws, rejects
      this.#throwIfClosed();
      const signal = options?.signal;
      const waiter = newWaiter(accept, resolve, reject, timeoutMs, signal);
      if (this.#offerHeld(waiter)) return;
      this.#throwIfClosed(); // accept may have done that
      signal?.throwIfAborted();
      if (timeoutMs < Infinity) {
        waiter.deadline = performance.now() + timeoutMs;
        this.#alarm.set(waiter.deadline);
      }
      if (signal !== undefined) {
        waiter.onAbort = () => {
          if (waiter === this.#offered) return;
          this.#leave(waiter);
          reject(signal.reason);
        };
        signal.addEventListener("abort", waiter.onAbort);
      }
      this.#waiters.add(waiter);
      this.#read();
    });
  }

  /**
   * Takes an item if one is there, and never waits.
   *
   * Starts an operation if there was nothing, so that trying again later can
   * succeed.
   *
   * @param accept As for {@linkcode take}.
   * @returns What `accept` answered, or `undefined`: it would have to wait.
   * @throws {Deno.errors.BadResource} If the source is closed.
   * @throws The error of the operation, if it failed.
   */
  tryTake<R>(accept: (item: T) => R | undefined): R | undefined {
    this.#throwIfClosed();
    let outcome: { value: R } | { error: unknown } | undefined;
    this.#offerHeld(newWaiter(
      accept,
      (value) => outcome = { value },
      (error) => outcome = { error },
    ));
    if (outcome === undefined) {
      this.#read();
      return undefined;
    }
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }

  /**
   * Closes the inlet, drops what is held and rejects everybody who waits.
   * Closing twice does nothing.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#alarm.clear();
    const held = this.#held;
    this.#held = undefined;
    for (const waiter of this.#waiters) {
      if (waiter !== this.#offered) this.#interrupt(waiter);
    }
    try {
      if (held !== undefined) this.#discard(held);
    } finally {
      this.#inlet.close();
      this.#watchers.tell(POLLNVAL);
    }
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Closes, and waits until the runtime has let go of the operation. Only then
   * can the same port be bound again.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    if (!this.#busy) return;
    this.#settled ??= Promise.withResolvers();
    await this.#settled.promise;
  }

  /** Starts an operation, unless there is one or nothing may be read. */
  #read(): void {
    if (this.#busy || this.#closed) return;
    this.#busy = true;
    try {
      this.#inlet.read().then(this.#onItem, this.#onError);
    } catch (error) {
      queueMicrotask(() => this.#onError(error));
    }
  }

  #arrived(held: Held<T>): void {
    if (this.#closed) {
      this.#discard(held);
      this.#busy = false;
      this.#settled?.resolve();
    } else if (this.#waiters.size === 0) {
      this.#busy = false;
      this.#held = held;
      this.#watchers.tell(this.events);
    } else {
      this.#offer(held, this.#waiters);
    }
  }

  /** Whether the held item, if any, has served this waiter. */
  #offerHeld(waiter: Waiter<T>): boolean {
    const held = this.#held;
    if (held === undefined) return false;
    this.#held = undefined;
    return this.#offer(held, [waiter]);
  }

  /**
   * Shows an item to waiters in turn until one takes it, then reads on if
   * somebody waits. Busy meanwhile: a waiter that calls back must not start an
   * operation, which would overwrite what it looks at.
   */
  #offer(held: Held<T>, waiters: Iterable<Waiter<T>>): boolean {
    this.#busy = true;
    let taken = false;
    for (const waiter of waiters) {
      this.#offered = waiter;
      taken = accepts(waiter, held);
      this.#offered = undefined;
      if (taken) this.#leave(waiter);
      else if (this.#closed) this.#interrupt(waiter);
      else if (waiter.signal?.aborted) waiter.onAbort?.();
      if (taken) break;
    }
    if (!taken) this.#discard(held);
    this.#busy = false;
    if (this.#closed) this.#settled?.resolve();
    else if (this.#waiters.size > 0) this.#read();
    else this.#watchers.tell(0);
    return taken;
  }

  #discard(held: Held<T>): void {
    if ("item" in held) this.#inlet.discard?.(held.item);
  }

  #throwIfClosed(): void {
    if (!this.#closed) return;
    throw new Deno.errors.BadResource(`Cannot ${this.#inlet.action}: closed`);
  }

  #interrupt(waiter: Waiter<T>): void {
    this.#leave(waiter);
    waiter.reject(
      new Deno.errors.Interrupted(
        `Cannot ${this.#inlet.action}: closed while waiting`,
      ),
    );
  }

  #leave(waiter: Waiter<T>): void {
    this.#waiters.delete(waiter);
    if (this.#waiters.size === 0) this.#alarm.rest();
    if (waiter.onAbort !== undefined) {
      waiter.signal!.removeEventListener("abort", waiter.onAbort);
    }
  }

  /** The alarm rang: rejects whose time is up, and sets it for the others. */
  #expire(): void {
    const now = performance.now();
    for (const waiter of this.#waiters) {
      if (waiter.deadline > now) {
        if (waiter.deadline < Infinity) this.#alarm.set(waiter.deadline);
        continue;
      }
      this.#leave(waiter);
      waiter.reject(
        new DOMException(
          `Cannot ${this.#inlet.action}: nothing came within ${waiter.timeoutMs} ms`,
          "TimeoutError",
        ),
      );
    }
  }
}

function newWaiter<T, R>(
  accept: (item: T) => R | undefined,
  resolve: (value: R) => void,
  reject: (reason: unknown) => void,
  timeoutMs: number = Infinity,
  signal?: AbortSignal,
): Waiter<T> {
  return {
    accept,
    resolve: resolve as (value: unknown) => void,
    reject,
    timeoutMs,
    deadline: Infinity,
    signal,
    onAbort: undefined,
  };
}

/** Whether the waiter accepted the item, or got the error. */
function accepts<T>(waiter: Waiter<T>, held: Held<T>): boolean {
  if ("error" in held) {
    waiter.reject(held.error);
    return true;
  }
  try {
    const result = waiter.accept(held.item);
    if (result === undefined) return false;
    waiter.resolve(result);
  } catch (error) {
    waiter.reject(error);
  }
  return true;
}
