import { formatAddr, type HostPort, resolveHost } from "../mux/addr.ts";
import type { WaitOptions } from "../sync/wait_options.ts";

/**
 * Whether datagrams can be sent to this port. Deno itself takes one above 65535
 * and sends nothing, without an error.
 */
export function isPort(port: number): boolean {
  return (port & 0xffff) === port && port !== 0;
}

/**
 * The address as Deno wants it.
 *
 * @param action What it is for, for the error message: "send to".
 * @param addr The address, or a name; it is not looked up.
 * @throws {RangeError} If the port is not 1 to 65535.
 */
export function netAddr(action: string, addr: HostPort): Deno.NetAddr {
  const { hostname, port } = addr;
  if (isPort(port)) return { transport: "udp", hostname, port };
  throw new RangeError(
    `Cannot ${action} ${formatAddr(addr)}: the port must be 1 to 65535`,
  );
}

/**
 * The address as Deno wants it, its name looked up.
 *
 * @param action What it is for, for the error message: "connect to".
 * @param addr The address, or a name.
 * @param options Family, timeout and abort signal of the look-up.
 */
export async function resolveAddr(
  action: string,
  addr: HostPort,
  options: WaitOptions & { family: 4 | 6 | undefined },
): Promise<Deno.NetAddr> {
  const named = netAddr(action, addr);
  return { ...named, hostname: await resolveHost(named.hostname, options) };
}

/**
 * The only family that a socket reaches, if it is only one.
 *
 * @param local Address that the socket is bound to.
 */
export function familyOf(local: HostPort): 4 | 6 | undefined {
  if (local.hostname === "::") return undefined;
  return local.hostname.includes(":") ? 6 : 4;
}
