/**
 * The sources that are waited for together: what `Poll`, `Epoll`, `Selector` and
 * `select()` are made of.
 *
 * ```
 *   add(), modify()                      collect(): not ready
 *   ───────────────► to be looked at ──────────────────────────► armed
 *                     │       ▲   ▲                                │
 *                     │ ready │   └────────── changed() ───────────┘
 *                     ▼       │ level: stays
 *                  reported ──┘ edge: armed again; one-shot: off until modify()
 * ```
 *
 * Whatever is not armed is to be looked at. So a wait costs as much as there are
 * sources that changed or are ready, and not as many as are registered.
 *
 * After so many waits that did not have to wait there is a pass over all sockets,
 * as they would keep everything else from running.
 */
import { checkWait, type WaitOptions } from "../sync/wait_options.ts";
import { Alarm } from "./_alarm.ts";
import { Doorbell } from "./doorbell.ts";
import { POLLERR, POLLHUP, POLLNVAL } from "./event_bits.ts";
import {
  type Readiness,
  readinessOf,
  type Waitable,
  type Watcher,
} from "./readiness.ts";

/** How many waits in a row need not wait. */
const WAITS = 16;

/** Reported whether they were asked for or not. */
const ALWAYS = POLLERR | POLLHUP;

/** When a source is reported. */
export interface Mode {
  /** When something comes, rather than as long as it is there. */
  readonly edge: boolean;
  /** Once, until it is modified. */
  readonly oneShot: boolean;
}

const LEVEL: Mode = { edge: false, oneShot: false };

/** A source that is waited for. */
export interface Interest<S extends Waitable, D> {
  readonly source: S;
  readonly events: number;
  readonly mode: Mode;
  readonly data: D;
}

/** A source and what is ready of it. */
export type Ready<S extends Waitable, D> = readonly [Interest<S, D>, number];

/** See the top of this file. */
export class Interests<S extends Waitable, D> implements Disposable {
  readonly #entries = new Map<S, Entry<S, D>>();
  readonly #look = new Set<Entry<S, D>>();
  readonly #sleepers = new Set<() => void>();
  readonly #alarm = new Alarm(() => this.#wake());
  readonly #doorbell = new Doorbell();
  readonly #dropsClosed: boolean;
  /** Waits in a row that need not wait. */
  #waits = 0;
  #closed = false;

  /** @param dropsClosed Whether to forget sources that are closed. */
  constructor({ dropsClosed = false } = {}) {
    this.#dropsClosed = dropsClosed;
  }

  get size(): number {
    return this.#entries.size;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get(source: S): Interest<S, D> | undefined {
    return this.#entries.get(source);
  }

  values(): MapIterator<Interest<S, D>> {
    return this.#entries.values();
  }

  /**
   * Waits for a source from now on, or in another way than before.
   *
   * @throws {TypeError} If it is none.
   */
  set(source: S, events: number, data: D, mode: Mode = LEVEL): Interest<S, D> {
    const ready = readinessOf(source);
    this.delete(source);
    const entry = new Entry(source, events, data, mode, ready, (it) => {
      this.#look.add(it);
      this.#wake();
    });
    this.#entries.set(source, entry);
    ready.watch(entry);
    entry.changed(ready.events);
    return entry;
  }

  /** Waits for it no more; what has arrived stays with it. */
  delete(source: S): Interest<S, D> | undefined {
    const entry = this.#entries.get(source);
    if (entry === undefined) return undefined;
    this.#entries.delete(source);
    this.#look.delete(entry);
    entry.readiness.unwatch(entry);
    entry.isOff = true;
    return entry;
  }

  /**
   * Waits until something is ready.
   *
   * @param most How many sources to report; the others come next time.
   * @returns What is ready; nothing if the time is over, or it was closed.
   * @throws {RangeError} If `timeoutMs` is negative or not a number.
   * @throws The reason of the signal.
   */
  async wait(
    options?: WaitOptions,
    most: number = Infinity,
  ): Promise<Ready<S, D>[]> {
    const timeoutMs = checkWait(options);
    const signal = options?.signal;
    const deadline = timeoutMs < Infinity
      ? performance.now() + timeoutMs
      : Infinity;
    await this.#begin(timeoutMs === 0);
    for (;;) {
      signal?.throwIfAborted();
      const ready = this.#collect(most);
      const isOver = this.#closed || deadline <= performance.now();
      if (ready.length > 0 || isOver) return ready;
      await this.#sleep(deadline, signal);
    }
  }

