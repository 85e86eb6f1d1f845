import { isIP } from "node:net";

/** Whether an address is one of this machine's loopback addresses. */
export function isLoopback(hostname: string): boolean {
  return hostname === "::1" || /^(::ffff:)?127\.\d+\.\d+\.\d+$/i.test(hostname);
}

/**
 * The address to bind in order to reach a peer: loopback for loopback, else
 * whatever interface leads there.
 *
 * @param peer Address of the peer, not a name.
 */
export function localHostname(peer: string): string {
  if (isIP(peer) === 6) return isLoopback(peer) ? "::1" : "::";
  return isLoopback(peer) ? "127.0.0.1" : "0.0.0.0";
}
