import { assertEquals } from "@std/assert";
import { deadline, delay } from "@std/async";
import {
  decodePacket,
  encodeAck,
  encodeData,
  encodeError,
  encodeOack,
  encodeRequest,
  type Packet,
} from "../../tftp/packet.ts";
import { TftpServer } from "../../tftp/server.ts";
import type {
  TftpServerOptions,
  TftpTransfer,
} from "../../tftp/server_options.ts";
import { UdpSocket } from "../../udp/socket.ts";

const NOTHING = "nothing-of-that-name";
const PATIENCE = { timeoutMs: 10_000 };

/** One octet per character. */
export function octets(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Octets in which every block of 512 differs from the others. */
export function content(size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, i) => i + (i >> 8) * 31);
}

/** What came, and from where. */
export interface Arrival {
  readonly packet: Packet;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly addr: Deno.NetAddr;
}

/** A bare UDP socket that speaks packets and knows no protocol. */
export class RawPeer {
  readonly #socket: UdpSocket;
  readonly #expected: Set<string> = new Set();
  /** Whom `send()` sends to: set it to the port of the first answer. */
  to: Deno.NetAddr;

  constructor(to?: Deno.NetAddr, hostname?: string) {
    this.#socket = UdpSocket.bind({ hostname });
    this.to = to ?? this.addr;
  }

  get addr(): Deno.NetAddr {
    return this.#socket.localAddr;
  }

  async send(
    bytes: Uint8Array<ArrayBuffer>,
    to: Deno.NetAddr = this.to,
  ): Promise<void> {
    await this.#socket.sendTo(bytes, to);
  }

  request(
    type: "rrq" | "wrq",
    name: string,
    options: [string, string][] = [],
    mode: string = "octet",
  ): Promise<void> {
    const request = { type, name: octets(name), mode, options };
    return this.send(encodeRequest(request));
  }

  rrq(name: string, ...options: [string, string][]): Promise<void> {
    return this.request("rrq", name, options);
  }

  wrq(name: string, ...options: [string, string][]): Promise<void> {
    return this.request("wrq", name, options);
  }

  data(block: number, data: Uint8Array | string): Promise<void> {
    const bytes = typeof data === "string" ? octets(data) : data;
    return this.send(encodeData(block, bytes));
  }

  ack(block: number): Promise<void> {
    return this.send(encodeAck(block));
  }

  error(code: number, message: string = ""): Promise<void> {
    return this.send(encodeError(code, octets(message)));
  }

  oack(...options: [string, string][]): Promise<void> {
    return this.send(encodeOack(options));
  }

  /** The next datagram; `to` becomes whoever sent it. */
  async receive(): Promise<Arrival> {
    const { data: bytes, addr } = await this.#socket.receive(PATIENCE);
    this.to = addr;
    return { packet: decodePacket(bytes.slice()), bytes, addr };
  }

  /** The next datagram in short: `DATA 1 512`, `ACK 2`, `OACK a=b`. */
  async told(): Promise<string> {
    return brief((await this.receive()).packet);
  }

  /**
   * The next datagrams must be these, in short. Repetitions of what came before
   * are passed over: on a busy machine any wait may be over. Who wants to see
   * that there are none has `expectNothing()`.
   */
  async expect(...packets: string[]): Promise<void> {
    for (const packet of packets) {
      let told = await this.told();
      while (told !== packet && this.#expected.has(told)) {
        told = await this.told();
      }
      assertEquals(told, packet);
      this.#expected.add(told);
    }
  }

  /** Takes datagrams, repetitions for instance, until this one comes. */
  async until(packet: string): Promise<void> {
    while (await this.told() !== packet);
  }

  /** Takes everything that has arrived, in short, and does not wait for more. */
  async drain(): Promise<string[]> {
    const { to } = this;
    const packets: string[] = [];
    await this.send(encodeError(99, octets("the end")), this.addr);
    for (;;) {
      const { packet, addr } = await this.receive();
      if (addr.port === this.addr.port) break;
      packets.push(brief(packet));
    }
    this.to = to;
    return packets;
  }

