/**
 * Listening sockets by their descriptor, which other processes can inherit. Deno
 * does not tell descriptors, `node:net` does.
 *
 * A socket is bound by one handle and made to listen by another one, on a copy of
 * its descriptor, which is closed at once: a handle that listens would accept.
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
  const { hostname = "127.0.0.1", port = 0, path, backlog = 511 } = options;
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new RangeError(`Cannot listen: the port is out of range: ${port}`);
  }
  const flags = options.reusePort ? REUSE_PORT : 0;
  const name = path ?? `${hostname}:${port}`;
  const bound = path === undefined
    ? handleOf(name, hostname, port, net.isIP(hostname) || 4, null, flags)
    : handleOf(name, path, -1, -1);
  const listening = opened(bound.fdForIpc());
  const code = listening.listen(backlog);
  listening.close();
  if (code !== 0) {
    bound.close();
    throw errorOf(name, code);
  }
  return {
    addr: path === undefined ? addrOf(bound) : { transport: "unix", path },
    copy: () => bound.fdForIpc(),
    close: () => bound.close(),
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

function addrOf(handle: ServerHandle): Deno.NetAddr {
  const { address: hostname, port } = named(handle);
  return { transport: "tcp", hostname, port };
}

function named(handle: ServerHandle): { address: string; port: number } {
  const out = { address: "", port: 0 };
  handle.getsockname(out);
  return out;
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
