import { atMost, into, line } from "../mux/cut.ts";
import type { WaitOptions } from "../sync/wait_options.ts";
import { exactly } from "./_exactly.ts";
import type { RelayedConn } from "./_relayed_conn.ts";
import type { ReadLineOptions, Traffic } from "./socket.ts";

/** How long a call may block. */
export type BlockingOptions = Pick<WaitOptions, "timeoutMs">;

const MAX_RECEIVE_OCTETS = 65_536;

/**
 * A connection whose calls may block their thread: what a handler of a
 * {@linkcode TcpServer} gets under the model `"threads"`.
 *
 * It has all of a {@linkcode TcpSocket} that waits without blocking, so a handler
 * that is written for one runs with the other; and a blocking twin of each call
 * that a protocol is made of. Both kinds may be mixed: calls are served in the
 * order in which they came.
 *
 * The socket itself is with the thread that accepts. What is sent is on its way
 * through shared memory when a call returns, at most 128 KiB of it; if it is lost,
 * the next call throws, and if there is none, the handler has failed.
 *
 * When the signal of the handler is aborted, calls that block throw its reason,
 * and so do later ones that would have to. A handler that computes sees that when
 * it calls its socket, or awaits something.
 *
 * @example Upper case, in a thread of its own
 * ```ts
 * import { type BlockingSocket, connect, TcpServer } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * const module = `data:text/javascript,
 *   export function shout(socket) {
 *     for (let line; (line = socket.readLineSync()) !== null;) {
 *       socket.sendAllSync(new TextEncoder().encode(line.toUpperCase() + "\\n"));
 *     }
 *   }`;
 *
 * const server = new TcpServer({
 *   concurrency: "threads",
 *   handler: { module, name: "shout" },
 * });
 * const served = server.serveForever();
 * {
 *   await using client = await connect(server.addr);
 *   await client.sendAll(new TextEncoder().encode("hello\n"));
 *   assertEquals(await client.readLine(), "HELLO");
 * }
 * await server.shutdown();
 * await served;
 * ```
 */
export class BlockingSocket implements AsyncDisposable {
  /** Address of the other side. */
  readonly remoteAddr: Deno.Addr;
  /** Address of this side. */
  readonly localAddr: Deno.Addr;
  readonly #conn: RelayedConn;

  /** Made by the server, for a handler. */
  constructor(conn: RelayedConn) {
    this.#conn = conn;
    this.remoteAddr = conn.addresses.remoteAddr;
    this.localAddr = conn.addresses.localAddr;
  }

  /** Whether {@linkcode close} was called. */
  get closed(): boolean {
    return this.#conn.closed;
  }

  /** How many octets went through it; a copy. */
  get traffic(): Traffic {
    return this.#conn.traffic;
  }

  /** See {@linkcode TcpSocket.receive}. */
  receive(
    max: number = MAX_RECEIVE_OCTETS,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#conn.take(() => atMost(max), options);
  }

  /**
   * Blocks until octets are here; see {@linkcode TcpSocket.receive}.
   *
   * If timed out or aborted, nothing was taken.
   *
   * @param max Most octets to take, at least 1. Default: 65,536.
   * @returns At least one octet, a copy; `null` at the end.
   * @throws The reason of the handler's signal, if it is aborted.
   * @throws As {@linkcode TcpSocket.receive}.
   */
  receiveSync(
    max: number = MAX_RECEIVE_OCTETS,
    options?: BlockingOptions,
  ): Uint8Array<ArrayBuffer> | null {
    return this.#conn.takeSync(atMost(max), options);
  }

  /** See {@linkcode TcpSocket.tryReceive}. */
  tryReceive(
    max: number = MAX_RECEIVE_OCTETS,
  ): Uint8Array<ArrayBuffer> | null | undefined {
    return this.#conn.tryTake(atMost(max));
  }

  /** See {@linkcode TcpSocket.receiveInto}. */
  receiveInto(
    buffer: Uint8Array,
    options?: WaitOptions,
  ): Promise<number | null> {
    return this.#conn.take(() => into(buffer), options);
  }

  /** See {@linkcode TcpSocket.receiveExactly}. */
  receiveExactly(
    count: number,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return this.#conn.take(() => exactly(count), options);
  }

  /**
   * Blocks until so many octets are here; see {@linkcode TcpSocket.receiveExactly}.
   *
   * If timed out or aborted, nothing was taken: what has arrived is kept.
   *
   * @returns A copy.
   * @throws {UnexpectedEofError} If the other side ends before.
   * @throws As {@linkcode receiveSync}.
   */
  receiveExactlySync(
    count: number,
    options?: BlockingOptions,
  ): Uint8Array<ArrayBuffer> {
    return this.#conn.takeSync(exactly(count), options);
  }

  /** See {@linkcode TcpSocket.readLine}. */
  readLine(options: ReadLineOptions = {}): Promise<string | null> {
    const { maxBytes = 65_536, ...limits } = options;
    return this.#conn.take(() => line(maxBytes), limits);
  }

  /**
   * Blocks until a line is here; see {@linkcode TcpSocket.readLine}.
   *
   * If timed out or aborted, nothing was taken.
   *
   * @returns The line without its end, as UTF-8; `null` at the end.
   * @throws {RangeError} If the line is longer than `maxBytes`.
   * @throws As {@linkcode receiveSync}.
   */
  readLineSync(options: Omit<ReadLineOptions, "signal"> = {}): string | null {
    const { maxBytes = 65_536, ...limits } = options;
    return this.#conn.takeSync(line(maxBytes), limits);
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

  /** See {@linkcode TcpSocket.send}. */
  send(data: Uint8Array, options?: WaitOptions): Promise<number> {
    return this.#conn.send(data, false, options);
  }

  /** See {@linkcode TcpSocket.sendAll}. */
  async sendAll(data: Uint8Array, options?: WaitOptions): Promise<void> {
    await this.#conn.send(data, true, options);
  }

  /**
   * Blocks until all octets are on their way, when all that was sent before is;
   * see {@linkcode TcpSocket.sendAll}.
   *
   * If timed out or aborted before its turn, nothing is sent. If later, all is
   * still sent, unless the handler returns or closes the socket before.
   *
   * @param data What to send.
   * @throws The reason of the handler's signal, if it is aborted.
   * @throws As {@linkcode TcpSocket.sendAll}.
   */
  sendAllSync(data: Uint8Array, options?: BlockingOptions): void {
    this.#conn.sendSync(data, options);
  }

  /** See {@linkcode TcpSocket.trySend}. */
  trySend(data: Uint8Array): number | undefined {
    return this.#conn.trySend(data);
  }

  /** See {@linkcode TcpSocket.closeWrite}. */
  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
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
    this.#conn.close();
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Sends what was given before, then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (!this.closed) await this.closeWrite();
    } catch {
      // It is gone already.
    }
    this.close();
  }
}
