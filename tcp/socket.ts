import { atMost, into, line } from "../mux/cut.ts";
import { type Cut, Inbox } from "../mux/inbox.ts";
import {
  type Readiness,
  readiness,
  type Watchable,
  Watchers,
} from "../mux/readiness.ts";
import type { WaitOptions } from "../sync/wait_options.ts";
import { exactly } from "./_exactly.ts";
import { Outbox } from "./_outbox.ts";
import { SocketReadiness } from "./_socket_readiness.ts";
import { Waiting } from "./_waiting.ts";

/**
 * What a {@linkcode TcpSocket} can be made of: a connection of Deno, by TCP, TLS or
 * a Unix socket, or anything that is like one.
 */
export interface StreamConn {
  /** Address of the other side. */
  readonly remoteAddr: Deno.Addr;
  /** Address of this side. */
  readonly localAddr: Deno.Addr;
  /** Waits for octets; `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Sends some octets, and tells how many. */
  write(data: Uint8Array): Promise<number>;
  /** Says that nothing more is sent. */
  closeWrite(): Promise<void>;
  /** Closes both ways. */
  close(): void;
  /** Of TCP only. */
  setNoDelay?(noDelay?: boolean): void | Promise<void>;
  /** Of TCP only. */
  setKeepAlive?(keepAlive?: boolean): void | Promise<void>;
}

/** How many octets went through a socket. */
export interface Traffic {
  /** Octets that have arrived. */
  readonly received: number;
  /** Octets that the system has taken. */
  readonly sent: number;
}

/** How a {@linkcode TcpSocket} waits. */
export interface TcpSocketOptions {
  /**
   * Waits until one of these events is there, instead of the socket itself: for a
   * server with a loop of its own, by `select()` and the like.
   */
  until?:
    | ((
      socket: TcpSocket,
      events: number,
      options: WaitOptions,
    ) => Promise<void>)
    | undefined;
}

/** Options of {@linkcode TcpSocket.readLine}. */
export interface ReadLineOptions extends WaitOptions {
  /** Most octets of a line, without its end. Default: 65,536. */
  maxBytes?: number | undefined;
}

const MAX_RECEIVE_OCTETS = 65_536;

/**
 * A connection of octets, both ways, by TCP, TLS or a Unix socket.
 *
 * Nothing is lost to a timeout: who gives up a receive leaves what arrives later
 * to the next. Any number of callers may wait, and are served in order. Sends are
 * one after the other, so that no two are mixed.
 *
 * That the other side has closed is the end of what is received, `null`; what is
 * sent may still arrive there, until {@linkcode closeWrite} or {@linkcode close}.
 * A peer that is gone without having read all looks just the same in Deno: only
 * the messages themselves tell whether they are complete.
 *
 * Source: RFC 9293; POSIX `send`, `recv`, `shutdown`.
 *
 * @example An echo
 * ```ts
 * import { connect, listen } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = listen();
 * const accepted = listener.accept();
 * using client = await connect(listener.addr);
 * using server = await accepted;
 *
 * await client.sendAll(new TextEncoder().encode("hello\n"));
 * await server.sendAll(await server.receiveExactly(6));
 * assertEquals(await client.readLine({ timeoutMs: 1_000 }), "hello");
 * server.closeWrite();
 * assertEquals(await client.receive(), null);
 * ```
 */
export class TcpSocket implements Watchable, AsyncDisposable {
  /** Address of the other side. */
  readonly remoteAddr: Deno.Addr;
  /** Address of this side. */
  readonly localAddr: Deno.Addr;
  readonly #conn: StreamConn;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #readiness: SocketReadiness;
  /** Who waits instead of the socket itself. */
  readonly #waiting: Waiting | undefined;
  #closed = false;

