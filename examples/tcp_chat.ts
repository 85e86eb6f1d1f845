/**
 * Three clients that talk through one server, whoever speaks when: it passes each
 * line on to all others. Whoever leaves is said goodbye to.
 *
 *     deno run --allow-net=127.0.0.1 examples/tcp_chat.ts
 */
import { connect, TcpServer, type TcpSocket } from "@lockstep/lockstep/tcp";

const utf8 = new TextEncoder();
const members = new Map<TcpSocket, string>();

/** Sends a line to all but one; whoever is about to leave may miss it. */
async function tell(line: string, speaker: TcpSocket): Promise<void> {
  const others = [...members.keys()].filter((socket) => socket !== speaker);
  const octets = utf8.encode(`${line}\n`);
  await Promise.allSettled(others.map((socket) => socket.sendAll(octets)));
}

const server = new TcpServer({
  handler: async (socket) => {
    const name = await socket.readLine() ?? "nobody";
    members.set(socket, name);
    await socket.sendAll(utf8.encode("welcome\n"));
    try {
      for await (const line of socket.lines()) {
        await tell(`${name}: ${line}`, socket);
      }
    } finally {
      members.delete(socket);
      await tell(`${name} has left`, socket);
    }
  },
});
const served = server.serveForever();

/** Enters the chat. */
async function enter(name: string): Promise<TcpSocket> {
  const socket = await connect(server.addr);
  await socket.sendAll(utf8.encode(`${name}\n`));
  await socket.readLine();
  return socket;
}

const names = ["Ann", "Bob", "Cleo"];
const [ann, bob, cleo] = await Promise.all(names.map(enter));
const hears = async (name: string, socket: TcpSocket) =>
  console.log(`${name} hears "${await socket.readLine({ timeoutMs: 5_000 })}"`);

await ann!.sendAll(utf8.encode("hello all\n"));
await hears("Bob", bob!);
await hears("Cleo", cleo!);
await cleo!.sendAll(utf8.encode("who is there?\n"));
await hears("Ann", ann!);
await hears("Bob", bob!);
bob!.close();
await hears("Ann", ann!);
await hears("Cleo", cleo!);
ann!.close();
cleo!.close();

await server.shutdown();
await served;
