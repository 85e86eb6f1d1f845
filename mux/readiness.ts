import { POLLERR, POLLIN } from "./event_bits.ts";
import type { Pollable } from "../sync/pollable.ts";

/**
 * By this a source tells what is ready; see {@linkcode Watchable}. The same in all
 * copies of the package.
 */
export const readiness: unique symbol = Symbol.for(
  "@lockstep/lockstep/mux/readiness",
);

/**
 * What can be waited for by `select`, {@linkcode Poll}, {@linkcode Epoll} and
 * {@linkcode Selector}: sockets, listeners, streams, timers, whatever has a
 * {@linkcode Source}.
 */
export interface Watchable {
  /** What is ready. */
  readonly [readiness]: Readiness;
}

/**
 * What is ready of a source, and who wants to know.
 *
 * In Deno nothing is ready before it is done: so a source starts an operation,
 * owns it, and is ready when that has brought something.
 *
 * ```
 *                 arm()                operation ends
 *   not ready ───────────► armed ──────────────────────► ready
 *       ▲                    │  brings nothing, or         │ taken
 *       └────────────────────┴─ somebody took it ──────────┘
 *                      changed(0)
 * ```
 *
 * Whoever watches either has it in a list of those to be looked at, or has armed
 * it and is told when it is to be looked at again: so a wait costs as much as
 * there are changes, however many sources there are.
 */
export interface Readiness {
  /** The events that are there now; taking nothing. */
  readonly events: number;
  /**
   * Whether it tells nobody that something was taken, or that more has come: then
   * it is looked at as long as it is ready, and has no edges. Default: false.
   */
  readonly silent?: boolean;
  /** Starts what must be under way for these events to come. */
  arm(events: number): void;
  /** Tells a watcher of all changes from now on. */
  watch(watcher: Watcher): void;
  /** Tells it no more. */
  unwatch(watcher: Watcher): void;
}

/** Who wants to know what is ready. */
export interface Watcher {
  /**
   * Whether it wants to know of more octets while others wait to be taken: then
   * the source reads on as long as it has room.
   */
  readonly edge: boolean;
  /**
   * Called when something may have become ready, or is no longer armed.
   *
   * @param edges The events that came just now; 0 if there are none.
   */
  changed(edges: number): void;
}

/** What can be registered: watchables, abort signals, and primitives of `sync`. */
export type Waitable = Watchable | AbortSignal | Pollable;

/** Those who watch a source; for whoever makes one. */
export class Watchers {
  readonly #watchers: Set<Watcher> = new Set<Watcher>();
  #edges = 0;

  /** How many there are. */
  get size(): number {
    return this.#watchers.size;
  }

  /** Whether one of them wants to know of each edge. */
  get edge(): boolean {
    return this.#edges > 0;
  }

  /** See {@linkcode Readiness.watch}. */
  add(watcher: Watcher): void {
    if (this.#watchers.has(watcher)) return;
    this.#watchers.add(watcher);
    if (watcher.edge) this.#edges++;
  }

  /** See {@linkcode Readiness.unwatch}. */
  delete(watcher: Watcher): void {
    if (this.#watchers.delete(watcher) && watcher.edge) this.#edges--;
  }

  /** Tells all; see {@linkcode Watcher.changed}. */
  tell(edges: number): void {
    for (const watcher of this.#watchers) watcher.changed(edges);
  }
}

/**
 * What is ready of anything that can be waited for.
 *
 * @throws {TypeError} If it cannot be waited for, with what to do instead.
 */
export function readinessOf(source: Waitable): Readiness {
  if (!isObject(source)) throw noSource(source);
  if (readiness in source) return source[readiness];
  const known = adapted.get(source);
  if (known !== undefined) return known;
  const made = adapt(source);
  adapted.set(source, made);
  return made;
}

const adapted = new WeakMap<Waitable, Readiness>();

function adapt(source: AbortSignal | Pollable): Readiness {
  if (source instanceof AbortSignal) return new SignalReadiness(source);
  if (typeof source.whenReady === "function") {
    return new PollableReadiness(source);
  }
  throw noSource(source);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function noSource(value: unknown): TypeError {
  const name = isObject(value) ? value.constructor?.name : value;
  const advice = isObject(value) && "close" in value
    ? "; adopt it by new TcpSocket(), TcpListener() or UdpSocket()"
    : "";
  return new TypeError(`Cannot wait for ${name}: it is no source${advice}`);
}

/** Ready once the signal is aborted. */
class SignalReadiness implements Readiness {
  readonly #signal: AbortSignal;
  readonly #watchers = new Watchers();
  readonly #onAbort = () => this.#watchers.tell(POLLIN);

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  get events(): number {
    return this.#signal.aborted ? POLLIN : 0;
  }

  arm(): void {}

  watch(watcher: Watcher): void {
    this.#watchers.add(watcher);
    this.#signal.addEventListener("abort", this.#onAbort); // once, however often
  }

  unwatch(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    this.#signal.removeEventListener("abort", this.#onAbort);
  }
}

/** Ready when the primitive is; one wait for all who watch it. */
class PollableReadiness implements Readiness {
  readonly silent = true;
  readonly #pollable: Pollable;
  readonly #watchers = new Watchers();
  #wait: AbortController | undefined;
  #failed = false;

  constructor(pollable: Pollable) {
    this.#pollable = pollable;
  }

  get events(): number {
    if (this.#failed) return POLLIN | POLLERR;
    return this.#pollable.ready ? POLLIN : 0;
  }

  arm(events: number): void {
    if ((events & POLLIN) === 0 || this.#wait !== undefined) return;
    const wait = this.#wait = new AbortController();
    this.#pollable.whenReady({ signal: wait.signal }).then(
      () => this.#ended(wait, POLLIN),
      () => {
        this.#failed = !wait.signal.aborted;
        this.#ended(wait, POLLIN | POLLERR);
      },
    );
  }

  watch(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  unwatch(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    this.#wait?.abort();
    this.#wait = undefined;
  }

  #ended(wait: AbortController, edges: number): void {
    if (this.#wait !== wait) return;
    this.#wait = undefined;
    this.#watchers.tell(edges);
  }
}