  /**
   * Adopts a connection; from now on nobody else may read, write or close it.
   *
   * @param conn The connection.
   * @param options How it waits. Default: by itself.
   */
  constructor(conn: StreamConn, options: TcpSocketOptions = {}) {
    const { until } = options;
    if (until !== undefined) {
      this.#waiting = new Waiting((events, wait) => until(this, events, wait));
    }
    this.#conn = conn;
    this.remoteAddr = conn.remoteAddr;
    this.localAddr = conn.localAddr;
    const watchers = new Watchers();
    this.#inbox = new Inbox(conn, watchers);
    this.#outbox = new Outbox(conn, watchers);
    this.#readiness = new SocketReadiness(this.#inbox, this.#outbox);
  }

  /** What is ready: octets to receive, room to send. */
  get [readiness](): Readiness {
    return this.#readiness;
  }

  /** Whether {@linkcode close} was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** How many octets went through it; a copy. */
  get traffic(): Traffic {
    return { received: this.#inbox.received, sent: this.#outbox.sent };
  }

  /**
   * Waits for octets.
   *
   * If aborted or timed out, nothing was taken.
   *
   * @param max Most octets to take, at least 1. Default: 65,536.
   * @returns At least one octet, a copy; `null` at the end.
   * @throws {Deno.errors.BadResource} If the socket is closed.
   * @throws {Deno.errors.Interrupted} If it is closed while waiting.
   * @throws {Deno.errors.ConnectionReset} If the other side has reset it.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws {RangeError} If `max` is not a whole number of at least 1.
   */
  receive(
    max: number = MAX_RECEIVE_OCTETS,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#take(() => atMost(max), options);
  }

  /** Takes octets if some are here: `undefined` if it would have to wait. */
  tryReceive(
    max: number = MAX_RECEIVE_OCTETS,
  ): Uint8Array<ArrayBuffer> | null | undefined {
    return this.#inbox.tryTake(atMost(max));
  }

  /**
   * Waits for octets and puts them into a buffer.
   *
   * If aborted or timed out, nothing was taken, and the buffer is as it was.
   *
   * @returns How many they are, at least 1; `null` at the end.
   * @throws As {@linkcode receive}; `RangeError` if the buffer is empty.
   */
  receiveInto(
    buffer: Uint8Array,
    options?: WaitOptions,
  ): Promise<number | null> {
    return this.#take(() => into(buffer), options);
  }

  /**
   * Waits until so many octets have arrived.
   *
   * If aborted or timed out, nothing was taken: what has arrived is kept.
   *
   * @param count How many. Memory grows as they arrive.
   * @returns A copy.
   * @throws {UnexpectedEofError} If the other side ends before; what has arrived
   * can still be received.
   * @throws As {@linkcode receive}.
   */
  receiveExactly(
    count: number,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return this.#take(() => exactly(count), options);
  }

  /**
   * Waits for a line, which ends with `\n` or `\r\n`; the last one may lack it.
   *
   * If aborted or timed out, nothing was taken.
   *
   * @returns The line without its end, as UTF-8; `null` at the end.
   * @throws {RangeError} If the line is longer than `maxBytes`; it can still be
   * received otherwise.
   * @throws As {@linkcode receive}.
   */
  readLine(options: ReadLineOptions = {}): Promise<string | null> {
    const { maxBytes = 65_536, ...limits } = options;
    const waits = limits.signal !== undefined || limits.timeoutMs !== undefined;
    return this.#take(() => line(maxBytes), waits ? limits : undefined);
  }

  /** Lines until the end; see {@linkcode readLine}. */
  async *lines(
    options?: ReadLineOptions,
  ): AsyncGenerator<string, void, void> {
    for (;;) {
      const line = await this.readLine(options);
      if (line === null) return;
      yield line;
    }
  }

  /**
   * Sends as many octets as the system takes at once.
   *
   * If aborted or timed out before its turn, nothing is sent; otherwise what the
   * system takes.
   *
   * @param data What to send; must not change until the promise settles.
   * @returns How many octets were sent, at least one unless there were none.
   * @throws As {@linkcode sendAll}.
   */
  send(data: Uint8Array, options?: WaitOptions): Promise<number> {
    return this.#waiting === undefined
      ? this.#outbox.send(data, false, options)
      : this.#waiting.send(this.#outbox, data, false, options);
  }

  /**
   * Sends all octets, when all that was sent before is sent.
   *
   * If aborted or timed out before its turn, nothing is sent. If later, all is
   * still sent, unless the socket is closed: nothing that was sent before or is
   * sent after is torn.
   *
   * @param data What to send; must not change until the promise settles.
   * @throws {Deno.errors.BadResource} If the socket is closed.
   * @throws {Deno.errors.BrokenPipe} If the other side does not receive any more.
   * @throws {Deno.errors.ConnectionReset} If the other side has reset it.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   */
  async sendAll(data: Uint8Array, options?: WaitOptions): Promise<void> {
    await (this.#waiting === undefined
      ? this.#outbox.send(data, true, options)
      : this.#waiting.send(this.#outbox, data, true, options));
  }

  /**
   * Sends octets if nothing is on its way; never waits.
   *
   * They are copied, and sent in the background; a later call throws if that
   * failed.
   *
   * @param data What to send.
   * @returns How many octets are on their way now, at most 65,536; `undefined` if
   * it would have to wait.
   * @throws As {@linkcode sendAll}.
   */
  trySend(data: Uint8Array): number | undefined {
    return this.#outbox.trySend(data);
  }

  /**
   * Says that nothing more will be sent, when all is; the other side can go on.
   *
   * @throws {Deno.errors.NotConnected} If the connection is gone.
   */
  closeWrite(): Promise<void> {
    return this.#outbox.end(() => this.#conn.closeWrite());
  }

  /**
   * Whether small messages are sent at once, rather than collected (RFC 896).
   *
   * @throws {TypeError} If the socket is none of TCP.
   */
  setNoDelay(noDelay = true): Promise<void> {
    return this.#configure("setNoDelay", noDelay);
  }

  /**
   * Whether the system asks a silent peer after two hours whether it is there.
   *
   * @throws {TypeError} If the socket is none of TCP.
   */
  setKeepAlive(keepAlive = true): Promise<void> {
    return this.#configure("setKeepAlive", keepAlive);
  }

  /** What arrives, as a stream; cancelling it leaves the socket open. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream({
      pull: async (controller) => {
        const octets = await this.receive();
        if (octets === null) controller.close();
        else controller.enqueue(octets);
      },
    }, { highWaterMark: 0 });
  }

  /** What is sent, as a stream; closing it is {@linkcode closeWrite}. */
  get writable(): WritableStream<Uint8Array> {
    return new WritableStream({
      write: (octets) => this.sendAll(octets),
      close: () => this.closeWrite(),
    });
  }

  /**
   * Closes both ways at once. Whoever waits gets an error; what was not sent yet
   * is not. Closing twice does nothing.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#inbox.close();
    this.#outbox.close();
    this.#conn.close();
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Sends what was given before, then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (!this.#closed) await this.closeWrite();
    } catch {
      // It is gone already.
    }
    this.close();
  }

  #take<R>(cutOf: () => Cut<R>, options?: WaitOptions): Promise<R> {
    try {
      return this.#waiting === undefined
        ? this.#inbox.take(cutOf(), options)
        : this.#waiting.take(this.#inbox, cutOf(), options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Deno refuses to set options while something is being sent. */
  #configure(
    option: "setNoDelay" | "setKeepAlive",
    value: boolean,
  ): Promise<void> {
    const set = this.#conn[option];
    if (set === undefined) {
      return Promise.reject(
        new TypeError(`Cannot ${option}: it is no plain TCP connection`),
      );
    }
    return this.#outbox.after(async () => await set.call(this.#conn, value));
  }
}
