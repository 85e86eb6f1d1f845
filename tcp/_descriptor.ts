/**
 * Listening sockets by their descriptor, which other processes can inherit. Deno
 * does not tell descriptors, `node:net` does.
 *
 * A handle that listens accepts, from the next turn of the event loop on. So the
 * handle that has made a socket listen is closed before, and another one, on a
 * copy of the descriptor, keeps the socket.
 */
import net from "node:net";
import { constants } from "node:os";
import type { ListenOptions } from "./listener.ts";

/** What `node:net` has inside its servers. */
export interface ServerHandle {
  /** Copies the descriptor; whoever asks has to close the copy. */
  fdForIpc(): number;
  getsockname(out: { address?: string; port?: number }): number;
  listen(backlog: number): number;
  close(): void;
}

interface Internals {
  _createServerHandle(
    address: string | null,
    port: number,
    family: number,
    fd?: number | null,
    flags?: number,
  ): ServerHandle | number;
}

const { _createServerHandle } = net as unknown as Internals;
const { EADDRINUSE, EADDRNOTAVAIL, EACCES } = constants.errno;
const REUSE_PORT = 4;

/** A socket that listens; nobody here accepts from it. */
export interface Bound {
  /** Address that it is bound to. */
  readonly addr: Deno.Addr;
  /** Copies its descriptor; to be closed by {@linkcode closeDescriptor}. */
  copy(): number;
  /** Closes it, in this process; the file of a Unix socket is removed. */
  close(): void;
}

/**
 * Binds an address and listens there.
 *
 * @throws As `listen()`.
 */
export function bind(options: ListenOptions): Bound {
  const { path, backlog = 511 } = options;
  return path === undefined
    ? bindPort(options, backlog)
    : bindPath(path, backlog);
}

function bindPort(options: ListenOptions, backlog: number): Bound {
  const { hostname = "127.0.0.1", port = 0, reusePort } = options;
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new RangeError(`Cannot listen: the port is out of range: ${port}`);
  }
  const name = `${hostname}:${port}`;
  const family = net.isIP(hostname) || 4;
  const flags = reusePort ? REUSE_PORT : 0;
  const first = handleOf(name, hostname, port, family, null, flags);
  const code = first.listen(backlog);
  const handle = opened(first.fdForIpc());
  first.close();
  if (code !== 0) {
    handle.close();
    throw errorOf(name, code);
  }
  const addr = { address: "", port: 0 };
  handle.getsockname(addr);
  return boundOf(handle, {
    transport: "tcp",
    hostname: addr.address,
    port: addr.port,
  });
}

/** The handle that has bound a path has to stay: it removes the file. */
function bindPath(path: string, backlog: number): Bound {
  const handle = handleOf(path, path, -1, -1);
  const listening = opened(handle.fdForIpc());
  listening.listen(backlog);
  listening.close();
  return boundOf(handle, { transport: "unix", path });
}

function boundOf(handle: ServerHandle, addr: Deno.Addr): Bound {
  return {
    addr,
    copy: () => handle.fdForIpc(),
    close: () => handle.close(),
  };
}

/** Closes what {@linkcode Bound.copy} has made. */
export function closeDescriptor(descriptor: number): void {
  opened(descriptor).close();
}

function opened(descriptor: number): ServerHandle {
  return handleOf(`descriptor ${descriptor}`, null, 0, 0, descriptor);
}

function handleOf(
  name: string,
  ...socket: Parameters<Internals["_createServerHandle"]>
): ServerHandle {
  const handle = _createServerHandle(...socket);
  if (typeof handle === "number") throw errorOf(name, handle);
  return handle;
}

/** @param code Negative, as of libuv. */
function errorOf(name: string, code: number): Error {
  const message = `Cannot listen on ${name}: `;
  switch (-code) {
    case EADDRINUSE:
      return new Deno.errors.AddrInUse(`${message}it is in use`);
    case EADDRNOTAVAIL:
      return new Deno.errors.AddrNotAvailable(
        `${message}this machine has no such address`,
      );
    case EACCES:
      return new Deno.errors.PermissionDenied(
        `${message}the system does not permit it`,
      );
  }
  return new Error(`${message}the system says ${code}`);
}
