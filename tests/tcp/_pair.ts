import { connect } from "../../tcp/connect.ts";
import { listen } from "../../tcp/listener.ts";
import type { TcpSocket } from "../../tcp/socket.ts";

/** Two ends of one connection. */
export interface Pair extends Disposable {
  readonly client: TcpSocket;
  readonly server: TcpSocket;
}

/** Connects two sockets on loopback. */
export async function pair(): Promise<Pair> {
  using listener = listen();
  const [client, server] = await Promise.all([
    connect(listener.addr),
    listener.accept(),
  ]);
  return {
    client,
    server,
    [Symbol.dispose]() {
      client.close();
      server.close();
    },
  };
}

/** Octets of a text. */
export function octets(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Text of octets; `null` stays. */
export function text(octets: Uint8Array | null | undefined): string | null {
  return octets ? new TextDecoder().decode(octets) : null;
}
