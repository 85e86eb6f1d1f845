import { isIP } from "node:net";
import { lookup } from "node:dns/promises";
import { checkWait, waitFor, type WaitOptions } from "../sync/wait_options.ts";

/** A host and a port; every `Deno.NetAddr` is one. */
export interface HostPort {
  /** Host name or address: `"example.com"`, `"10.0.0.1"`, `"::1"`. */
  readonly hostname: string;
  /** Port number, 0 to 65535. */
  readonly port: number;
}

/**
 * Writes an address as text, IPv6 in brackets.
 *
 * @param addr Address to write.
 * @returns `10.0.0.1:69` or `[::1]:69`.
 *
 * @example
 * ```ts
 * import { formatAddr } from "@lockstep/lockstep/mux";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatAddr({ hostname: "::1", port: 69 }), "[::1]:69");
 * assertEquals(formatAddr({ hostname: "::ffff:10.0.0.1", port: 69 }), "10.0.0.1:69");
 * ```
 */
export function formatAddr(addr: HostPort): string {
  const hostname = normalizeHostname(addr.hostname);
  return hostname.includes(":")
    ? `[${hostname}]:${addr.port}`
    : `${hostname}:${addr.port}`;
}

/**
 * Reads `HOST:PORT`, `[IPV6]:PORT`, or either without its port.
 *
 * @param text Text to read.
 * @param defaultPort Port to use where the text has none; without it, a text
 * without a port is an error.
 * @returns Host, without brackets, and port.
 * @throws {SyntaxError} If the text has no host, no port, or a port that is not
 * a number from 0 to 65535.
 *
 * @example
 * ```ts
 * import { parseAddr } from "@lockstep/lockstep/mux";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseAddr("[::1]:69"), { hostname: "::1", port: 69 });
 * assertEquals(parseAddr("boot", 69), { hostname: "boot", port: 69 });
 * ```
 */
export function parseAddr(text: string, defaultPort?: number): HostPort {
  const [, six, name, digits] =
    text.match(/^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d+))?$/) ?? [];
  const hostname = six ?? name;
  if (hostname === undefined) {
    const hint = isIP(text) === 6 ? ` (write [${text}]:PORT)` : "";
    throw new SyntaxError(`Cannot read "${text}" as HOST:PORT${hint}`);
  }
  const port = digits === undefined ? defaultPort : Number(digits);
  if (port === undefined) {
    throw new SyntaxError(`Cannot read "${text}" as HOST:PORT: no port`);
  }
  if (port > 65535) {
    throw new SyntaxError(
      `Cannot read "${text}" as HOST:PORT: port ${port} is above 65535`,
    );
  }
  return { hostname, port };
}

/**
 * Undoes the IPv4-mapped form that a dual-stack socket shows its peers in.
 *
 * @param hostname Address or name.
 * @returns `10.0.0.1` for `::ffff:10.0.0.1`, anything else unchanged.
 *
 * @example
 * ```ts
 * import { normalizeHostname } from "@lockstep/lockstep/mux";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(normalizeHostname("::ffff:127.0.0.1"), "127.0.0.1");
 * ```
 */
export function normalizeHostname(hostname: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(hostname)
    ? hostname.slice(7)
    : hostname;
}

/**
 * Whether two addresses are the same peer.
 *
 * @param a One address.
 * @param b Another.
 * @returns Whether port and normalised host are equal; names are not resolved.
 *
 * @example
 * ```ts
 * import { sameAddr } from "@lockstep/lockstep/mux";
 * import { assert } from "@std/assert";
 *
 * const mapped = { hostname: "::ffff:10.0.0.1", port: 69 };
 * assert(sameAddr(mapped, { hostname: "10.0.0.1", port: 69 }));
 * ```
 */
export function sameAddr(a: HostPort, b: HostPort): boolean {
  return a.port === b.port &&
    (a.hostname === b.hostname ||
      normalizeHostname(a.hostname) === normalizeHostname(b.hostname));
}

/**
 * Whether an address is this machine's own, reached without a network.
 *
 * @param hostname Address; of names only `localhost` is known.
 * @returns Whether it is in 127.0.0.0/8, or `::1`.
 *
 * @example
 * ```ts
 * import { isLoopback } from "@lockstep/lockstep/mux";
 * import { assert } from "@std/assert";
 *
 * assert(isLoopback("127.0.0.1"));
 * assert(!isLoopback("0.0.0.0"));
 * ```
 */
export function isLoopback(hostname: string): boolean {
  return hostname === "::1" || hostname === "localhost" ||
    /^127\.\d+\.\d+\.\d+$/.test(normalizeHostname(hostname));
}

/**
 * The address to bind in order to reach a peer, and nobody else if possible.
 *
 * @param peer Address of the peer, not a name.
 * @returns Loopback for loopback, else whatever interface leads there.
 *
 * @example
 * ```ts
 * import { localHostname } from "@lockstep/lockstep/mux";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(localHostname("127.0.0.1"), "127.0.0.1");
 * assertEquals(localHostname("2001:db8::1"), "::");
 * ```
 */
export function localHostname(peer: string): string {
  if (isIP(peer) === 6) return isLoopback(peer) ? "::1" : "::";
  return isLoopback(peer) ? "127.0.0.1" : "0.0.0.0";
}

/** Options of {@linkcode resolveHost}. */
export interface ResolveOptions extends WaitOptions {
  /** Insist on IPv4 or IPv6. Default: the system's choice. */
  family?: 4 | 6 | undefined;
}

/**
 * Finds the address of a host by the system's resolver, hosts file included.
 *
 * Resolve once, then send: a datagram sent to a name looks it up each time. If
 * aborted or timed out, the look-up goes on in the background without effect.
 *
 * @param hostname Name or address; an address is returned as it is.
 * @param options Family, timeout and abort signal.
 * @returns The first address; IPv6 in its shortest form (RFC 5952).
 * @throws {Error} `Cannot find the address of "x"`, with the reason in `cause`.
 * @throws {DOMException} `TimeoutError` after `timeoutMs`.
 *
 * @example
 * ```ts
 * import { resolveHost } from "@lockstep/lockstep/mux";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await resolveHost("localhost", { family: 4 }), "127.0.0.1");
 * assertEquals(await resolveHost("::1"), "::1");
 * ```
 */
export async function resolveHost(
  hostname: string,
  options: ResolveOptions = {},
): Promise<string> {
  const { family } = options;
  checkWait(options);
  const given = isIP(hostname);
  if (given !== 0 && (family === undefined || given === family)) {
    return given === 6 ? shortest(hostname) : hostname;
  }
  return await waitFor(find(hostname, family), options);
}

async function find(
  hostname: string,
  family: 4 | 6 | undefined,
): Promise<string> {
  try {
    if (isIP(hostname) !== 0) {
      throw new TypeError("it is one of the other kind");
    }
    const { address } = await lookup(hostname, family ?? 0);
    return address;
  } catch (cause) {
    const version = family === undefined ? "" : `IPv${family} `;
    const { message } = cause as Error;
    throw new Error(
      `Cannot find the ${version}address of "${hostname}": ${message}`,
      { cause },
    );
  }
}

/** The form in which the system shows an IPv6 address. */
function shortest(hostname: string): string {
  const plain = normalizeHostname(hostname);
  if (isIP(plain) !== 6 || plain.includes("%")) return plain;
  return new URL(`http://[${plain}]`).hostname.slice(1, -1);
}
