import type { Datagram } from "./socket.ts";

/** A datagram to be served, and the way to answer it. */
export interface UdpRequest extends Datagram {
  /** Aborted when the server shuts down and the time to drain is over. */
  readonly signal: AbortSignal;
  /** Sends an answer from the server's port to whoever sent the datagram. */
  reply(data: Uint8Array): Promise<number>;
}

/**
 * Serves one datagram. Octets that it returns are sent as the answer; to send
 * none, or several, it calls `reply()`.
 */
export type UdpHandler = (
  request: UdpRequest,
) => UdpAnswer | Promise<UdpAnswer>;

/** What a handler returns: an answer, or none. */
export type UdpAnswer = Uint8Array | void;

/**
 * A handler that can run in any thread: a function that a module exports. Its
 * hooks are exports of that module too, by the names of {@linkcode UdpHooks}.
 *
 * In a thread it gets a {@linkcode Datagram}, and answers by what it returns:
 * there it has neither `reply()` nor a signal.
 */
export interface UdpHandlerModule {
  /** URL of the module, as of `import.meta.resolve()`. */
  readonly module: string | URL;
  /** Name of the export. */
  readonly name: string;
}

/** What a server asks or tells, besides its handler; in the thread that receives. */
export interface UdpHooks {
  /** Whether to serve this datagram at all. Default: yes. */
  verify?: ((datagram: Datagram) => boolean | Promise<boolean>) | undefined;
  /** Called when a handler or `verify` threw. Default: prints to stderr. */
  onError?:
    | ((error: unknown, datagram: Datagram) => void | Promise<void>)
    | undefined;
}

/**
 * How a {@linkcode UdpServer} runs its handlers.
 *
 * | model        | handlers                       | may block | for                       |
 * | ------------ | ------------------------------ | --------- | ------------------------- |
 * | `serial`     | one after the other, here      | no        | order among all datagrams |
 * | `async`      | take turns, here               | no        | most servers              |
 * | `coroutines` | a task each, here              | no        | tasks that are cancelled, |
 * |              |                                |           | or hold an `RLock`        |
 * | `threads`    | in a pool of threads           | yes       | code that blocks or       |
 * |              |                                |           | computes                  |
 *
 * There is one socket, and it is with the thread that receives. So the models by
 * which a `TcpServer` finds out which of its connections is ready (`nonblocking`,
 * `select`, `poll`, `epoll`) would all do what `async` does; and there is nothing
 * to be handed over, as by `processes`, nor to be shared, as by `pool` and
 * `prefork`: of several sockets on one port one gets all datagrams.
 */
export type UdpConcurrency = "serial" | "async" | "coroutines" | "threads";
