import type { WaitOptions } from "../sync/wait_options.ts";
import { type Arrived, Inbox } from "./_inbox.ts";
import { Outbox } from "./_outbox.ts";
import { UnexpectedEofError } from "./unexpected_eof.ts";

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
export class TcpSocket implements AsyncDisposable {
  /** Address of the other side. */
  readonly remoteAddr: Deno.Addr;
  /** Address of this side. */
  readonly localAddr: Deno.Addr;
  readonly #conn: StreamConn;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  #closed = false;

  /**
   * Adopts a connection; from now on nobody else may read, write or close it.
   *
   * @param conn The connection.
   */
  constructor(conn: StreamConn) {
    this.#conn = conn;
    this.remoteAddr = conn.remoteAddr;
    this.localAddr = conn.localAddr;
    this.#inbox = new Inbox(conn);
    this.#outbox = new Outbox(conn);
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
    if (!(Number.isInteger(max) && max >= 1)) {
      return Promise.reject(notANumber("receive", max, 1));
    }
    return this.#inbox.take((arrived) => some(arrived, max), options);
  }

  /** Takes octets if some are here: `undefined` if it would have to wait. */
  tryReceive(
    max: number = MAX_RECEIVE_OCTETS,
  ): Uint8Array<ArrayBuffer> | null | undefined {
    if (!(Number.isInteger(max) && max >= 1)) {
      throw notANumber("receive", max, 1);
    }
    return this.#inbox.tryTake((arrived) => some(arrived, max));
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
    if (buffer.length === 0) {
      return Promise.reject(notANumber("receive", 0, 1));
    }
    return this.#inbox.take((arrived) => {
      const count = Math.min(arrived.octets.length, buffer.length);
      if (count === 0) return arrived.ended ? null : undefined;
      buffer.set(arrived.octets.subarray(0, count));
      arrived.consume(count);
      return count;
    }, options);
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
    if (!(Number.isSafeInteger(count) && count >= 0)) {
      return Promise.reject(notANumber("receive", count, 0));
    }
    return this.#inbox.take((arrived) => {
      const { octets } = arrived;
      if (octets.length >= count) return cut(arrived, count);
      if (arrived.ended) throw new UnexpectedEofError(octets.length, count);
      arrived.need(count);
      return undefined;
    }, options);
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
    let searched = 0;
    const waits = limits.signal !== undefined || limits.timeoutMs !== undefined;
    return this.#inbox.take((arrived) => {
      const { octets } = arrived;
      const at = octets.indexOf(LF, searched);
      const end = at < 0 && arrived.ended ? octets.length : at;
      if ((end < 0 ? octets.length - 1 : end) > maxBytes) {
        throw new RangeError(
          `Cannot read a line: it is longer than ${maxBytes} octets`,
        );
      }
      if (end >= 0) return line(arrived, end);
      searched = octets.length;
      arrived.need(octets.length + 1);
      return undefined;
    }, waits ? limits : undefined);
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
    return this.#outbox.send(data, false, options);
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
    await this.#outbox.send(data, true, options);
  }

  /**
   * Says that nothing more will be sent, when all is; the other side can go on.
   *
   * @throws {Deno.errors.NotConnected} If the connection is gone.
   */
  closeWrite(): Promise<void> {
    return this.#outbox.after(() => this.#conn.closeWrite());
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

const LF = 0x0a;
const CR = 0x0d;
const UTF8 = new TextDecoder();

function some(
  arrived: Arrived,
  max: number,
): Uint8Array<ArrayBuffer> | null | undefined {
  const count = Math.min(arrived.octets.length, max);
  if (count > 0) return cut(arrived, count);
  return arrived.ended ? null : undefined;
}

function cut(arrived: Arrived, count: number): Uint8Array<ArrayBuffer> {
  const octets = arrived.octets.slice(0, count);
  arrived.consume(count);
  return octets;
}

function line(arrived: Arrived, end: number): string | null {
  const { octets } = arrived;
  if (octets.length === 0) return null;
  const hasEnd = end < octets.length;
  const cr = hasEnd && end > 0 && octets[end - 1] === CR;
  const text = UTF8.decode(octets.subarray(0, cr ? end - 1 : end));
  arrived.consume(hasEnd ? end + 1 : end);
  return text;
}

function notANumber(what: string, count: number, least: number): RangeError {
  return new RangeError(
    `Cannot ${what} ${count} octets: it must be a whole number of at least ${least}`,
  );
}
