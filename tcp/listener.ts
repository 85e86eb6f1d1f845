import { type Readiness, readiness, type Watchable } from "../mux/readiness.ts";
import { Source } from "../mux/source.ts";
import { waitFor, type WaitOptions } from "../sync/wait_options.ts";
import { acceptNext } from "./_accept.ts";
import { type StreamConn, TcpSocket, type TcpSocketOptions } from "./socket.ts";

/** Options of {@linkcode listen}. */
export interface ListenOptions extends TcpSocketOptions {
  /** Address to bind. Default: `"127.0.0.1"`; `"::"` is IPv6 and IPv4. */
  hostname?: string | undefined;
  /** Port to bind; 0 lets the system choose. Default: 0. */
  port?: number | undefined;
  /** Path of a Unix socket, instead of address and port. */
  path?: string | undefined;
  /** How many connections the system keeps until they are accepted. Default: 511. */
  backlog?: number | undefined;
  /**
   * Share the port with other listeners that say so too: the system gives each
   * connection to one of them. Linux; needs `--unstable-net`. Default: false.
   */
  reusePort?: boolean | undefined;
  /** Certificate and key, both PEM: the connections are encrypted. */
  tls?: { readonly cert: string; readonly key: string } | undefined;
  /** How long a TLS handshake may take, in milliseconds. Default: 10,000. */
  handshakeTimeoutMs?: number | undefined;
}

/**
 * What a {@linkcode TcpListener} can be made of: a listener of Deno, or anything
 * that is like one.
 */
export interface StreamListener {
  /** Address that it is bound to. */
  readonly addr: Deno.Addr;
  /** Waits for a connection. */
  accept(): Promise<StreamConn>;
  /** Accepts no more; whoever waits gets an error. */
  close(): void;
}

const HANDSHAKE_MS = 10_000;

/** What a {@linkcode TcpListener} has met. */
export interface ListenerStats {
  /** Clients that were gone before they were accepted. */
  readonly gone: number;
  /** How often the system had nothing left for another connection. */
  readonly exhausted: number;
}

/**
 * Accepts connections; no client can keep it from that.
 *
 * Clients that reset their connection at once are skipped. When the process or
 * the system has no descriptors left it waits, from 10 ms to 1 s, and goes on. A
 * TLS handshake runs after `accept`, with a limit of its own, and holds up nobody
 * else.
 *
 * Source: POSIX `listen`, `accept`.
 *
 * @example
 * ```ts
 * import { connect, listen } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = listen();
 * await using client = await connect(listener.addr);
 * await using server = await listener.accept({ timeoutMs: 1_000 });
 * assertEquals(server.remoteAddr, client.localAddr);
 * ```
 */
export class TcpListener implements Watchable, AsyncIterable<TcpSocket> {
  /** Address that the listener is bound to. */
  readonly addr: Deno.Addr;
  readonly #source: Source<StreamConn>;
  readonly #closing = new AbortController();
  readonly #counts = { gone: 0, exhausted: 0 };
  readonly #handshakeTimeoutMs: number;
  readonly #until: TcpSocketOptions["until"];

