/**
 * The model `processes`: connections are accepted here, and each is handed to the
 * process that has the fewest.
 *
 * ```
 *   accept ─► verify ─► socket by IPC ─► handler, in process 0, 1, …
 *                            ▲                 │
 *                 abort ─────┘   done, error ◄─┘
 * ```
 *
 * Nothing is read here, so all that a client has sent goes with its socket.
 */
import { Source } from "../mux/source.ts";
import type { WaitOptions } from "../sync/wait_options.ts";
import { acceptNext } from "./_accept.ts";
import { bind, type Bound } from "./_descriptor.ts";
import type { Model } from "./_model.ts";
import type { NodeConn } from "./_node_conn.ts";
import { NodeListener } from "./_node_listener.ts";
import { ProcessCrew } from "./_process_crew.ts";
import { ServerProcess } from "./_server_process.ts";
import type { HandlerModule, TcpContext } from "./handler.ts";
import type { TcpServerOptions } from "./server.ts";
import { TcpSocket } from "./socket.ts";

/** See the top of this file. */
export class ProcessModel implements Model {
  readonly addr: Deno.Addr;
  readonly #size: number;
  readonly #crew: ProcessCrew;
  readonly #bound: Bound;
  readonly #source: Source<NodeConn>;
  readonly #conns = new WeakMap<TcpSocket, NodeConn>();
  #isStarted = false;
  #failure: unknown;

  /**
   * Binds the address.
   *
   * @throws {RangeError} If the size is not a whole number of at least 1.
   */
  constructor(options: TcpServerOptions, { module, name }: HandlerModule) {
    const { size = navigator.hardwareConcurrency, processFlags } = options;
    if (!(Number.isInteger(size) && size >= 1)) {
      throw new RangeError(
        `Cannot serve: size must be a whole number of at least 1, got ${size}`,
      );
    }
    this.#size = size;
    this.#bound = bind(options);
    const { addr } = this.#bound;
    this.addr = addr;
    this.#source = sourceOf(
      new NodeListener(this.#bound.copy(), addr, options),
    );
    const { idleTimeoutMs, requestTimeoutMs } = options;
    const handler = { module: String(module), name };
    const served = { handler, addr, idleTimeoutMs, requestTimeoutMs };
    this.#crew = new ProcessCrew(() => new ServerProcess(served, processFlags));
  }

  async accept(options: WaitOptions): Promise<TcpSocket> {
    this.#start();
    try {
      return await this.#source.take((conn) => this.#adopt(conn), options);
    } catch (error) {
      throw this.#failure ?? error;
    }
  }

  async serve(socket: TcpSocket, { signal }: TcpContext): Promise<void> {
    const process = await this.#crew.leastBusy();
    await process.serve(this.#conns.get(socket)!, signal);
  }

  async close(): Promise<void> {
    await this.#source[Symbol.asyncDispose]();
    await this.#crew.end();
    this.#bound.close();
  }

  #start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#crew.keep(this.#size).catch((error) => {
      this.#failure = error;
      this.#source.close(); // whoever accepts is told
    });
  }

  #adopt(conn: NodeConn): TcpSocket {
    const socket = new TcpSocket(conn);
    this.#conns.set(socket, conn);
    return socket;
  }
}

function sourceOf(listener: NodeListener): Source<NodeConn> {
  const closing = new AbortController();
  const counts = { gone: 0, exhausted: 0 };
  return new Source<NodeConn>({
    action: "accept a connection",
    read: () => acceptNext(() => listener.accept(), counts, closing.signal),
    close: () => {
      closing.abort();
      listener.close();
    },
    discard: (conn) => conn.close(),
  });
}
