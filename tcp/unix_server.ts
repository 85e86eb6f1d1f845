import type { ServerStats, ShutdownOptions } from "../mux/server.ts";
import { removeStale } from "./_stale_path.ts";
import { TcpServer, type TcpServerOptions } from "./server.ts";

/** Options of a {@linkcode UnixServer}: those of TCP without address and TLS. */
export interface UnixServerOptions extends
  Omit<
    TcpServerOptions,
    "hostname" | "port" | "reusePort" | "tls" | "handshakeTimeoutMs"
  > {
  /** Path of the socket, at most some 100 octets. */
  path: string;
}

/**
 * A {@linkcode TcpServer} at a path, for clients of the same machine.
 *
 * The path appears with the server and is removed with it. One that a server has
 * left behind that is gone is replaced; one where somebody listens is not, and
 * neither is a file. Whoever may write to the path may connect.
 *
 * Models that share a port, `"pool"`, cannot share a path. Permissions: to read and
 * write the path, and `--allow-net=unix:PATH`.
 *
 * Source: CPython `socketserver.UnixStreamServer`.
 *
 * @example Upper case; run with `--allow-net=unix:/tmp/upper` and so on
 * ```ts ignore
 * import { connect, UnixServer } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = new UnixServer({
 *   path: "/tmp/upper",
 *   handler: async (socket) => {
 *     for await (const line of socket.lines()) {
 *       const answer = `${line.toUpperCase()}\n`;
 *       await socket.sendAll(new TextEncoder().encode(answer));
 *     }
 *   },
 * });
 * server.serveForever();
 *
 * await using client = await connect({ path: "/tmp/upper" });
 * await client.sendAll(new TextEncoder().encode("hello\n"));
 * assertEquals(await client.readLine(), "HELLO");
 * ```
 */
export class UnixServer implements AsyncDisposable {
  readonly #server: TcpServer;

  /**
   * Binds the path; nothing is accepted before {@linkcode serveForever}. If there
   * is a socket already, blocks until it is known whether somebody listens there.
   *
   * @param options Handler, path, concurrency, limits and hooks.
   * @throws {Deno.errors.AddrInUse} If somebody listens there, or it is a file.
   * @throws As the constructor of {@linkcode TcpServer}.
   */
  constructor(options: UnixServerOptions) {
    removeStale(options.path);
    this.#server = new TcpServer(options);
  }

  /** Path that the server is bound to. */
  get addr(): Deno.UnixAddr {
    return this.#server.addr as Deno.UnixAddr;
  }

  /** What was done so far; a copy. */
  get stats(): ServerStats {
    return this.#server.stats;
  }

  /** As {@linkcode TcpServer.serveForever}. */
  serveForever(): Promise<void> {
    return this.#server.serveForever();
  }

  /** As {@linkcode TcpServer.shutdown}; the path is removed. */
  shutdown(options?: ShutdownOptions): Promise<number> {
    return this.#server.shutdown(options);
  }

  /** Closes the server and all connections at once. Idempotent. */
  close(): void {
    this.#server.close();
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** As {@linkcode shutdown} with the default grace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}
