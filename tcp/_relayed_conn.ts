/** The side of a relayed connection where its handler is; see `_relay_messages.ts`. */
import type { Cut } from "../mux/inbox.ts";
import { isTimeout, type WaitOptions } from "../sync/wait_options.ts";
import { Arrivals } from "./_arrivals.ts";
import { type Attempt, CallLine } from "./_call_line.ts";
import {
  type Addresses,
  CLOSE,
  costOf,
  DONE,
  END,
  type Far,
  Grant,
  type News,
  type Order,
  Room,
} from "./_relay_messages.ts";
import type { Traffic } from "./socket.ts";

type Timed = Pick<WaitOptions, "timeoutMs">;

/**
 * See the top of this file.
 *
 * @internal
 */
export class RelayedConn {
  readonly addresses: Addresses;
  readonly #end: Far;
  readonly #receivers = new CallLine();
  readonly #senders = new CallLine();
  readonly #room = new Room();
  readonly #grant = new Grant();
  readonly #aborting = new AbortController();
  readonly #arrived = new Arrivals((isAll) => this.#give(isAll));
  #failed: { readonly failed: unknown } | undefined;
  #unsent: { readonly unsent: unknown } | undefined;
  #closed = false;
  #received = 0;
  #sent = 0;

  constructor(end: Far, addresses: Addresses) {
    this.#end = end;
    this.addresses = addresses;
  }

  /** Aborted when the server gives up on the handler. */
  get signal(): AbortSignal {
    return this.#aborting.signal;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get traffic(): Traffic {
    return { received: this.#received, sent: this.#sent };
  }

  /** See `Inbox.take()`; rejects also with what making the cut throws. */
  async take<R>(cut: () => Cut<R>, options?: WaitOptions): Promise<R> {
    return await this.#receivers.wait(this.#taking(cut()), options);
  }

  /** As `take()`; blocks. */
  takeSync<R>(cut: Cut<R>, options?: Timed): R {
    const pass = (withinMs: number) => this.#pass(withinMs);
    return this.#receivers.waitSync(this.#taking(cut), pass, options);
  }

  /** As `take()`; never waits. */
  tryTake<R>(cut: Cut<R>): R | undefined {
    this.#drain();
    return this.#receivers.try(this.#taking(cut));
  }

  /** See `Outbox.send()`. */
  send(
    data: Uint8Array,
    all: boolean,
    options?: WaitOptions,
  ): Promise<number> {
    const sending = this.#sending(options ? new Uint8Array(data) : data, all);
    return this.#senders.wait(sending.attempt, options, sending.isBegun);
  }

  /** As `send()`; blocks. */
  sendSync(data: Uint8Array, options?: Timed): void {
    this.#drain(); // to see that the other side is gone
    const sending = this.#sending(options ? new Uint8Array(data) : data, true);
    const pass = (withinMs: number) => this.#pass(withinMs);
    this.#senders.waitSync(sending.attempt, pass, options, sending.isBegun);
  }

  /** As `send()` of some; never waits. */
  trySend(data: Uint8Array): number | undefined {
    this.#drain();
    return this.#senders.try(this.#sending(data, false).attempt);
  }

  /** Says that nothing more is sent, when all is. */
  async closeWrite(): Promise<void> {
    await this.#senders.wait(() => {
      this.#check("send");
      this.#post(END);
      return true;
    });
  }

  /** Closes both ways at once. */
  close(): void {
    if (!this.#shut()) return;
    this.#post(CLOSE);
  }

  /** The handler has returned, or thrown: nothing more is said of this connection. */
  end(threw?: { readonly threw: unknown }): void {
    this.#shut();
    try {
      this.#post(threw ?? DONE);
    } catch (error) {
      if (threw === undefined || !(error instanceof TypeError)) throw error;
      this.#post({ threw: error }); // what was thrown cannot be told, but why
    }
  }

  /** To be called with each message. */
  handle(order: Order): void {
    if (this.#closed) return this.#abort(order);
    if (order instanceof Uint8Array) {
      this.#received += order.length;
      this.#grant.add(costOf(order));
      this.#arrived.push(order);
      this.#receivers.serve();
    } else if (order === END) {
      this.#arrived.ended = true;
      this.#receivers.serve();
    } else if (typeof order === "number") {
      this.#room.give(order);
      this.#senders.serve();
    } else if ("failed" in order) {
      this.#failed = order;
      this.#receivers.serve();
    } else if ("unsent" in order) {
      this.#unsent = order;
      this.#senders.serve();
    } else {
      this.#abort(order);
    }
  }

  #abort(order: Order): void {
    if (typeof order !== "object" || !("abort" in order)) return;
    this.#aborting.abort(order.abort);
  }

  #taking<R>(cut: Cut<R>): Attempt<R> {
    return () => {
      this.#check("receive");
      const found = cut(this.#arrived);
      if (found !== undefined) return found;
      if (this.#failed !== undefined) throw this.#failed.failed;
      return undefined;
    };
  }

  #sending(data: Uint8Array, all: boolean) {
    let sent = 0;
    const attempt = () => {
      this.#check("send");
      if (this.#unsent !== undefined) throw this.#unsent.unsent;
      for (let most; sent < data.length && (most = this.#room.octets) > 0;) {
        const piece = new Uint8Array(data.subarray(sent, sent + most));
        this.#post(piece);
        this.#room.use(piece);
        this.#sent += piece.length;
        sent += piece.length;
        if (!all) break;
      }
      const isDone = sent === data.length || (sent > 0 && !all);
      return isDone ? sent : undefined;
    };
    return { attempt, isBegun: () => sent > 0 };
  }

  /** Blocks until something has come; answers whether it has. */
  #pass(withinMs: number): boolean {
    if (this.#drain()) return true;
    this.signal.throwIfAborted();
    let order: Order | null;
    try {
      order = this.#end.receiveSync({ timeoutMs: withinMs });
    } catch (error) {
      if (isTimeout(error)) return false;
      throw error;
    }
    if (order === null) {
      throw new Deno.errors.Interrupted("Cannot wait: the server is gone");
    }
    this.handle(order);
    return true;
  }

  /** Handles what has come; answers whether anything has. */
  #drain(): boolean {
    let isSome = false;
    for (;;) {
      const order = this.#end.tryReceive();
      if (order === undefined || order === null) return isSome;
      this.handle(order);
      isSome = true;
    }
  }

  #give(isAll: boolean): void {
    const room = this.#grant.take(isAll ? 0 : this.#arrived.length);
    if (room > 0 && !this.#closed) this.#post(room);
  }

  #post(news: News): void {
    this.#end.sendSync(news);
  }

  #shut(): boolean {
    if (this.#closed) return false;
    this.#closed = true;
    this.#arrived.clear();
    this.#receivers.fail(interrupted("receive"));
    this.#senders.fail(interrupted("send"));
    return true;
  }

  #check(what: string): void {
    if (!this.#closed) return;
    throw new Deno.errors.BadResource(`Cannot ${what}: the socket is closed`);
  }
}

function interrupted(what: string): Error {
  return new Deno.errors.Interrupted(
    `Cannot ${what}: the socket was closed meanwhile`,
  );
}
