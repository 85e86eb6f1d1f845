/** Options of `UdpSocket.joinMulticast()`. */
export interface MulticastOptions {
  /** How many routers a multicast may pass, 1 to 255; IPv4. Default: 1. */
  ttl?: number | undefined;
  /** Whether own multicasts come back to this host. Default: unchanged. */
  loopback?: boolean | undefined;
  /**
   * Where to listen for the group: the address of a network interface for IPv4,
   * its index for IPv6. Default: the system's choice.
   */
  networkInterface?: string | number | undefined;
}

/** A joined multicast group; disposing of it leaves the group. */
export interface MulticastMembership extends AsyncDisposable {
  /** Leaves the group; does nothing once it is left or the socket closed. */
  leave(): Promise<void>;
}

/**
 * Joins a group on a raw socket; `UdpSocket.joinMulticast()` is its public face.
 *
 * Source: RFC 1112 (IPv4), RFC 3810 (IPv6).
 *
 * @param conn Socket to join with.
 * @param group Address of the group.
 * @param options Time to live, loopback, interface.
 * @returns How to leave; it must not be called once the socket is closed.
 * @throws {RangeError} If `ttl` is not 1 to 255, or given for IPv6.
 */
export async function joinMulticast(
  conn: Deno.DatagramConn,
  group: string,
  options: MulticastOptions = {},
): Promise<() => Promise<void>> {
  const { ttl, loopback, networkInterface } = options;
  const six = group.includes(":");
  const wholeTtl = Number.isInteger(ttl ?? 1);
  if (ttl !== undefined && (six || !wholeTtl || ttl < 1 || ttl > 255)) {
    throw new RangeError(
      `Cannot join ${group}: ttl is for IPv4 and must be 1 to 255, got ${ttl}`,
    );
  }
  if (six) {
    const v6 = await conn.joinMulticastV6(group, Number(networkInterface ?? 0));
    try {
      if (loopback !== undefined) await v6.setLoopback(loopback);
    } catch (error) {
      await v6.leave();
      throw error;
    }
    return v6.leave;
  }
  const v4 = await conn.joinMulticastV4(
    group,
    String(networkInterface ?? "0.0.0.0"),
  );
  try {
    if (ttl !== undefined) await v4.setTTL(ttl);
    if (loopback !== undefined) await v4.setLoopback(loopback);
  } catch (error) {
    await v4.leave();
    throw error;
  }
  return v4.leave;
}
