/**
 * The octets that are on their way out of a socket, one caller's after the
 * other's.
 *
 * A write sends a part of what it is given, and two that run at once are mixed:
 * so there is one at a time. None can be cancelled: a caller that gives up before
 * its turn has sent nothing; after that all it gave is sent, in a copy, so that
 * no message is ever torn.
 */
import { POLLERR, POLLOUT } from "../mux/event_bits.ts";
import type { Watchers } from "../mux/readiness.ts";
import { checkWait, waitFor, type WaitOptions } from "../sync/wait_options.ts";

/** What the outbox needs of a connection. */
export interface Outflow {
  write(data: Uint8Array): Promise<number>;
}

/** Most octets that are taken without waiting. */
const MOST_OCTETS = 65_536;

/** See the top of this file. */
export class Outbox {
  readonly #conn: Outflow;
  readonly #watchers: Watchers;
  /** Settles when nobody is before a new caller; undefined if nobody is. */
  #last: Promise<void> | undefined;
  #closed = false;
  /** Octets that the system has taken. */
  sent = 0;

  /** Whether nothing more is to be sent. */
  hasEnded = false;
  /** Why what was given to `trySend()` could not be sent. */
  #failure: { readonly error: unknown } | undefined;

  /** @param watchers Those who watch what it belongs to. */
  constructor(conn: Outflow, watchers: Watchers) {
    this.#conn = conn;
    this.#watchers = watchers;
  }

  /** Whether something can be sent: nothing is on its way, or it failed. */
  get events(): number {
    if (this.#failure !== undefined) return POLLOUT | POLLERR;
    return this.#last === undefined ? POLLOUT : 0;
  }

  /**
   * Sends a copy of what it is given in the background, if nothing is on its way.
   *
   * @returns How many octets it has taken; `undefined` if it would have to wait.
   */
  trySend(data: Uint8Array): number | undefined {
    this.#throwIfClosed();
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#last !== undefined) return undefined;
    const copy = data.slice(0, MOST_OCTETS);
    this.#inTurn(() => this.#write(copy, true)).catch((error) => {
      this.#failure = { error };
      this.#watchers.tell(POLLOUT | POLLERR);
    });
    return copy.length;
  }

  /** Calls a function when all is sent, after which nothing is. */
  end(fn: () => Promise<void>): Promise<void> {
    this.hasEnded = true;
    return this.after(fn);
  }

  /**
   * Sends, in one write or in as many as it takes.
   *
   * @param all Whether to send all, or what one write takes.
   * @returns How many octets were sent.
   */
  send(
    data: Uint8Array,
    all: boolean,
    options?: WaitOptions,
  ): Promise<number> {
    if (options === undefined) {
      return this.#inTurn(() => this.#write(data, all));
    }
    return this.#sendWithin(data, all, options);
  }

  /** Calls a function when all that was given before is sent. */
  async after(fn: () => Promise<void>): Promise<void> {
    await this.#inTurn(fn);
  }

  /** Refuses whoever has not begun. */
  close(): void {
    this.#closed = true;
  }

  async #sendWithin(
    data: Uint8Array,
    all: boolean,
    options: WaitOptions,
  ): Promise<number> {
    checkWait(options);
    const copy = data.slice();
    let given = false;
    let left = false;
    const sent = this.#inTurn(() => {
      if (left) return Promise.resolve(0);
      given = true;
      return this.#write(copy, all);
    });
    try {
      return await waitFor(sent, options);
    } finally {
      left = !given;
    }
  }

  #inTurn<T>(fn: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const mine = before === undefined
      ? this.#begin(fn)
      : before.then(() => this.#begin(fn));
    const done = () => {
      if (this.#last !== over) return;
      this.#last = undefined;
      this.#watchers.tell(POLLOUT);
    };
    const over = mine.then(done, done);
    this.#last = over;
    return mine;
  }

  async #begin<T>(fn: () => Promise<T>): Promise<T> {
    this.#throwIfClosed();
    return await fn();
  }

  #throwIfClosed(): void {
    if (!this.#closed) return;
    throw new Deno.errors.BadResource("Cannot send: the socket is closed");
  }

  async #write(data: Uint8Array, all: boolean): Promise<number> {
    let sent = 0;
    do {
      const rest = sent === 0 ? data : data.subarray(sent);
      const count = await this.#conn.write(rest);
      sent += count;
      this.sent += count;
    } while (all && sent < data.length);
    return sent;
  }
}
