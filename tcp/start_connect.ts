import { POLLERR, POLLHUP, POLLNVAL, POLLOUT } from "../mux/event_bits.ts";
import {
  type Readiness,
  readiness,
  type Watchable,
  type Watcher,
  Watchers,
} from "../mux/readiness.ts";
import { connect, type ConnectOptions } from "./connect.ts";
import type { TcpSocket } from "./socket.ts";

/**
 * A connection that is being made: writable when it is there, exceptional when it
 * was refused.
 */
export class Connecting implements Watchable, Readiness, Disposable {
  readonly #watchers = new Watchers();
  readonly #ending = new AbortController();
  #outcome: { socket: TcpSocket } | { error: unknown } | undefined;
  #closed = false;

  /** Begins; {@linkcode startConnect} is the short form. */
  constructor(options: ConnectOptions | Deno.Addr) {
    const given = options as ConnectOptions;
    const signals = [this.#ending.signal];
    if (given.signal !== undefined) signals.push(given.signal);
    const signal = AbortSignal.any(signals);
    connect({ ...given, signal }).then(
      (socket) => {
        if (this.#closed) return socket.close();
        this.#outcome = { socket };
        this.#watchers.tell(POLLOUT);
      },
      (error) => {
        this.#outcome = { error };
        this.#watchers.tell(POLLERR | POLLHUP);
      },
    );
  }

  /** What is ready: itself. */
  get [readiness](): Readiness {
    return this;
  }

  /** See {@linkcode Readiness.events}. */
  get events(): number {
    if (this.#closed) return POLLNVAL;
    if (this.#outcome === undefined) return 0;
    return "socket" in this.#outcome ? POLLOUT : POLLERR | POLLHUP;
  }

  /**
   * Takes the socket if it is there, and never waits; then this is closed.
   *
   * @returns The socket; `undefined` if it would have to wait.
   * @throws As `connect()`, if that failed.
   * @throws {Deno.errors.BadResource} If this is closed.
   */
  tryFinish(): TcpSocket | undefined {
    if (this.#closed) {
      throw new Deno.errors.BadResource("Cannot connect: it is closed");
    }
    const outcome = this.#outcome;
    if (outcome === undefined) return undefined;
    this.#outcome = undefined;
    this.close();
    if ("error" in outcome) throw outcome.error;
    return outcome.socket;
  }

  /** See {@linkcode Readiness.arm}: it is armed from the beginning. */
  arm(): void {}

  /** See {@linkcode Readiness.watch}. */
  watch(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  /** See {@linkcode Readiness.unwatch}. */
  unwatch(watcher: Watcher): void {
    this.#watchers.delete(watcher);
  }

  /** Gives up; a connection that was not taken is closed. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ending.abort();
    const outcome = this.#outcome;
    if (outcome !== undefined && "socket" in outcome) outcome.socket.close();
    this.#watchers.tell(POLLNVAL);
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Begins to connect, and does not wait.
 *
 * Source: POSIX `connect` of a non-blocking socket (`EINPROGRESS`).
 *
 * @param options As for {@linkcode connect}.
 * @returns What to wait for with `select()` and the like.
 *
 * @example
 * ```ts
 * import { select } from "@lockstep/lockstep/mux";
 * import { listen, startConnect } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = listen();
 * using connecting = startConnect(listener.addr);
 * const [, writable] = await select([], [connecting], [connecting]);
 * assertEquals(writable, [connecting]);
 * using socket = connecting.tryFinish();
 * assertEquals(socket?.remoteAddr, listener.addr);
 * ```
 */
export function startConnect(options: ConnectOptions | Deno.Addr): Connecting {
  return new Connecting(options);
}