  /** Nothing has arrived that was not taken. */
  async expectNothing(): Promise<void> {
    assertEquals(await this.drain(), []);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#socket[Symbol.asyncDispose]();
  }
}

/** A packet as one short line. */
export function brief(packet: Packet): string {
  switch (packet.type) {
    case "data":
      return `DATA ${packet.block} ${packet.data.length}`;
    case "ack":
      return `ACK ${packet.block}`;
    case "error":
      return `ERROR ${packet.code}`;
    case "oack":
      return ["OACK", ...pairs(packet.options)].join(" ");
    default: {
      const name = new TextDecoder().decode(packet.name);
      const type = packet.type.toUpperCase();
      return [type, name, packet.mode, ...pairs(packet.options)].join(" ");
    }
  }
}

function pairs(
  options: ReadonlyMap<string, { name: string; value: string }>,
): string[] {
  return [...options.values()].map(({ name, value }) => `${name}=${value}`);
}

/** A server of ours with a folder of its own and short waits. */
export class LiveServer {
  readonly transfers: TftpTransfer[] = [];
  readonly #errors: unknown[] = [];
  readonly #waiters: Set<() => void> = new Set();
  readonly #served: Promise<void>;

  private constructor(readonly root: string, readonly server: TftpServer) {
    this.#served = server.serveForever();
  }

  static async start(
    options: Partial<TftpServerOptions> = {},
    files: Record<string, Uint8Array | string> = {},
  ): Promise<LiveServer> {
    const root = await Deno.makeTempDir({ prefix: "lockstep-test-" });
    for (const [name, file] of Object.entries(files)) {
      const bytes = typeof file === "string" ? octets(file) : file;
      await Deno.writeFile(`${root}/${name}`, bytes);
    }
    const live: LiveServer = new LiveServer(
      root,
      new TftpServer({
        root,
        retransmitMs: 100,
        onError: (error) => live.#errors.push(error),
        onTransfer: (transfer) => {
          live.transfers.push(transfer);
          for (const wake of live.#waiters) wake();
        },
        ...options,
      }),
    );
    return live;
  }

  get addr(): Deno.NetAddr {
    return this.server.addr;
  }

  /** A peer that talks to the listening port. */
  peer(hostname?: string): RawPeer {
    return new RawPeer(this.addr, hostname);
  }

  /** Waits until a transfer has ended, and answers how. */
  async ended(nth: number = 1): Promise<TftpTransfer> {
    for (;;) {
      const over = this.transfers.filter(({ state, name }) =>
        state !== "started" && state !== "progress" && name !== NOTHING
      );
      if (over.length >= nth) return over[nth - 1]!;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiters.add(resolve);
      await deadline(promise, PATIENCE.timeoutMs);
      this.#waiters.delete(resolve);
    }
  }

  /** Waits until the server has dealt with what was sent to it before. */
  async turn(): Promise<void> {
    await this.turnOf("127.0.0.1");
  }

  /** As `turn()`, seen from another address. */
  async turnOf(hostname: string): Promise<void> {
    await using peer = this.peer(hostname);
    for (let i = 0; i < 2; i++) {
      peer.to = this.addr;
      await peer.rrq(NOTHING);
      await peer.expect("ERROR 1");
    }
  }

  /** Waits as long as the server waits before it repeats, several times. */
  async waits(file: string, times: number): Promise<void> {
    await using peer = this.peer();
    await peer.rrq(file);
    for (let i = 0; i <= times; i++) await peer.receive();
    await peer.error(0);
  }

  /**
   * Waits like a network with a round trip of 100 ms: who measures that repeats
   * nothing for 300 ms, and a test can look for what must not come.
   */
  async measured(): Promise<void> {
    await delay(100);
  }

  /** Content of a file in the folder, as text. */
  text(name: string): Promise<string> {
    return Deno.readTextFile(`${this.root}/${name}`);
  }

  /** Names of the files in the folder. */
  async names(): Promise<string[]> {
    const entries = await Array.fromAsync(Deno.readDir(this.root));
    return entries.map(({ name }) => name).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.shutdown({ graceMs: 0 });
    await this.#served;
    await Deno.remove(this.root, { recursive: true });
    assertEquals(this.#errors, []);
  }
}
