import type { HostPort } from "../mux/addr.ts";
import { formatAddr } from "../mux/addr.ts";
import {
  checkWait,
  isTimeout,
  MAX_DELAY_MS,
  type WaitOptions,
} from "../sync/wait_options.ts";
import { secure } from "./_secure.ts";
import { TcpSocket } from "./socket.ts";

/** Options of {@linkcode connect}. */
export interface ConnectOptions extends WaitOptions {
  /** Name or address of the other side. Default: `"127.0.0.1"`. */
  hostname?: string | undefined;
  /** Port of the other side. */
  port?: number | undefined;
  /** Path of a Unix socket, instead of name and port. */
  path?: string | undefined;
  /** Encrypts the connection; `{}` for the usual certificates. */
  tls?: ConnectTlsOptions | undefined;
  /**
   * How long a TLS handshake may take, in milliseconds, besides `timeoutMs` for
   * all. Default: 10,000.
   */
  handshakeTimeoutMs?: number | undefined;
}

/** How to encrypt a connection. */
export interface ConnectTlsOptions {
  /** Name that the certificate must have. Default: the one to connect to. */
  hostname?: string | undefined;
  /** Certificates, PEM, to trust besides the usual ones. */
  caCerts?: string[] | undefined;
  /** Protocols to offer (RFC 7301). */
  alpnProtocols?: string[] | undefined;
}

/** What {@linkcode connectEx} answers. */
export type ConnectResult =
  | { readonly socket: TcpSocket; readonly code?: undefined }
  | { readonly socket?: undefined; readonly code: string };

const HANDSHAKE_MS = 10_000;

/**
 * Connects to a server.
 *
 * Of a name with several addresses all are tried, IPv6 and IPv4 in turns, 250 ms
 * apart (RFC 8305), as Deno does it. If aborted or timed out, there is no
 * connection. With TLS the handshake is part of it.
 *
 * @param options Name and port, or path; or the address of a listener.
 * @throws {Deno.errors.ConnectionRefused} If nobody listens there.
 * @throws {Deno.errors.InvalidData} If the certificate is not to be trusted.
 * @throws {Deno.errors.NotCapable} If `--allow-net` does not cover it.
 * @throws {Deno.errors.WouldBlock} If the backlog of a Unix socket is full.
 * @throws {DOMException} `TimeoutError` after `timeoutMs`, or if the handshake of
 * TLS takes too long.
 * @throws {TypeError} If there is neither a port nor a path, or options do not go
 * together.
 * @throws The reason of the signal, if it is aborted.
 *
 * @example
 * ```ts
 * import { connect, listen } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = listen();
 * await using socket = await connect({ ...listener.addr, timeoutMs: 1_000 });
 * assertEquals(socket.remoteAddr, listener.addr);
 * ```
 */
export async function connect(
  options: ConnectOptions | Deno.Addr,
): Promise<TcpSocket> {
  const given: ConnectOptions = options as ConnectOptions;
  const timeoutMs = checkWait(given);
  const ending = new AbortController();
  const onAbort = () => ending.abort(given.signal!.reason);
  const onTimeout = () =>
    ending.abort(
      new DOMException(
        `Cannot connect to ${nameOf(given)}: not done within ${timeoutMs} ms`,
        "TimeoutError",
      ),
    );
  given.signal?.addEventListener("abort", onAbort);
  const timer = timeoutMs <= MAX_DELAY_MS
    ? setTimeout(onTimeout, Math.ceil(timeoutMs))
    : undefined;
  try {
    return new TcpSocket(await open(given, ending.signal));
  } catch (error) {
    throw ending.signal.aborted ? ending.signal.reason : error;
  } finally {
    clearTimeout(timer);
    given.signal?.removeEventListener("abort", onAbort);
  }
}

/**
 * Connects to a server, or answers why not.
 *
 * @param options As for {@linkcode connect}.
 * @returns The socket; or the code of the error, with the names of POSIX:
 * `ECONNREFUSED`, `ETIMEDOUT`, `EHOSTUNREACH`, …
 * @throws What is no answer of the network, such as a lack of permission.
 * @throws The reason of the signal, if it is aborted.
 *
 * Source: CPython `socket.connect_ex`.
 *
 * @example
 * ```ts
 * import { connectEx, listen } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * const listener = listen();
 * listener.close();
 * const { code } = await connectEx(listener.addr);
 * assertEquals(code, "ECONNREFUSED");
 * ```
 */
export async function connectEx(
  options: ConnectOptions | Deno.Addr,
): Promise<ConnectResult> {
  try {
    return { socket: await connect(options) };
  } catch (error) {
    if ((options as ConnectOptions).signal?.aborted) throw error;
    const code = codeOf(error);
    if (code === undefined) throw error;
    return { code };
  }
}

async function open(
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<Deno.TcpConn | Deno.UnixConn | Deno.TlsConn> {
  const { hostname = "127.0.0.1", port, path, tls } = options;
  if (path !== undefined) {
    if (port !== undefined || tls !== undefined) {
      throw new TypeError(
        "Cannot connect: a path goes neither with a port nor with TLS",
      );
    }
    return await Deno.connect({ transport: "unix", path }); // at once
  }
  if (port === undefined) {
    throw new TypeError("Cannot connect: neither port nor path was given");
  }
  const timeoutMs = options.handshakeTimeoutMs ?? HANDSHAKE_MS;
  checkWait({ timeoutMs });
  const conn = await Deno.connect({ hostname, port, signal });
  if (tls === undefined) return conn;
  try {
    return await secure(conn, hostname, tls, { timeoutMs, signal });
  } catch (error) {
    if (!isTimeout(error, signal)) throw error;
    throw new DOMException(
      `Cannot connect to ${
        nameOf(options)
      }: no handshake within ${timeoutMs} ms`,
      "TimeoutError",
    );
  }
}

function nameOf(options: ConnectOptions): string {
  const { path, hostname = "127.0.0.1", port = 0 } = options;
  const addr: HostPort = { hostname, port };
  return path ?? formatAddr(addr);
}

/** The names of errors for which Deno has classes, and no code at times. */
const CODES: Readonly<Record<string, string>> = {
  ConnectionRefused: "ECONNREFUSED",
  ConnectionReset: "ECONNRESET",
  ConnectionAborted: "ECONNABORTED",
  AddrNotAvailable: "EADDRNOTAVAIL",
  NotFound: "ENOENT",
  TimedOut: "ETIMEDOUT",
  TimeoutError: "ETIMEDOUT",
};

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof TypeError) return undefined;
  const { code } = error as { code?: unknown };
  if (typeof code === "string" && /^E[A-Z]+$/.test(code)) return code;
  return CODES[error.name];
}
