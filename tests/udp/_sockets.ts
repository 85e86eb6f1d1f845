import type { UdpSocket } from "../../udp/socket.ts";

/** Longer than any wait of a test that passes. */
export const SOON = { timeoutMs: 5_000 };

/** Whether this machine speaks IPv6. */
export const IPV6 = hasIpv6();

/** A datagram of these bytes. */
export const bytes = (...values: number[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(values);

/** Waits until a datagram is here, without taking it. */
export async function readable(socket: UdpSocket): Promise<void> {
  while (!socket.readable) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** Answers each datagram as it is told; ends when its socket is closed. */
export async function answer(
  socket: UdpSocket,
  reply: (data: Uint8Array, nth: number) => Uint8Array | undefined,
): Promise<void> {
  let nth = 0;
  for await (const { data, addr } of socket) {
    const answered = reply(data, nth++);
    if (answered) await socket.sendTo(answered, addr);
  }
}

/** A socket below a `UdpSocket` whose operations the test settles. */
export function manual(): {
  conn: Deno.DatagramConn;
  sends: PromiseWithResolvers<number>[];
  arrive: (byte: number, port: number) => void;
} {
  const sends: PromiseWithResolvers<number>[] = [];
  let received: PromiseWithResolvers<unknown> | undefined;
  const conn = {
    addr: { transport: "udp", hostname: "127.0.0.1", port: 9 },
    send: () => {
      sends.push(Promise.withResolvers<number>());
      return sends.at(-1)!.promise;
    },
    receive: () => (received = Promise.withResolvers<unknown>()).promise,
    close: () => received?.reject(new Deno.errors.Interrupted("closed")),
  } as unknown as Deno.DatagramConn;
  const arrive = (byte: number, port: number) =>
    received!.resolve([bytes(byte), {
      transport: "udp",
      hostname: "127.0.0.1",
      port,
    }]);
  return { conn, sends, arrive };
}

/** Runs all that is ready to run: microtasks, and what they lead to. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}
