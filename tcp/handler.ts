import type { TcpSocket } from "./socket.ts";

/** What a handler is told besides its connection. */
export interface TcpContext {
  /**
   * Aborted when the server shuts down and the time to drain is over, or when
   * this connection has used up its time.
   */
  readonly signal: AbortSignal;
}

/** Serves one connection, which is closed when it has returned or thrown. */
export type TcpHandler = (
  socket: TcpSocket,
  context: TcpContext,
) => void | Promise<void>;

/**
 * A handler that can run in any thread or process: a function, or a class of
 * {@linkcode RequestHandler}, that a module exports.
 *
 * The hooks of the server are exports of that module too, by the names of
 * {@linkcode TcpHooks}. Under the model `"threads"` the socket is a
 * {@linkcode BlockingSocket}, which has all that a handler needs of a
 * {@linkcode TcpSocket}.
 */
export interface HandlerModule {
  /** URL of the module, as of `import.meta.resolve()`. */
  readonly module: string | URL;
  /** Name of the export. */
  readonly name: string;
}

/** What a server asks or tells, besides its handler; in the thread that accepts. */
export interface TcpHooks {
  /** Whether to serve this connection at all; else it is closed. Default: yes. */
  verify?: ((socket: TcpSocket) => boolean | Promise<boolean>) | undefined;
  /**
   * Called when a handler or `verify` threw; the server goes on in any case.
   * Default: prints to stderr, but for connections that the other side has reset.
   */
  onError?:
    | ((error: unknown, socket: TcpSocket) => void | Promise<void>)
    | undefined;
  /**
   * Called when a connection was silent, or its handler at work, for too long;
   * then the connection is closed.
   */
  onTimeout?:
    | ((socket: TcpSocket, limit: "idle" | "request") => void | Promise<void>)
    | undefined;
}

/**
 * A handler as a class: one object for each connection.
 *
 * `setup()` comes first; if it returns, `handle()` and then, whatever that does,
 * `finish()`.
 *
 * Source: CPython `socketserver.BaseRequestHandler`.
 *
 * @example A greeting
 * ```ts
 * import { connect, RequestHandler, TcpServer } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * class Greeter extends RequestHandler {
 *   #name = "";
 *   override async setup() {
 *     this.#name = await this.socket.readLine() ?? "nobody";
 *   }
 *   override async handle() {
 *     const greeting = new TextEncoder().encode(`hello ${this.#name}\n`);
 *     await this.socket.sendAll(greeting);
 *   }
 * }
 * await using server = new TcpServer({ handler: Greeter });
 * server.serveForever();
 *
 * await using client = await connect(server.addr);
 * await client.sendAll(new TextEncoder().encode("Ann\n"));
 * assertEquals(await client.readLine(), "hello Ann");
 * ```
 */
export abstract class RequestHandler {
  /** The connection. */
  readonly socket: TcpSocket;
  /** What is known besides. */
  readonly context: TcpContext;

  /** Called by the server, for each connection. */
  constructor(socket: TcpSocket, context: TcpContext) {
    this.socket = socket;
    this.context = context;
  }

  /** Called first. If it throws, nothing else is called. */
  setup(): void | Promise<void> {}

  /** Serves the connection. */
  abstract handle(): void | Promise<void>;

  /** Called when `handle()` has returned or thrown. */
  finish(): void | Promise<void> {}
}

/** A class that serves one connection with each of its objects. */
export type HandlerClass = new (
  socket: TcpSocket,
  context: TcpContext,
) => RequestHandler;
