import type { ServerStats, ShutdownOptions } from "../mux/server.ts";
import { backendOf } from "./_backends.ts";
import type { Backend } from "./_model.ts";
import type { PatienceOptions } from "./_patient_sockets.ts";
import type { Concurrency } from "./concurrency.ts";
import type {
  HandlerClass,
  HandlerModule,
  TcpHandler,
  TcpHooks,
} from "./handler.ts";
import type { ListenOptions } from "./listener.ts";

export type { PatienceOptions };

/** Options of a {@linkcode TcpServer}. */
export interface TcpServerOptions
  extends ListenOptions, TcpHooks, PatienceOptions {
  /**
   * Serves one connection: a function or a class of {@linkcode RequestHandler};
   * or where to find one, which every model can run. The hooks of such a handler
   * are exports of its module.
   */
  handler: TcpHandler | HandlerClass | HandlerModule;
  /**
   * Where and how handlers run, see {@linkcode Concurrency}. Default: `"async"`.
   */
  concurrency?: Concurrency | undefined;
  /**
   * Most connections at once, in each thread or process that accepts. Further
   * ones wait, as many as the backlog holds, and are not accepted until there is
   * room. Default: 1024.
   */
  maxConnections?: number | undefined;
  /**
   * How many threads or processes there are, of models that have some; for
   * `"threads"`, how many are kept warm. Default: as many as there are cores.
   */
  size?: number | undefined;
  /**
   * Flags that processes are started with, such as `--allow-net`. Default: the
   * permissions that this process has without a limit.
   */
  processFlags?: readonly string[] | undefined;
  /** Signals that shut the server down. Default: none. */
  signals?: readonly Deno.Signal[] | undefined;
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
  readonly #backend: Backend;
  readonly #signals: readonly Deno.Signal[];

  /**
   * Binds the port; nothing is accepted before {@linkcode serveForever}.
   *
   * @param options Handler, address, concurrency, limits and hooks.
   * @throws As {@linkcode listen}.
   * @throws {RangeError} If a number is out of range.
   * @throws {TypeError} If the model runs handlers elsewhere and the handler is
   * none of a module, or if the model is not to be had here.
   */
  constructor(options: TcpServerOptions) {
    this.#backend = backendOf(options);
    this.#signals = options.signals ?? [];
    this.addr = this.#backend.addr;
  }

  /** What was done so far; a copy. */
  get stats(): ServerStats {
    return this.#backend.stats;
  }

  /**
   * Serves until {@linkcode shutdown}, then resolves when the drain is over.
   *
   * @throws {TypeError} If the server was started or shut down before.
   */
  async serveForever(): Promise<void> {
    const onSignal = () => void this.shutdown();
    for (const name of this.#signals) Deno.addSignalListener(name, onSignal);
    try {
      await this.#backend.serveForever();
    } finally {
      for (const name of this.#signals) {
        Deno.removeSignalListener(name, onSignal);
      }
    }
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
    return this.#backend.shutdown(options);
  }

  /** Closes the server and all connections at once. Idempotent. */
  close(): void {
    this.#backend.close();
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
