/**
 * The model `pool`: several threads, each with a listener of its own on one port.
 *
 * The system gives each connection to one of the listeners, and resets those that
 * wait at one that is closed. So the first listener, which tells the port when
 * none is given, is that of the first thread, and nobody has to close it before
 * the server ends: the constructor blocks until that thread has bound it.
 */
import { Fleet } from "./_fleet.ts";
import { Handlers } from "./_handlers.ts";
import type { Backend } from "./_model.ts";
import type { PoolServerOptions } from "./_pool_server.ts";
import { PoolBinding, PoolThread } from "./_pool_thread.ts";
import type { HandlerModule } from "./handler.ts";
import type { TcpServerOptions } from "./server.ts";

/**
 * Binds the port.
 *
 * @throws {TypeError} If the system, or what is to be bound, cannot be shared.
 */
export function inPool(
  options: TcpServerOptions,
  handler: HandlerModule,
): Backend {
  refuse(options);
  new Handlers(handler, options); // refuses hooks that it does not export
  const { size = navigator.hardwareConcurrency, onListen } = options;
  const served = optionsOf(options, handler);
  let first: PoolBinding | undefined = new PoolBinding(served);
  try {
    const addr = first.boundSync();
    const { port } = addr as Deno.NetAddr;
    return new Fleet({
      addr,
      size,
      onListen,
      start: () => {
        const binding = first ?? new PoolBinding({ ...served, port });
        first = undefined;
        return new PoolThread(binding);
      },
      close: () => first?.release(),
    });
  } catch (error) {
    first.close();
    throw error;
  }
}

/** What can go to another thread. */
function optionsOf(
  options: TcpServerOptions,
  { module, name }: HandlerModule,
): PoolServerOptions {
  const { hostname, port, backlog, tls, handshakeTimeoutMs } = options;
  const { maxConnections, idleTimeoutMs, requestTimeoutMs } = options;
  return {
    handler: { module: String(module), name },
    hostname,
    port,
    backlog,
    tls,
    handshakeTimeoutMs,
    maxConnections,
    idleTimeoutMs,
    requestTimeoutMs,
  };
}

function refuse({ path }: TcpServerOptions): void {
  if (Deno.build.os !== "linux") {
    throw new TypeError(
      'Cannot serve by "pool": only Linux shares a port among threads, use "threads"',
    );
  }
  if (Deno.listenDatagram === undefined) {
    throw new TypeError('Cannot serve by "pool": run with --unstable-net');
  }
  if (path !== undefined) {
    throw new TypeError(
      'Cannot serve by "pool": threads cannot share a path, use "threads"',
    );
  }
}
