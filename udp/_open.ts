/** Options of `UdpSocket.bind()`. */
export interface UdpBindOptions {
  /** Address to bind. Default: `"127.0.0.1"`; `"::"` is IPv6 and IPv4. */
  hostname?: string | undefined;
  /** Port to bind; 0 lets the system choose. Default: 0. */
  port?: number | undefined;
  /**
   * Share the port with other sockets: all get broadcasts and multicasts, the
   * last that bound gets the rest. Default: false.
   */
  reuseAddress?: boolean | undefined;
  /** Whether own multicasts come back to this host. Default: false. */
  multicastLoopback?: boolean | undefined;
}

/** Opens a raw socket; `UdpSocket.bind()` is its public face. */
export function open(options: UdpBindOptions): Deno.DatagramConn {
  if (Deno.listenDatagram === undefined) {
    throw new TypeError("Cannot open a UDP socket: run with --unstable-net");
  }
  return Deno.listenDatagram({
    transport: "udp",
    hostname: options.hostname ?? "127.0.0.1",
    port: options.port ?? 0,
    reuseAddress: options.reuseAddress ?? false,
    loopback: options.multicastLoopback ?? false,
  });
}
