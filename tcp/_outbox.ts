/**
 * The octets that are on their way out of a socket, one caller's after the
 * other's.
 *
 * A write sends a part of what it is given, and two that run at once are mixed:
 * so there is one at a time. None can be cancelled: a caller that gives up before
 * its turn has sent nothing; after that all it gave is sent, in a copy, so that
 * no message is ever torn.
 */
import { POLLERR, POLLHUP, POLLOUT } from "../mux/event_bits.ts";
import type { Watchers } from "../mux/readiness.ts";
import { waitFor, type WaitOptions } from "../sync/wait_options.ts";
import { Deadline } from "./_deadline.ts";
import { Turn } from "./_turn.ts";

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
  readonly #turn = new Turn();
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
    return this.#turn.isFree ? POLLOUT : 0;
  }

  /**
   * Sends a copy of what it is given in the background, if nothing is on its way.
   *
   * @returns How many octets it has taken; `undefined` if it would have to wait.
   */
  trySend(data: Uint8Array): number | undefined {
    this.#throwIfClosed();
    if (this.#failure !== undefined) throw this.#failure.error;
    if (!this.#turn.tryTake()) return undefined;
    const copy = data.slice(0, MOST_OCTETS);
    this.#write(copy, true).catch((error) => {
      this.#failure = { error };
      this.#watchers.tell(POLLOUT | POLLERR);
    });
    return copy.length;
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
    if (options !== undefined) return this.#sendWithin(data, all, options);
    return this.#turn.tryTake()
      ? this.#write(data, all)
      : this.#sendInTurn(data, all);
  }

  /** Calls a function when all that was given before is sent. */
  async after(fn: () => Promise<void>): Promise<void> {
    await this.#turn.take();
    try {
      this.#throwIfClosed();
      await fn();
    } finally {
      this.#pass();
    }
  }

  /** Calls a function when all is sent, after which nothing is. */
  end(fn: () => Promise<void>): Promise<void> {
    this.hasEnded = true;
    return this.after(fn);
  }

  /** Refuses whoever has not begun. */
  close(): void {
    this.#closed = true;
  }

  async #sendInTurn(data: Uint8Array, all: boolean): Promise<number> {
    await this.#turn.take();
    return await this.#write(data, all);
  }

  /** Once it has begun, all of it is sent, in a copy, whatever the caller does. */
  async #sendWithin(
    data: Uint8Array,
    all: boolean,
    options: WaitOptions,
  ): Promise<number> {
    const deadline = new Deadline(options);
    await this.#turn.take(deadline.rest);
    return await waitFor(this.#write(data.slice(), all), deadline.rest);
  }

  /** Only in turn; passes it on. */
  async #write(data: Uint8Array, all: boolean): Promise<number> {
    try {
      this.#throwIfClosed();
      let sent = await this.#conn.write(data);
      this.sent += sent;
      while (all && sent < data.length) {
        const count = await this.#conn.write(data.subarray(sent));
        sent += count;
        this.sent += count;
      }
      return sent;
    } finally {
      this.#pass();
    }
  }

  #pass(): void {
    this.#turn.pass();
    if (!this.#turn.isFree) return;
    this.#watchers.tell(this.hasEnded ? POLLOUT | POLLHUP : POLLOUT);
  }

  #throwIfClosed(): void {
    if (!this.#closed) return;
    throw new Deno.errors.BadResource("Cannot send: the socket is closed");
  }
}
