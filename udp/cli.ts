import type { Command, CommandGroup } from "../cli/command.ts";
import { formatAddr, localHostname, resolveHost } from "../mux/addr.ts";
import { waitFor } from "../sync/wait_options.ts";
import { chatCommand } from "./_cli_chat.ts";
import { answerCommand, discoverCommand } from "./_cli_discover.ts";
import {
  bindAddr,
  HOST_FLAG,
  onAbort,
  opened,
  peerAddr,
} from "../cli/options.ts";
import { rttCommand } from "./_cli_rtt.ts";
import { showBytes } from "./_show_bytes.ts";
import { receiveUntil } from "./_receive_until.ts";
import { UdpServer } from "./server.ts";
import { MAX_DATAGRAM_BYTES, UdpSocket } from "./socket.ts";

/** Port of the echo server; the one of RFC 862, 7, is for the superuser. */
const ECHO_PORT = 7007;

const echoCommand: Command = {
  summary: "Sends every datagram back, until Ctrl-C",
  usage: "",
  notes: "Datagrams from the same port number are not answered: two echo\n" +
    "servers would answer each other for ever.",
  flags: {
    host: HOST_FLAG,
    port: {
      value: "PORT",
      short: "p",
      description: `Port to bind, 0 for any (default ${ECHO_PORT})`,
    },
  },
  async run(args, signal) {
    args.expect();
    const addr = bindAddr(args, ECHO_PORT);
    let bytes = 0;
    const server: UdpServer = await opened(addr, () =>
      new UdpServer({
        ...addr,
        handler: async ({ data, reply }) => {
          bytes += await reply(data);
        },
        verify: (datagram) => datagram.addr.port !== server.addr.port,
        onError: (error, { addr }) =>
          console.error(
            `Cannot answer ${formatAddr(addr)}: ${(error as Error).message}`,
          ),
        onListen: (addr) => console.error(`Echoing on ${formatAddr(addr)}`),
      }));
    onAbort(signal, () => server.shutdown({ graceMs: 1_000 }));
    await server.serveForever();
    const { handled, refused, failed } = server.stats;
    console.log(
      `${handled} datagrams of ${bytes} bytes echoed, ` +
        `${refused} refused, ${failed} failed`,
    );
  },
};

const sendCommand: Command = {
  summary: "Sends one datagram, TEXT or else what stdin holds",
  usage: "HOST:PORT [TEXT]",
  flags: {
    wait: {
      value: "SECONDS",
      short: "w",
      description: "Wait so long for one answer, and print it",
    },
  },
  async run(args, signal) {
    const [word = "", text] = args.expect("HOST:PORT", "[TEXT]");
    const addr = peerAddr(word);
    const wait = args.number("wait", { min: 0, max: 86_400, fraction: true });
    const data = text === undefined
      ? await waitFor(readAll(Deno.stdin.readable), { signal })
      : new TextEncoder().encode(text);

    const hostname = await resolveHost(addr.hostname, { signal });
    const local = { hostname: localHostname(hostname) };
    await using socket = UdpSocket.bind(local);
    await socket.connect({ hostname, port: addr.port });
    await socket.send(data);
    if (wait === undefined) return;
    const endAt = performance.now() + wait * 1_000;
    const answer = await receiveUntil(socket, endAt, signal);
    if (answer === undefined) {
      throw new Error(
        `Cannot get an answer from ${formatAddr(addr)}: none in ${wait} s`,
      );
    }
    console.log(showBytes(answer.data));
  },
};

const listenCommand: Command = {
  summary: "Prints every datagram that comes, until Ctrl-C",
  usage: "",
  notes: "Each line is sender, length and content: text, or else hex.",
  flags: {
    host: HOST_FLAG,
    port: {
      value: "PORT",
      short: "p",
      description: "Port to bind (default any)",
    },
  },
  async run(args, signal) {
    args.expect();
    const local = bindAddr(args, 0);
    await using socket = await opened(local, () => UdpSocket.bind(local));
    console.error(`Listening on ${formatAddr(socket.localAddr)}`);
    onAbort(signal, () => socket.close());
    for await (const { data, addr } of socket) {
      console.log(
        `${formatAddr(addr)} ${data.length} bytes: ${showBytes(data)}`,
      );
    }
  },
};

/** The commands of `lockstep udp`. */
export const udpCommands: CommandGroup = {
  summary: "Datagrams: echo, send, listen, chat, round-trip times, discovery",
  commands: {
    echo: echoCommand,
    send: sendCommand,
    listen: listenCommand,
    chat: chatCommand,
    rtt: rttCommand,
    discover: discoverCommand,
    answer: answerCommand,
  },
};

/** Reads a stream to its end, as long as it fits into a datagram. */
async function readAll(
  readable: ReadableStream<Uint8Array>,
): Promise<Uint8Array> {
  const buffer = new Uint8Array(MAX_DATAGRAM_BYTES);
  let length = 0;
  for await (const chunk of readable) {
    if (length + chunk.length > buffer.length) {
      throw new RangeError(
        `Cannot send what stdin holds: it is longer than ${buffer.length} bytes`,
      );
    }
    buffer.set(chunk, length);
    length += chunk.length;
  }
  return buffer.subarray(0, length);
}
