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
import { Entry, type Interest, type Mode } from "./_interest.ts";
import { POLLNVAL } from "./event_bits.ts";
import { readinessOf, type Waitable } from "./readiness.ts";

/** How many operations the runtime ends in one turn. */
const TURN = 128;

/** How many waits in a row need not wait. */
const WAITS = 16;

const LEVEL: Mode = { edge: false, oneShot: false };

/** What to do with a source that is closed. */
export type Closed = "report" | "forget" | "ignore";

/** A source and what is ready of it. */
export type Ready<S extends Waitable, D> = readonly [Interest<S, D>, number];

/** See the top of this file. */
export class Interests<S extends Waitable, D> implements Disposable {
  readonly #entries = new Map<S, Entry<S, D>>();
  readonly #look = new Set<Entry<S, D>>();
  readonly #sleepers = new Set<() => void>();
  readonly #alarm = new Alarm(() => this.#wake());
  readonly #doorbell = new Doorbell();
  readonly #closedOnes: Closed;
  /** Waits in a row that need not wait. */
  #waits = 0;
  #closed = false;

  /** @param closedOnes What to do with sources that are closed. */
  constructor(closedOnes: Closed = "report") {
    this.#closedOnes = closedOnes;
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
    const interest = { source, events, data };
    const entry = new Entry(interest, mode, ready, (it) => {
      this.#look.add(it);
      this.#wake();
    });
    this.#entries.set(source, entry);
    ready.watch(entry);
    entry.changed(0); // to be looked at
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
    for (const entry of this.#look) this.#levelOf(entry);
    const isBusy = this.#look.size > 0 && ++this.#waits >= WAITS;
    if (!isToPass && !isBusy) return;
    this.#waits = 0;
    await this.#pass();
  }

  /** Lets the runtime look at all sockets, and end all that can end. */
  async #pass(): Promise<void> {
    let before: number;
    do {
      before = this.#look.size;
      await this.#doorbell.ring();
    } while (this.#look.size - before >= TURN);
  }

  #collect(most: number): Ready<S, D>[] {
    const ready: Ready<S, D>[] = [];
    for (const entry of this.#look) {
      if (ready.length >= most) break;
      const level = this.#levelOf(entry);
      if ((level & POLLNVAL) !== 0 && this.#closedOnes !== "report") {
        this.#drop(entry);
      } else if (entry.tells(level)) {
        ready.push([entry, level]);
      }
      if (entry.edge || entry.isOff) this.#look.delete(entry);
    }
    if (ready.length >= most) this.#rotate(ready);
    return ready;
  }

  /** What is ready of one; arms it if there is something that is not. */
  #levelOf(entry: Entry<S, D>): number {
    const { level } = entry;
    if (level === 0) this.#look.delete(entry);
    if (level === 0 || (entry.events & ~level) !== 0) entry.arm();
    return level;
  }

  /** One that is closed. */
  #drop(entry: Entry<S, D>): void {
    entry.isOff = true;
    if (this.#closedOnes === "forget") this.delete(entry.source);
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
