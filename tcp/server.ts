import {
  ServerLoop,
  type ServerStats,
  type ShutdownOptions,
} from "../mux/server.ts";
import { listen, type ListenOptions, type TcpListener } from "./listener.ts";
import type { TcpSocket } from "./socket.ts";

/** What a handler is told besides its connection. */
export interface TcpContext {
  /** Aborted when the server shuts down and the time to drain is over. */
  readonly signal: AbortSignal;
}

/** Serves one connection, which is closed when it has returned or thrown. */
export type TcpHandler = (
  socket: TcpSocket,
  context: TcpContext,
) => void | Promise<void>;

/** Options of {@linkcode TcpServer}. */
export interface TcpServerOptions extends ListenOptions {
  /** Serves one connection. */
  handler: TcpHandler;
  /**
   * `"serial"`: the next connection waits until this one is served. `"async"`: up
   * to `maxConnections` handlers take turns in this thread. Default: `"async"`.
   */
  concurrency?: "serial" | "async" | undefined;
  /**
   * Most connections at once. Further ones wait, as many as the backlog holds,
   * and are not accepted until there is room. Default: 1024.
   */
  maxConnections?: number | undefined;
  /** Whether to serve this connection at all; else it is closed. Default: yes. */
  verify?: ((socket: TcpSocket) => boolean | Promise<boolean>) | undefined;
  /**
   * Called when a handler threw; the server goes on in any case. Default: prints
   * to stderr, but for connections that the other side has reset.
   */
  onError?:
    | ((error: unknown, socket: TcpSocket) => void | Promise<void>)
    | undefined;
  /** Called with the address once the server serves. */
  onListen?: ((addr: Deno.Addr) => void) | undefined;
}

/**
 * A server that calls a handler for each connection.
 *
 * The port is bound by the constructor. An error of a handler ends its connection
 * and nothing else; clients that reset theirs, or come when there are no
 * descriptors left, do not end it, either (see {@linkcode TcpListener}).
 *
 * Source: CPython `socketserver.TCPServer`.
 *
 * @example Upper case
 * ```ts
 * import { connect, TcpServer } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * const server = new TcpServer({
 *   handler: async (socket) => {
 *     for await (const line of socket.lines()) {
 *       const answer = `${line.toUpperCase()}\n`;
 *       await socket.sendAll(new TextEncoder().encode(answer));
 *     }
 *   },
 * });
 * const served = server.serveForever();
 *
 * {
 *   await using client = await connect(server.addr);
 *   await client.sendAll(new TextEncoder().encode("hello\n"));
 *   assertEquals(await client.readLine(), "HELLO");
 * }
 *
 * await server.shutdown(); // lets handlers finish
 * await served;
 * ```
 */
export class TcpServer implements AsyncDisposable {
  /** Address that the server is bound to. */
  readonly addr: Deno.Addr;
  readonly #loop: ServerLoop<TcpSocket>;
  readonly #listener: TcpListener;
  /** Whether errors are told to a hook: then all are. */
  readonly #tells: boolean;
  /** Connections that are served. */
  readonly #sockets: Set<TcpSocket> = new Set<TcpSocket>();

  /**
   * Binds the port; nothing is accepted before {@linkcode serveForever}.
   *
   * @param options Handler, address, concurrency and hooks.
   * @throws As {@linkcode listen}.
   * @throws {RangeError} If `maxConnections` is below 1.
   */
  constructor(options: TcpServerOptions) {
    const { handler, concurrency = "async", maxConnections = 1024 } = options;
    const listener = this.#listener = listen(options);
    this.addr = listener.addr;
    this.#tells = options.onError !== undefined;
    try {
      this.#loop = new ServerLoop<TcpSocket>({
        take: (wait) => listener.accept(wait),
        handle: (socket, signal) => this.#serve(handler, socket, signal),
        verify: this.#verifier(options.verify),
        onError: options.onError,
        onListen: () => options.onListen?.(this.addr),
        close: () => this.#close(),
      }, { maxInFlight: concurrency === "serial" ? 1 : maxConnections });
    } catch (error) {
      listener.close();
      throw error;
    }
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
   * Accepts no more, lets handlers finish, then closes; the port is free to be
   * bound again.
   *
   * When the grace is over, the signal of the handlers is aborted; a second later
   * the connections of those that go on are closed. See
   * {@linkcode ServerLoop.shutdown}.
   *
   * @param options How long handlers under way may take.
   * @returns How many handlers ignored the abort and were left behind.
   */
  shutdown(options?: ShutdownOptions): Promise<number> {
    return this.#loop.shutdown(options);
  }

  /** Closes the server and all connections at once. Idempotent. */
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

  async #serve(
    handler: TcpHandler,
    socket: TcpSocket,
    signal: AbortSignal,
  ): Promise<void> {
    this.#sockets.add(socket);
    try {
      await handler(socket, { signal });
    } catch (error) {
      if (this.#tells || !isGone(error)) throw error;
    } finally {
      this.#sockets.delete(socket);
      socket.close();
    }
  }

  /** Who is turned away is closed, also if the hook throws. */
  #verifier(
    verify: TcpServerOptions["verify"],
  ): ((socket: TcpSocket) => Promise<boolean>) | undefined {
    if (verify === undefined) return undefined;
    return async (socket) => {
      let isWelcome = false;
      try {
        return isWelcome = await verify(socket);
      } finally {
        if (!isWelcome) socket.close();
      }
    };
  }

  async #close(): Promise<void> {
    const closed = this.#listener[Symbol.asyncDispose]();
    for (const socket of this.#sockets) socket.close();
    await closed;
  }
}

/** Whether the other side has left: no news, for a log. */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BrokenPipe;
}
