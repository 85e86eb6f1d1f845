import {
  ServerLoop,
  type ServerStats,
  type ShutdownOptions,
} from "../mux/server.ts";
import { type Datagram, type UdpBindOptions, UdpSocket } from "./socket.ts";

/** A datagram to be served, and the way to answer it. */
export interface UdpRequest extends Datagram {
  /** Aborted when the server shuts down and the time to drain is over. */
  readonly signal: AbortSignal;
  /** Sends an answer from the server's port to whoever sent the datagram. */
  reply(data: Uint8Array): Promise<number>;
}

/** Options of {@linkcode UdpServer}. */
export interface UdpServerOptions extends UdpBindOptions {
  /** Serves one datagram. */
  handler: (request: UdpRequest) => void | Promise<void>;
  /**
   * `"serial"`: the next datagram waits for the handler to end. `"async"`: up to
   * `maxInFlight` handlers take turns in this thread. Default: `"async"`.
   */
  concurrency?: "serial" | "async" | undefined;
  /** Most handlers at once for `"async"`. Default: 256. */
  maxInFlight?: number | undefined;
  /** Whether to serve this datagram at all. Default: yes. */
  verify?: ((datagram: Datagram) => boolean | Promise<boolean>) | undefined;
  /** Called when a handler threw. Default: prints to stderr. */
  onError?:
    | ((error: unknown, datagram: Datagram) => void | Promise<void>)
    | undefined;
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
 *   handler: async ({ data, reply }) => {
 *     const text = new TextDecoder().decode(data);
 *     await reply(new TextEncoder().encode(text.toUpperCase()));
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

  /**
   * Binds the port; nothing is received before {@linkcode serveForever}.
   *
   * @param options Handler, address, concurrency and hooks.
   * @throws As {@linkcode UdpSocket.bind}.
   * @throws {RangeError} If `maxInFlight` is below 1.
   */
  constructor(options: UdpServerOptions) {
    const { handler, concurrency = "async", maxInFlight = 256 } = options;
    const socket = this.#socket = UdpSocket.bind(options);
    this.addr = socket.localAddr;
    try {
      this.#loop = new ServerLoop<Datagram>({
        take: (wait) => socket.receive(wait),
        handle: (datagram, signal) =>
          handler({
            ...datagram,
            signal,
            reply: (data) => socket.sendTo(data, datagram.addr),
          }),
        verify: options.verify,
        onError: options.onError,
        onListen: () => options.onListen?.(this.addr),
        close: () => socket[Symbol.asyncDispose](),
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
   * @throws {TypeError} If the server was started or shut down before.
   */
  serveForever(): Promise<void> {
    return this.#loop.serveForever();
  }

  /**
   * Receives no more, lets handlers finish, then closes the socket; its port
   * is free to be bound again.
   *
   * A handler that awaits it waits for itself, see
   * {@linkcode ServerLoop.shutdown}.
   *
   * @param options How long handlers under way may take.
   * @returns How many handlers ignored the abort and were left behind.
   */
  shutdown(options?: ShutdownOptions): Promise<number> {
    return this.#loop.shutdown(options);
  }

  /**
   * Aborts the handlers under way and closes the socket without waiting for
   * them. Closing twice does nothing.
   */
  close(): void {
    this.#loop.close();
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** As {@linkcode shutdown} with the default grace. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#loop[Symbol.asyncDispose]();
  }
}