  /**
   * Adopts a listener; from now on nobody else may accept from it or close it.
   *
   * @param listener The listener of Deno.
   */
  constructor(
    listener: StreamListener,
    options: Pick<ListenOptions, "handshakeTimeoutMs" | "until"> = {},
  ) {
    this.#until = options.until;
    this.addr = listener.addr;
    this.#handshakeTimeoutMs = options.handshakeTimeoutMs ?? HANDSHAKE_MS;
    const accept = () => listener.accept();
    this.#source = new Source<StreamConn>({
      action: "accept a connection",
      read: () => acceptNext(accept, this.#counts, this.#closing.signal),
      close: () => {
        this.#closing.abort();
        listener.close();
      },
      discard: (conn) => conn.close(),
    });
  }

  /** What is ready: a connection to accept. */
  get [readiness](): Readiness {
    return this.#source;
  }

  /** Whether a connection is here already. */
  get readable(): boolean {
    return this.#source.readable;
  }

  /** Whether it is closed. */
  get closed(): boolean {
    return this.#source.closed;
  }

  /** What it has met; a copy. */
  get stats(): ListenerStats {
    return { ...this.#counts };
  }

  /**
   * Waits for a connection.
   *
   * If aborted or timed out, none is lost: the next call gets it.
   *
   * @throws {Deno.errors.BadResource} If the listener is closed.
   * @throws {Deno.errors.Interrupted} If it is closed while waiting.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   */
  accept(options?: WaitOptions): Promise<TcpSocket> {
    return this.#source.take((conn) => this.#adopt(conn), options);
  }

  /**
   * Takes a connection if one is here: `undefined` if it would have to wait.
   *
   * The first call on a quiet listener starts to accept, so a later one can
   * succeed once the event loop has turned.
   */
  tryAccept(): TcpSocket | undefined {
    return this.#source.tryTake((conn) => this.#adopt(conn));
  }

  /** Connections until the listener is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TcpSocket, void, void> {
    while (!this.closed) {
      let socket: TcpSocket;
      try {
        socket = await this.accept();
      } catch (error) {
        if (this.closed) return;
        throw error;
      }
      yield socket;
    }
  }

  /**
   * Closes; clients that were not accepted are reset. Closing twice does nothing.
   */
  close(): void {
    this.#source.close();
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes, and waits until the port is free to be bound again. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#source[Symbol.asyncDispose]();
  }

  #adopt(conn: StreamConn): TcpSocket {
    const socket = new TcpSocket(conn, { until: this.#until });
    if (isTls(conn)) this.#limitHandshake(conn, socket);
    return socket;
  }

  /** Who does not finish the handshake is closed; its socket says so. */
  #limitHandshake(conn: Deno.TlsConn, socket: TcpSocket): void {
    const limit = { timeoutMs: this.#handshakeTimeoutMs };
    waitFor(conn.handshake(), limit).catch(() => socket.close());
  }
}

function isTls(conn: StreamConn): conn is Deno.TlsConn {
  return "handshake" in conn;
}

/**
 * Binds an address and listens there for connections.
 *
 * @param options Address and port, or path; backlog, sharing, TLS.
 * @throws {Deno.errors.AddrInUse} If the port or path is taken.
 * @throws {Deno.errors.NotCapable} If the permissions do not cover it.
 * @throws {TypeError} If `reusePort` is asked for without `--unstable-net`, or
 * options do not go together.
 *
 * @example
 * ```ts
 * import { listen } from "@lockstep/lockstep/tcp";
 * import { assert } from "@std/assert";
 *
 * using listener = listen({ hostname: "::1" });
 * assert(listener.addr.transport === "tcp" && listener.addr.port > 0);
 * ```
 */
export function listen(options: ListenOptions = {}): TcpListener {
  return new TcpListener(open(options), options);
}

function open(options: ListenOptions): StreamListener {
  const { hostname = "127.0.0.1", port = 0, path, tls } = options;
  const { backlog: tcpBacklog = 511, reusePort = false } = options;
  // Without the flag Deno would end the process.
  if (reusePort && Deno.listenDatagram === undefined) {
    throw new TypeError("Cannot share a port: run with --unstable-net");
  }
  if (path !== undefined) {
    if (tls !== undefined || options.port !== undefined) {
      throw new TypeError(
        "Cannot listen: a path goes neither with a port nor with TLS",
      );
    }
    return Deno.listen({ transport: "unix", path });
  }
  const where = { hostname, port, tcpBacklog };
  const shared = reusePort ? { reusePort } : {};
  return tls === undefined
    ? Deno.listen({ ...where, ...shared })
    : Deno.listenTls({ ...where, ...shared, ...tls });
}
