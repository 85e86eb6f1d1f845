/**
 * Nothing here waits for a socket: the server asks each client in turn whether it
 * has something, and goes on to the next if it would have to wait; the clients
 * connect in the background, and look from time to time what became of it.
 *
 *     deno run --allow-net=127.0.0.1 examples/mux_round_robin.ts
 */
import { sleep } from "@lockstep/lockstep/sync";
import { listen, startConnect, type TcpSocket } from "@lockstep/lockstep/tcp";

const utf8 = new TextEncoder();
const text = new TextDecoder();

const listener = listen();
const gone = listen();
gone.close(); // nobody listens there now

const connecting = [listener.addr, listener.addr, listener.addr, gone.addr]
  .map((addr) => startConnect(addr));
const clients: TcpSocket[] = [];
const served: TcpSocket[] = [];
const echoes = new Set<string>();
let wouldBlock = 0;

while (echoes.size < 3 || connecting.length > 0) {
  await sleep(1); // lets the runtime look at its sockets
  acceptOne();
  served.forEach(echoOnce);
  finishConnecting();
  for (const client of clients) {
    const octets = client.tryReceive();
    if (octets) echoes.add(text.decode(octets));
  }
}
for (const echo of [...echoes].sort()) console.log(echo);
console.log(`it would have had to wait, and did not: ${wouldBlock > 0}`);
for (const socket of [...served, ...clients]) socket.close();
listener.close();

function acceptOne(): void {
  const socket = listener.tryAccept();
  if (socket === undefined) wouldBlock++;
  else served.push(socket);
}

function echoOnce(socket: TcpSocket): void {
  const octets = socket.tryReceive();
  if (octets === undefined) wouldBlock++;
  else if (octets !== null) socket.trySend(octets);
}

function finishConnecting(): void {
  for (const it of connecting.splice(0)) {
    try {
      const client = it.tryFinish();
      if (client === undefined) connecting.push(it); // not yet
      else {
        clients.push(client);
        client.trySend(utf8.encode(`echo for client ${clients.length}`));
      }
    } catch (error) {
      console.log(`nobody there: ${(error as Error).name}`);
    }
  }
}
