/**
 * One loop that waits for the sockets of all handlers: what the models `select`,
 * `poll`, `epoll` and `nonblocking` have in common.
 *
 * ```
 *   handler: receive() ─► would block ─► until() ──┐
 *                                                  │ want()
 *   ┌──────────────────────────────────────────────▼──────────┐
 *   │ wait() ─► ready sources ─► whoever waits for them goes  │
 *   │   ▲                        on, tries again, may wait    │
 *   │   └──────────────────────────────────────────────────── │
 *   └─────────────────────────────────────────────────────────┘
 * ```
 *
 * The loop runs as long as somebody waits. How it waits is up to its multiplexer.
 */
import { POLLERR, POLLHUP, POLLIN, POLLNVAL } from "../mux/event_bits.ts";
import { readiness, type Watchable, type Watcher } from "../mux/readiness.ts";
import { waitFor, type WaitOptions } from "../sync/wait_options.ts";
import { listen, type ListenOptions, type TcpListener } from "./listener.ts";
import type { TcpSocket } from "./socket.ts";

/** How an engine waits. */
export interface Multiplexer {
  /** What to wait for from now on, also while it waits; 0 is nothing. */
  want(source: Watchable, events: number): void;
  /** Waits until something is ready; what is closed, is ready. */
  wait(): Promise<Iterable<readonly [Watchable, number]>>;
  /** Ends the wait. */
  close(): void;
}

/** These let go on whoever waits for anything. */
const ENDS = POLLERR | POLLHUP | POLLNVAL;

interface Wait {
  readonly events: number;
  readonly resolve: () => void;
}

/** A source for which somebody waits. */
class Awaited implements Watcher {
  readonly source: Watchable;
  readonly waits = new Set<Wait>();
  readonly edge = false;
  readonly #onClose: (awaited: Awaited) => void;

  constructor(source: Watchable, onClose: (awaited: Awaited) => void) {
    this.source = source;
    this.#onClose = onClose;
  }

  /** What all of them wait for. */
  get events(): number {
    let events = 0;
    for (const wait of this.waits) events |= wait.events;
    return events;
  }

  /** Not every multiplexer tells what was closed. */
  changed(edges: number): void {
    if ((edges & POLLNVAL) !== 0) this.#onClose(this);
  }
}

/** See the top of this file. */
export class Engine {
  readonly listener: TcpListener;
  readonly #multiplexer: Multiplexer;
  readonly #awaited = new Map<Watchable, Awaited>();
  #running = false;
  #closed = false;

  /** Binds the address. */
  constructor(multiplexer: Multiplexer, options: ListenOptions) {
    this.#multiplexer = multiplexer;
    this.listener = listen({
      ...options,
      until: (socket, events, wait) => this.#until(socket, events, wait),
    });
  }

  /** Waits for a connection; loses none. */
  async accept(options: WaitOptions): Promise<TcpSocket> {
    for (;;) {
      const socket = this.listener.tryAccept();
      if (socket !== undefined) return socket;
      await this.#until(this.listener, POLLIN, options);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#multiplexer.close();
    await this.listener[Symbol.asyncDispose]();
  }

  async #until(
    source: Watchable,
    events: number,
    options: WaitOptions,
  ): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wait: Wait = { events, resolve };
    const awaited = this.#awaited.get(source) ?? this.#add(source);
    awaited.waits.add(wait);
    this.#want(awaited);
    if (!this.#running) this.#run();
    const { signal, timeoutMs = Infinity } = options;
    const hasEnd = signal !== undefined || timeoutMs < Infinity;
    try {
      await (hasEnd ? waitFor(promise, options) : promise);
    } finally {
      if (awaited.waits.delete(wait)) this.#want(awaited);
    }
  }

  #add(source: Watchable): Awaited {
    const awaited = new Awaited(source, (it) => this.#ready(it, POLLNVAL));
    this.#awaited.set(source, awaited);
    source[readiness].watch(awaited);
    return awaited;
  }

  #want(awaited: Awaited): void {
    const { source, events } = awaited;
    if (events === 0) {
      this.#awaited.delete(source);
      source[readiness].unwatch(awaited);
    }
    if (!this.#closed) this.#multiplexer.want(source, events);
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#awaited.size > 0 && !this.#closed) {
      for (const [source, events] of await this.#multiplexer.wait()) {
        const awaited = this.#awaited.get(source);
        if (awaited !== undefined) this.#ready(awaited, events);
      }
    }
    this.#running = false;
  }

  #ready(awaited: Awaited, events: number): void {
    for (const wait of awaited.waits) {
      if ((events & (wait.events | ENDS)) === 0) continue;
      awaited.waits.delete(wait);
      wait.resolve();
    }
    this.#want(awaited);
  }
}
