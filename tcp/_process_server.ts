/** What runs in each process of the model `processes`; see `_process_model.ts`. */
import type { Socket } from "node:net";
import { listenToParent, liveWithParent, tellParent } from "./_child_life.ts";
import { Handlers } from "./_handlers.ts";
import { NodeConn } from "./_node_conn.ts";
import { PatientSockets } from "./_patient_sockets.ts";
import { errorOf, partsOf, type RemoteError } from "./_remote_error.ts";
import type { HandlerModule } from "./handler.ts";
import type { TcpServerOptions } from "./server.ts";
import { TcpSocket } from "./socket.ts";

/** Options that can go to another process. */
export interface ProcessOptions
  extends Pick<TcpServerOptions, "idleTimeoutMs" | "requestTimeoutMs"> {
  readonly handler: HandlerModule;
  /** Address of the listener. */
  readonly addr: Deno.Addr;
}

/** What the process is told: to serve the socket that comes with it, or to end. */
export type ProcessOrder =
  | { readonly serve: number }
  | { readonly abort: number; readonly reason: RemoteError };

/** What it tells. */
export type ProcessNews =
  | { readonly ready: true }
  | { readonly failed: RemoteError }
  | { readonly done: number; readonly error?: RemoteError };

liveWithParent();

/** Serves the connections that it is handed, until it is told to end. */
export async function serveHandedOver(options: ProcessOptions): Promise<void> {
  const tell = tellParent<ProcessNews>;
  try {
    const server = new HandedOverServer(options);
    await server.load();
    listenToParent<ProcessOrder>((order, socket) => {
      if ("abort" in order) server.abort(order.abort, errorOf(order.reason));
      else server.serve(order.serve, socket as Socket | undefined).then(tell);
    });
    tell({ ready: true });
  } catch (error) {
    tell({ failed: partsOf(error) });
  }
}

class HandedOverServer {
  readonly #addr: Deno.Addr;
  readonly #handlers: Handlers;
  readonly #sockets: PatientSockets;
  readonly #aborts = new Map<number, AbortController>();

  constructor(options: ProcessOptions) {
    this.#addr = options.addr;
    this.#handlers = new Handlers(options.handler, {});
    this.#sockets = new PatientSockets(options, (socket, limit) => {
      return this.#handlers.hooks.onTimeout?.(socket, limit);
    });
  }

  load(): Promise<void> {
    return this.#handlers.load();
  }

  abort(id: number, reason: Error): void {
    this.#aborts.get(id)?.abort(reason);
  }

  /** Serves a connection; never rejects. */
  async serve(id: number, socket: Socket | undefined): Promise<ProcessNews> {
    const abort = new AbortController();
    this.#aborts.set(id, abort);
    try {
      await this.#handle(this.#adopt(socket), abort.signal);
      return { done: id };
    } catch (error) {
      return { done: id, error: partsOf(error) };
    } finally {
      this.#aborts.delete(id);
    }
  }

  #adopt(socket: Socket | undefined): TcpSocket {
    if (socket !== undefined) {
      return new TcpSocket(new NodeConn(socket, this.#addr));
    }
    throw new Deno.errors.ConnectionReset("Cannot serve: the client is gone");
  }

  async #handle(socket: TcpSocket, signal: AbortSignal): Promise<void> {
    const watch = this.#sockets.add(socket, signal);
    try {
      await this.#handlers.serve(socket, { signal: watch.signal });
    } catch (error) {
      if (!watch.isOver) throw error; // else onTimeout was told
    } finally {
      watch.end();
      socket.close();
    }
  }
}
