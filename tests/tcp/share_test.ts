import { assertThrows } from "@std/assert";
import { Socket } from "node:net";
import { Queue } from "../../sync/queue.ts";
import { share } from "../../sync/share.ts";
import { Thread } from "../../sync/thread.ts";
import { listen } from "../../tcp/listener.ts";
import { UdpSocket } from "../../udp/socket.ts";
import { pair } from "./_pair.ts";

const ADVICE = "; open it in the other one, hand over what it receives, " +
  "or let a server run its handlers there by its concurrency";

Deno.test("sockets as arguments are refused, and it is said what to do instead", async () => {
  using sockets = await pair();
  using listener = listen();
  await using udp = UdpSocket.bind();
  using raw = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using conn = await Deno.connect({ port: raw.addr.port });
  const refused = {
    TcpSocket: sockets.client,
    TcpListener: listener,
    UdpSocket: udp,
    Listener: raw,
    TcpConn: conn,
    Socket: new Socket(),
  };
  for (const [name, socket] of Object.entries(refused)) {
    assertThrows(
      () => share({ sockets: [socket] }),
      TypeError,
      `Cannot share the value.sockets[0]: a ${name} belongs to its thread${ADVICE}`,
    );
  }
});

Deno.test("a socket is refused wherever it could go to another thread", async () => {
  using sockets = await pair();
  const { client } = sockets;
  assertThrows(
    () => Thread.fromFunction((socket: unknown) => typeof socket, [client]),
    TypeError,
    ADVICE,
  );
  const queue = new Queue<unknown[]>();
  assertThrows(() => queue.tryPut([client]), TypeError, ADVICE);
});
