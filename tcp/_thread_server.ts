/** What runs in each thread of the model `threads`; see `_relay_messages.ts`. */
import { Thread } from "../sync/thread.ts";
import { Handlers } from "./_handlers.ts";
import type { Addresses, Far } from "./_relay_messages.ts";
import { RelayedConn } from "./_relayed_conn.ts";
import { BlockingSocket } from "./blocking_socket.ts";
import type { HandlerModule } from "./handler.ts";
import type { TcpSocket } from "./socket.ts";

/** Serves one connection after the other, until the other end is closed. */
export async function serveThread(
  end: Far,
  handler: HandlerModule,
): Promise<void> {
  const handlers = new Handlers(handler, {});
  await handlers.load();
  let conn: RelayedConn | undefined;
  const { onUncaught } = Thread;
  Thread.onUncaught = (error, thread) => {
    if (conn === undefined) onUncaught(error, thread); // else the server is told
  };

  const serve = async (addresses: Addresses) => {
    const mine = conn = new RelayedConn(end, addresses);
    const socket = new BlockingSocket(mine) as unknown as TcpSocket;
    let threw: { readonly threw: unknown } | undefined;
    try {
      await handlers.serve(socket, { signal: mine.signal });
    } catch (error) {
      threw = { threw: error };
    }
    conn = undefined;
    mine.end(threw);
  };

  for (;;) {
    await end.whenReady();
    for (;;) {
      const order = end.tryReceive();
      if (order === undefined) break;
      if (order === null) return;
      if (typeof order === "object" && "serve" in order) serve(order.serve);
      else conn?.handle(order);
    }
  }
}
