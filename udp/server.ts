import {
  ServerLoop,
  type ServerStats,
  type ShutdownOptions,
} from "../mux/server.ts";
import { Runner } from "./_runner.ts";
import type {
  UdpConcurrency,
  UdpHandler,
  UdpHandlerModule,
  UdpHooks,
  UdpRequest,
} from "./handler.ts";
import { type Datagram, type UdpBindOptions, UdpSocket } from "./socket.ts";

export type { UdpRequest };

/** Options of {@linkcode UdpServer}. */
export interface UdpServerOptions extends UdpBindOptions, UdpHooks {
  /**
   * Serves one datagram: a function; or where to find one, which every model can
   * run. The hooks of such a handler are exports of its module.
   */
  handler: UdpHandler | UdpHandlerModule;
  /**
   * Where and how handlers run, see {@linkcode UdpConcurrency}. Default:
   * `"async"`.
   */
  concurrency?: UdpConcurrency | undefined;
  /** Most handlers at once, but for `"serial"`. Default: 256. */
  maxInFlight?: number | undefined;
  /** How many threads `"threads"` has. Default: as many as there are cores. */
  size?: number | undefined;
  /** Called with the address once the server serves. */
  onListen?: ((addr: Deno.NetAddr) => void) | undefined;
}

/**
 * A server that calls a handler for each datagram.
 *
 * The port is bound by the constructor. While `maxInFlight` handlers run,
 * nothing is received: the system keeps some 200 KiB and drops the rest.
 *
 * @example Upper case
 * ```ts
 * import { UdpServer, UdpSocket } from "@lockstep/lockstep/udp";
 * import { assertEquals } from "@std/assert";
 *
 * const server = new UdpServer({
 *   handler: ({ data }) => {
 *     const text = new TextDecoder().decode(data);
 *     return new TextEncoder().encode(text.toUpperCase());
 *   },
 * });
 * const served = server.serveForever();
 *
 * await using client = UdpSocket.bind();
 * const question = new TextEncoder().encode("hello");
 * const answer = await client.request(question, server.addr);
 * assertEquals(new TextDecoder().decode(answer.data), "HELLO");
 *
 * await server.shutdown();
 * await served;
 * ```
 */
export class UdpServer {
  /** Address and port that the server is bound to. */
  readonly addr: Deno.NetAddr;
  readonly #loop: ServerLoop<Datagram>;
  readonly #socket: UdpSocket;
  readonly #runner: Runner;
  #ended = false;

  /**
   * Binds the port; nothing is received before {@linkcode serveForever}.
   *
   * @param options Handler, address, concurrency and hooks.
   * @throws As {@linkcode UdpSocket.bind}.
   * @throws {RangeError} If `maxInFlight` is below 1, or `size` out of range.
   * @throws {TypeError} If the model runs handlers elsewhere and the handler is
   * none of a module, or if there are hooks besides those of a module.
   */
  constructor(options: UdpServerOptions) {
    const { concurrency, maxInFlight = 256 } = options;
    const runner = this.#runner = new Runner(options);
    const socket = this.#socket = UdpSocket.bind(options);
    this.addr = socket.localAddr;
    try {
      this.#loop = new ServerLoop<Datagram>({
        take: (wait) => socket.receive(wait),
        handle: (datagram, signal) =>
          runner.run({
            ...datagram,
            signal,
            reply: (data) => socket.sendTo(data, datagram.addr),
          }),
        get verify() {
          return runner.hooks.verify;
        },
        get onError() {
          return runner.hooks.onError;
        },
        onListen: () => options.onListen?.(this.addr),
        close: () => this.#close(),
      }, { maxInFlight: concurrency === "serial" ? 1 : maxInFlight });
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /** The socket that requests arrive at. */
  get socket(): UdpSocket {
    return this.#socket;
  }

  /** What was done so far; a copy. */
  get stats(): ServerStats {
    return this.#loop.stats;
  }

  /**
   * Serves until {@linkcode shutdown}, then resolves when the drain is over.
   *
   * @throws {TypeError} If the server was started or shut down before, or the
   * module exports no such handler.
   */
  async serveForever(): Promise<void> {
    if (this.#runner.isToLoad) {
      try {
        await this.#runner.load();
      } catch (error) {
        await this.shutdown();
        throw error;
      }
      if (this.#ended) return;
    }
    await this.#loop.serveForever();
  }

  /**
   * Receives no more, lets handlers finish, then closes the socket; its port
   * is free to be bound again.
   *
   * A handler that awaits it waits for itself, see
   * {@linkcode ServerLoop.shutdown}. When the grace is over, a handler in a thread
   * is stopped, with its thread.
   *
   * @param options How long handlers under way may take.
   * @returns How many handlers ignored the abort and were left behind.
   */
  shutdown(options?: ShutdownOptions): Promise<number> {
    this.#ended = true;
    return this.#loop.shutdown(options);
  }

  /**
   * Aborts the handlers under way and closes the socket without waiting for
   * them. Closing twice does nothing.
   */
  close(): void {
    this.#ended = true;
    this.#loop.close();
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** As {@linkcode shutdown} with the default grace. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown().then(() => {});
  }

  async #close(): Promise<void> {
    await Promise.all([
      this.#socket[Symbol.asyncDispose](),
      this.#runner.close(),
    ]);
  }
}
