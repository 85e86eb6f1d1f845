import { TftpError } from "./error.ts";
import { UdpSocket } from "../udp/socket.ts";

/** Ports that transfers may use, first and last. */
export type PortRange = readonly [first: number, last: number];

/**
 * Opens the socket whose port is our transfer identifier: one that the system
 * chooses by chance (RFC 1350 section 4), or the next free one of a range, which
 * is begun by chance, too.
 *
 * @throws {TftpError} If all ports of the range are taken.
 */
export function bindTransfer(
  hostname: string | undefined,
  range?: PortRange,
): UdpSocket {
  if (range === undefined) return UdpSocket.bind({ hostname });
  const [first, last] = range;
  const ports = last - first + 1;
  const start = Math.floor(Math.random() * ports);
  for (let i = 0; i < ports; i++) {
    const port = first + (start + i) % ports;
    try {
      return UdpSocket.bind({ hostname, port });
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new TftpError("undefined", "No port is free");
}
