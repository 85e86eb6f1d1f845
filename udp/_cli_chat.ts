import { type Command, UsageError } from "../cli/command.ts";
import { lines } from "../cli/lines.ts";
import {
  formatAddr,
  type HostPort,
  isLoopback,
  resolveHost,
} from "../mux/addr.ts";
import {
  CHAT_HELP,
  Contacts,
  decodeMessage,
  encodeMessage,
  parseContact,
  parseLine,
  parseName,
} from "./_chat.ts";
import {
  asUsage,
  bindAddr,
  HOST_FLAG,
  onAbort,
  opened,
} from "../cli/options.ts";
import { printable } from "../mux/printable.ts";
import { UdpSocket } from "./socket.ts";

/** `lockstep udp chat` */
export const chatCommand: Command = {
  summary: "Chats with others: type and read at any time",
  usage: "[NAME=HOST:PORT ...]",
  notes: `Whoever writes first is added to the contacts. To type:\n\n${
    CHAT_HELP.replaceAll(/^/gm, "  ")
  }`,
  flags: {
    host: HOST_FLAG,
    port: {
      value: "PORT",
      short: "p",
      description: "Port to bind (default any)",
    },
    name: {
      value: "NAME",
      short: "n",
      description: "Own name (default user-PORT)",
    },
  },
  async run(args, signal) {
    const given = args.words.map((word) => asUsage(() => parseContact(word)));
    const addr = bindAddr(args, 0);
    const ownName = args.text("name");
    if (ownName !== undefined) asUsage(() => parseName(ownName));

    await using socket = await opened(addr, () => UdpSocket.bind(addr));
    const name = ownName ?? `user-${socket.localAddr.port}`;
    const chat = new Chat(socket, name);
    for (const contact of given) await chat.add(contact.name, contact.addr);
    console.error(
      `Chatting as ${name} on ${formatAddr(socket.localAddr)}, /help for help`,
    );
    onAbort(signal, () => socket.close());
    await Promise.race([chat.hear(), chat.speak(Deno.stdin.readable)]);
  },
};

/** One end of a chat, on a terminal. */
class Chat {
  readonly #socket: UdpSocket;
  readonly #name: string;
  readonly #contacts: Contacts = new Contacts();

  constructor(socket: UdpSocket, name: string) {
    this.#socket = socket;
    this.#name = name;
  }

  async add(name: string, addr: HostPort): Promise<void> {
    const local = this.#socket.localAddr.hostname;
    const family = local.includes(":") ? undefined : 4;
    const hostname = await resolveHost(addr.hostname, { family });
    if (isLoopback(local) && !isLoopback(hostname)) {
      throw new UsageError(
        `Cannot reach ${formatAddr(addr)} from ${local}: bind --host 0.0.0.0`,
      );
    }
    this.#contacts.add(name, { hostname, port: addr.port });
  }

  /** Prints messages until the socket is closed. */
  async hear(): Promise<void> {
    for await (const { data, addr } of this.#socket) {
      const message = decodeMessage(data);
      if (message === undefined) continue;
      const { name, added } = this.#contacts.meet(message.name, addr);
      if (added) console.error(`New contact ${name} is ${formatAddr(addr)}`);
      console.log(`${name}: ${printable(message.text)}`);
    }
  }

  /** Sends what is typed, until the end of it or `/quit`. */
  async speak(typed: ReadableStream<Uint8Array>): Promise<void> {
    for await (const line of lines(typed)) {
      try {
        if (!await this.#obey(line)) return;
      } catch (error) {
        if (this.#socket.closed) return;
        console.error((error as Error).message); // and the chat goes on
      }
    }
  }

  /** Whether the chat goes on. */
  async #obey(line: string): Promise<boolean> {
    const input = parseLine(line);
    switch (input.type) {
      case "send":
        await this.#send(input.text, input.to);
        break;
      case "choose":
        this.#contacts.choose(input.to);
        break;
      case "add":
        await this.add(input.name, input.addr);
        break;
      case "who":
        for (const [name, addr] of this.#contacts) {
          const mark = name === this.#contacts.current ? "*" : " ";
          console.log(`${mark} ${name} ${formatAddr(addr)}`);
        }
        break;
      case "help":
        console.log(CHAT_HELP);
        break;
      case "quit":
        return false;
    }
    return true;
  }

  async #send(text: string, to: string | undefined): Promise<void> {
    const { name, addr } = this.#contacts.choose(to);
    const message = encodeMessage({ name: this.#name, text });
    try {
      await this.#socket.sendTo(message, addr);
    } catch (cause) {
      const { message } = cause as Error;
      throw new Error(`Cannot send to ${name}: ${message}`, { cause });
    }
  }
}
