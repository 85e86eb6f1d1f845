/**
 * What the models of a server have in common.
 *
 * ```
 *   TcpServer ─► Backend ┬─ LoopBackend ─► Model   accepts here: one ServerLoop,
 *                        │                         the model says where and how
 *                        │                         a connection is served
 *                        └─ Fleet ─► Member        accepts in several threads or
 *                                                  processes, each with a
 *                                                  TcpServer "async" of its own
 * ```
 */
import type { ServerStats, ShutdownOptions } from "../mux/server.ts";
import type { WaitOptions } from "../sync/wait_options.ts";
import type { TcpContext } from "./handler.ts";
import type { TcpSocket } from "./socket.ts";

/** A server behind the face of `TcpServer`; see there for what these mean. */
export interface Backend {
  readonly addr: Deno.Addr;
  readonly stats: ServerStats;
  serveForever(): Promise<void>;
  shutdown(options?: ShutdownOptions): Promise<number>;
  close(): void;
}

/** How connections that are accepted in this thread are served. */
export interface Model {
  readonly addr: Deno.Addr;
  /** Waits for the next connection; loses none if the wait is aborted. */
  accept(options: WaitOptions): Promise<TcpSocket>;
  /**
   * Serves a connection. What the handler throws, it throws. The socket is closed
   * by the caller.
   */
  serve(socket: TcpSocket, context: TcpContext): void | Promise<void>;
  /** Gives back what it holds, after the last connection. */
  close(): void | Promise<void>;
}

/** One of several servers that share a port. */
export interface Member {
  /** Settles when it accepts; rejects if it cannot. */
  readonly ready: Promise<void>;
  /** Settles when it is gone, as it was told, or died. */
  readonly gone: Promise<void>;
  /** What is known of it now. */
  readonly stats: ServerStats;
  /** As `TcpServer.shutdown()`. */
  shutdown(options: ShutdownOptions): Promise<number>;
  /** Ends it at once. */
  close(): void;
}
