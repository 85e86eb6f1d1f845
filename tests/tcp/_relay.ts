import { concat } from "@std/bytes";
import { connect } from "../../tcp/connect.ts";
import { listen } from "../../tcp/listener.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import type { Next } from "../sync/_random.ts";
import type { Pair } from "./_pair.ts";

/** Sizes of pieces, small ones as often as large ones. */
const sizeOf = (next: Next) => 1 + next(2 ** next(19));

/**
 * Connects two sockets through a third and a fourth one, between which octets are
 * split and joined at random.
 */
export async function relayedPair(next: Next): Promise<Pair> {
  using front = listen();
  using back = listen();
  const [client, near, far, server] = await Promise.all([
    connect(front.addr),
    front.accept(),
    connect(back.addr),
    back.accept(),
  ]);
  await Promise.all([near.setNoDelay(), far.setNoDelay()]);
  const ways = Promise.all([relay(near, far, next), relay(far, near, next)]);
  ways.catch(() => {}); // both ends may be closed at any time
  return {
    client,
    server,
    [Symbol.dispose]() {
      for (const socket of [client, near, far, server]) socket.close();
    },
  };
}

/** Passes on what comes, until the end of it. */
async function relay(
  from: TcpSocket,
  to: TcpSocket,
  next: Next,
): Promise<void> {
  for (;;) {
    const first = await from.receive(sizeOf(next));
    if (first === null) return await to.closeWrite();
    const joined = [first];
    while (next(2) === 0) {
      const more = from.tryReceive(sizeOf(next));
      if (!more) break;
      joined.push(more);
    }
    let rest: Uint8Array = concat(joined);
    while (rest.length > 0) {
      const piece = rest.subarray(0, sizeOf(next));
      await to.sendAll(piece);
      rest = rest.subarray(piece.length);
    }
  }
}
