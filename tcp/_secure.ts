import { waitFor, type WaitOptions } from "../sync/wait_options.ts";
import type { ConnectTlsOptions } from "./connect.ts";

/**
 * Encrypts a connection, as its client, and waits for the handshake.
 *
 * @param hostname Name that the certificate must have.
 * @param limits How long the handshake may take; if it fails or is given up, the
 * connection is closed.
 */
export async function secure(
  conn: Deno.TcpConn,
  hostname: string,
  options: ConnectTlsOptions,
  limits: WaitOptions,
): Promise<Deno.TlsConn> {
  const { caCerts = [], alpnProtocols = [] } = options;
  let open: Deno.TcpConn | Deno.TlsConn = conn;
  try {
    const secured = await Deno.startTls(conn, {
      hostname: options.hostname ?? hostname,
      caCerts,
      alpnProtocols,
    });
    open = secured;
    await waitFor(secured.handshake(), limits);
    return secured;
  } catch (error) {
    try {
      open.close();
    } catch {
      // Deno has closed it, for a certificate of caCerts that is none.
    }
    throw error;
  }
}