  /** Forgets all sources and ends the waits. */
  close(): void {
    this.#closed = true;
    for (const source of this.#entries.keys()) this.delete(source);
    this.#alarm.clear();
    this.#doorbell.close();
    this.#wake();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Arms what is not ready, and passes over all sockets where that is due. */
  async #begin(isToPass: boolean): Promise<void> {
    for (const entry of this.#look) {
      if (entry.level === 0) this.#arm(entry);
    }
    const isBusy = this.#look.size > 0 && ++this.#waits >= WAITS;
    if (!isToPass && !isBusy) return;
    this.#waits = 0;
    await this.#doorbell.ring();
  }

  #arm(entry: Entry<S, D>): void {
    this.#look.delete(entry);
    if (!entry.isOff) entry.readiness.arm(entry.events);
  }

  #collect(most: number): Ready<S, D>[] {
    const ready: Ready<S, D>[] = [];
    for (const entry of this.#look) {
      if (ready.length >= most) break;
      const { level } = entry;
      if (level === 0) {
        this.#arm(entry);
      } else if (this.#dropsClosed && (level & POLLNVAL) !== 0) {
        this.delete(entry.source);
      } else if (entry.isToReport) {
        ready.push([entry, level]);
        entry.reported();
        if (entry.isOff) this.#look.delete(entry);
      }
    }
    if (ready.length >= most) this.#rotate(ready);
    return ready;
  }

  /** Whoever was reported is behind the others next time. */
  #rotate(ready: Ready<S, D>[]): void {
    for (const [interest] of ready) {
      const entry = interest as Entry<S, D>;
      if (this.#look.delete(entry)) this.#look.add(entry);
    }
  }

  async #sleep(
    deadline: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#waits = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#sleepers.add(resolve);
    signal?.addEventListener("abort", resolve as () => void);
    if (deadline < Infinity) this.#alarm.set(deadline);
    try {
      await promise;
    } finally {
      this.#sleepers.delete(resolve);
      signal?.removeEventListener("abort", resolve as () => void);
      if (this.#sleepers.size === 0) this.#alarm.rest();
    }
  }

  #wake(): void {
    for (const wake of this.#sleepers) wake();
  }
}

class Entry<S extends Waitable, D> implements Interest<S, D>, Watcher {
  readonly source: S;
  readonly data: D;
  readonly mode: Mode;
  readonly readiness: Readiness;
  readonly #onChange: (entry: Entry<S, D>) => void;
  readonly events: number;
  /** Whether it is not reported any more. */
  isOff = false;
  /** What came since it was reported. */
  #edges = 0;

  constructor(
    source: S,
    events: number,
    data: D,
    mode: Mode,
    readiness: Readiness,
    onChange: (entry: Entry<S, D>) => void,
  ) {
    this.source = source;
    this.events = events;
    this.data = data;
    this.mode = mode;
    this.readiness = readiness;
    this.#onChange = onChange;
  }

  get edge(): boolean {
    return this.mode.edge;
  }

  /** What is ready of what is waited for. */
  get level(): number {
    if (this.isOff) return 0;
    return this.readiness.events & (this.events | ALWAYS | POLLNVAL);
  }

  /** Whether that is to be told: always, or if some of it is new. */
  get isToReport(): boolean {
    if (!this.mode.edge) return true;
    return (this.#edges & (this.events | ALWAYS | POLLNVAL)) !== 0;
  }

  /** What was ready is told. */
  reported(): void {
    this.#edges = 0;
    this.isOff ||= this.mode.oneShot;
  }

  changed(edges: number): void {
    if (this.isOff) return;
    this.#edges |= edges;
    this.#onChange(this);
  }
}
