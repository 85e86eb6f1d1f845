/**
 * An echo server in one loop: `select()` waits for the listener, for the clients,
 * and for the keyboard at once. A typed line ends it.
 *
 *     deno run --allow-net=127.0.0.1 examples/mux_echo_select.ts
 */
import { select, stdin, StreamSource } from "@lockstep/lockstep/mux";
import { connect, listen, TcpSocket } from "@lockstep/lockstep/tcp";

const utf8 = new TextEncoder();

/** Stands in for the keyboard where nobody sits in front of one. */
const typing = new TransformStream<Uint8Array, Uint8Array>();

async function serve(): Promise<void> {
  using listener = listen();
  using keyboard = Deno.stdin.isTerminal()
    ? stdin()
    : new StreamSource(typing.readable);
  const clients = new Set<TcpSocket>();
  beClients(listener.addr);
  for (;;) {
    const [readable] = await select([listener, keyboard, ...clients]);
    for (const source of readable) {
      if (source === keyboard) {
        console.log(`typed: ${await keyboard.readLine()}`);
        return clients.forEach((client) => client.close());
      } else if (source instanceof TcpSocket) {
        const octets = source.tryReceive();
        if (octets) await source.sendAll(octets);
        if (octets !== null) continue;
        source.close();
        clients.delete(source);
        console.log(`gone: ${clients.size} left`);
      } else {
        const client = listener.tryAccept();
        if (client !== undefined) clients.add(client);
      }
    }
  }
}

/** Three clients talk in turn; then two leave, and somebody types. */
async function beClients(addr: Deno.Addr): Promise<void> {
  const names = ["Ann", "Bob", "Cleo"];
  const sockets = await Promise.all(names.map(() => connect(addr)));
  for (const [i, socket] of sockets.entries()) {
    await socket.sendAll(utf8.encode(`I am ${names[i]}\n`));
    console.log(`echo: ${await socket.readLine()}`);
  }
  for (const socket of sockets.slice(1)) {
    await socket.closeWrite();
    await socket.receive(); // the server has closed
  }
  if (Deno.stdin.isTerminal()) return console.log("type a line to quit");
  await typing.writable.getWriter().write(utf8.encode("quit\n"));
  await sockets[0]!.receive();
  for (const socket of sockets) socket.close();
}

await serve();
