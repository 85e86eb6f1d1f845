/*
 * What UdpSocket costs: a datagram of 512 octets there, one of 4 back, and the
 * next one only then, as a lock-step protocol sends them. Both ends are of the
 * kind that is measured, on loopback and in one process, so that no other core
 * has to wake up: that would cost more than all the rest.
 *
 * The baseline is the least that Deno offers: one buffer, no timeout, no way to
 * give up. Goal: receiveInto() within 1.15 times of it. The number decides
 * whether TFTP and the others may use UdpSocket in their inner loops, or need a
 * way around it; receiveInto() with a timeout is what they would use, so that it
 * shows what the timers cost.
 */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { UdpSocket } from "../../udp/socket.ts";

const GROUP = "UDP round trip";
const question = new Uint8Array(512).fill(7);
const answer = new Uint8Array(4).fill(8);

/** Sends to the other end, and waits for what it sends. */
interface End {
  readonly addr: Deno.NetAddr;
  send(data: Uint8Array, to: Deno.NetAddr): Promise<unknown>;
  receive(): Promise<unknown>;
}

/** Measures one kind of ends; the far one answers as long as the bench runs. */
async function bench(name: string, makeEnd: () => End | Promise<End>) {
  const near = await makeEnd();
  const far = await makeEnd();
  const answering = (async () => {
    for (;;) {
      await far.receive();
      await far.send(answer, near.addr);
    }
  })();
  answering.catch((error) => reportError(error));
  Deno.bench(name, { group: GROUP, baseline: name === BASELINE }, async () => {
    await near.send(question, far.addr);
    await near.receive();
  });
}

const BASELINE = "Deno.listenDatagram(), buffer reused";

function listenDatagram(): End {
  const conn = Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });
  const buffer = new Uint8Array(65_536);
  return {
    addr: conn.addr as Deno.NetAddr,
    send: (data, to) => conn.send(data, to),
    receive: () => conn.receive(buffer),
  };
}

/** A UdpSocket that receives in one of its ways. */
function udpSocket(
  receive: (
    socket: UdpSocket,
    buffer: Uint8Array<ArrayBuffer>,
  ) => () => Promise<
    unknown
  >,
): () => End {
  return () => {
    const socket = UdpSocket.bind();
    return {
      addr: socket.localAddr,
      send: (data, to) => socket.sendTo(data, to),
      receive: receive(socket, new Uint8Array(65_536)),
    };
  };
}

async function nodeSocket(): Promise<End> {
  const socket: Socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const messages: Uint8Array[] = [];
  let waiting: ((message: Uint8Array) => void) | undefined;
  socket.on("message", (message) => {
    if (waiting === undefined) messages.push(message);
    else waiting(message);
    waiting = undefined;
  });
  const { address: hostname, port } = socket.address();
  return {
    addr: { transport: "udp", hostname, port },
    send: (data, { port, hostname }) =>
      new Promise((resolve, reject) =>
        socket.send(
          data,
          port,
          hostname,
          (error) => error === null ? resolve(undefined) : reject(error),
        )
      ),
    receive: () =>
      new Promise((resolve) => {
        const message = messages.shift();
        if (message === undefined) waiting = resolve;
        else resolve(message);
      }),
  };
}

await bench(BASELINE, listenDatagram);

await bench(
  "UdpSocket.receiveInto()",
  udpSocket((socket, buffer) => () => socket.receiveInto(buffer)),
);

await bench(
  "UdpSocket.receiveInto(), timeoutMs",
  udpSocket((socket, buffer) => {
    const patience = { timeoutMs: 3_600_000 }; // more than the bench takes
    return () => socket.receiveInto(buffer, patience);
  }),
);

await bench(
  "UdpSocket.receiveWith()",
  udpSocket((socket) => () => socket.receiveWith((data) => data.length)),
);

await bench(
  "UdpSocket.receive()",
  udpSocket((socket) => () => socket.receive()),
);

await bench("node:dgram", nodeSocket);
