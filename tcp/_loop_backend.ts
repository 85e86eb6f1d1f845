/** A server that accepts in this thread; see `_model.ts`. */
import {
  type ServerCounts,
  ServerLoop,
  type ServerStats,
  type ShutdownOptions,
} from "../mux/server.ts";
import { Doorbell } from "../mux/doorbell.ts";
import { PatientSockets } from "./_patient_sockets.ts";
import type { Backend, Model } from "./_model.ts";
import type { Handlers } from "./_handlers.ts";
import type { TcpServerOptions } from "./server.ts";
import type { TcpSocket } from "./socket.ts";

const MAX_CONNECTIONS = 1024;

/** See the top of this file. */
export class LoopBackend implements Backend {
  readonly addr: Deno.Addr;
  readonly #model: Model;
  readonly #loop: ServerLoop<TcpSocket>;
  readonly #handlers: Handlers;
  readonly #sockets: PatientSockets;
  /** For all connections to be served fairly. */
  readonly #doorbell = new Doorbell();
  #ended = false;

  /** @throws {RangeError} If a limit of the options is out of range. */
  constructor(
    model: Model,
    options: Omit<TcpServerOptions, "handler">,
    handlers: Handlers,
    counts?: ServerCounts,
  ) {
    this.addr = model.addr;
    this.#model = model;
    this.#handlers = handlers;
    this.#sockets = new PatientSockets(options, (socket, limit) => {
      return handlers.hooks.onTimeout?.(socket, limit);
    });
    this.#loop = new ServerLoop<TcpSocket>({
      take: (wait) => model.accept(wait),
      handle: (socket, signal) => this.#serve(socket, signal),
      verify: (socket) => this.#verify(socket),
      onError: (error, socket) => this.#report(error, socket),
      onListen: () => options.onListen?.(this.addr),
      close: () => this.#close(),
    }, { maxInFlight: options.maxConnections ?? MAX_CONNECTIONS, counts });
  }

  get stats(): ServerStats {
    return this.#loop.stats;
  }

  async serveForever(): Promise<void> {
    if (this.#handlers.isToLoad) {
      try {
        await this.#handlers.load();
      } catch (error) {
        await this.shutdown();
        throw error;
      }
      if (this.#ended) return;
    }
    await this.#loop.serveForever();
  }

  shutdown(options?: ShutdownOptions): Promise<number> {
    this.#ended = true;
    return this.#loop.shutdown(options);
  }

  close(): void {
    this.#ended = true;
    this.#loop.close();
  }

  async #serve(socket: TcpSocket, signal: AbortSignal): Promise<void> {
    const watch = this.#sockets.add(socket, signal);
    try {
      await this.#model.serve(socket, { signal: watch.signal });
    } catch (error) {
      if (!watch.isOver) throw error; // else onTimeout was told
    } finally {
      watch.end();
      socket.close();
    }
  }

  /** Who is turned away is closed, also if the hook throws. */
  async #verify(socket: TcpSocket): Promise<boolean> {
    const { verify } = this.#handlers.hooks;
    let isWelcome = false;
    try {
      return isWelcome = verify === undefined || await verify(socket);
    } finally {
      if (!isWelcome) socket.close();
    }
  }

  #report(error: unknown, socket: TcpSocket): void | Promise<void> {
    const { onError } = this.#handlers.hooks;
    if (onError !== undefined) return onError(error, socket);
    if (!isGone(error)) console.error(error);
  }

  async #close(): Promise<void> {
    const closed = this.#model.close();
    this.#sockets.close();
    this.#doorbell.close();
    await closed;
  }
}

/** Whether the other side has left: no news, for a log. */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BrokenPipe;
}
