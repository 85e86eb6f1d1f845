import { assert, assertEquals, assertGreater } from "@std/assert";
import { equals } from "@std/bytes";
import { formatAddr } from "../../mux/addr.ts";
import { TftpClient } from "../../tftp/client.ts";
import { TftpServer } from "../../tftp/server.ts";
import { type Datagram, UdpSocket } from "../../udp/socket.ts";
import { TemporaryFolder } from "./_peers.ts";

/** Random numbers from 0 to 1, the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/**
 * A way to a server that loses datagrams, both ways.
 *
 * ```
 *            front ────────────── outer ── server, listening
 *  client ───                       │
 *            inner (one a transfer)─┴────── server, transferring
 * ```
 *
 * Each client has an `outer` socket of its own, so that the server tells them
 * apart; each port that the server answers from has an `inner` one, so that the
 * client sees another transfer identifier there.
 */
class LossyRelay implements AsyncDisposable {
  readonly #server: Deno.NetAddr;
  readonly #loses: () => boolean;
  readonly #front: UdpSocket = UdpSocket.bind();
  readonly #outer: Map<string, UdpSocket> = new Map();
  readonly #inner: Map<string, UdpSocket> = new Map();
  readonly #loops: Promise<void>[] = [];
  #lost = 0;

  constructor(
    server: Deno.NetAddr,
    options: { loss: number; seed: number },
  ) {
    const random = generator(options.seed);
    this.#server = server;
    this.#loses = () => random() < options.loss;
    this.#forward(this.#front, ({ data, addr }) => {
      const outer = this.#outerOf(addr);
      return [outer, data, this.#server];
    });
  }

  /** Where clients send their requests. */
  get addr(): Deno.NetAddr {
    return this.#front.localAddr;
  }

  /** Datagrams that were lost so far. */
  get lost(): number {
    return this.#lost;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sockets = [this.#front, ...this.#outer.values()];
    sockets.push(...this.#inner.values());
    for (const socket of sockets) socket.close();
    await Promise.all(this.#loops);
  }

  #outerOf(client: Deno.NetAddr): UdpSocket {
    const key = formatAddr(client);
    const known = this.#outer.get(key);
    if (known !== undefined) return known;
    const outer = UdpSocket.bind();
    this.#outer.set(key, outer);
    this.#forward(outer, ({ data, addr }) => {
      const inner = this.#innerOf(client, outer, addr);
      return [inner, data, client];
    });
    return outer;
  }

  #innerOf(
    client: Deno.NetAddr,
    outer: UdpSocket,
    transfer: Deno.NetAddr,
  ): UdpSocket {
    const key = `${formatAddr(client)} ${formatAddr(transfer)}`;
    const known = this.#inner.get(key);
    if (known !== undefined) return known;
    const inner = UdpSocket.bind();
    this.#inner.set(key, inner);
    this.#forward(inner, ({ data }) => [outer, data, transfer]);
    return inner;
  }

  /** Passes on what a socket hears, but for what is lost. */
  #forward(
    from: UdpSocket,
    route: (datagram: Datagram) => [UdpSocket, Uint8Array, Deno.NetAddr],
  ): void {
    const loop = async () => {
      for await (const datagram of from) {
        if (this.#loses()) {
          this.#lost++;
          continue;
        }
        const [socket, data, to] = route(datagram);
        if (!socket.closed) await socket.sendTo(data, to);
      }
    };
    this.#loops.push(loop());
  }
}

/** Octets of the file: so many blocks that some are lost for sure. */
const SIZES = { one: 400_000, ten: 100_000 };

for (const [loss, size] of [[0.01, SIZES.one], [0.1, SIZES.ten]] as const) {
  for (const windowBlocks of [1, 8]) {
    const way = windowBlocks === 1 ? "lock-step" : `window ${windowBlocks}`;
    const seed = 1_000 * loss + windowBlocks;
    const lost = `${100 * loss} % loss (${way})`;

    Deno.test(`TftpClient.bytes() reads all in spite of ${lost}`, async () => {
      await across({ loss, seed }, async (client, root) => {
        const content = random(size, seed);
        await root.write("file", content);
        const bytes = await client.bytes("file", { windowBlocks });
        assertEquals(bytes.length, size);
        assert(equals(bytes, content), "content differs");
      });
    });

    Deno.test(`TftpClient.put() writes all in spite of ${lost}`, async () => {
      await across({ loss, seed }, async (client, root) => {
        const content = random(size, seed);
        const put = await client.put("file", content, { windowBlocks });
        assertEquals(put.windowBlocks, windowBlocks);
        const bytes = await Deno.readFile(root.join("file"));
        assertEquals(bytes.length, size);
        assert(equals(bytes, content), "content differs");
      });
    });
  }
}

/** Runs a client against a server behind a relay that really lost something. */
async function across(
  options: { loss: number; seed: number },
  work: (client: TftpClient, root: TemporaryFolder) => Promise<void>,
): Promise<void> {
  await using root = await TemporaryFolder.make();
  const server = new TftpServer({ root: root.path, allowWrite: true });
  const served = server.serveForever();
  try {
    await using relay = new LossyRelay(server.addr, options);
    using client = new TftpClient(relay.addr);
    await work(client, root);
    assertGreater(relay.lost, 0);
  } finally {
    await server.shutdown({ graceMs: 0 });
    await served;
  }
}

function random(size: number, seed: number): Uint8Array<ArrayBuffer> {
  const next = generator(seed);
  return Uint8Array.from({ length: size }, () => 256 * next());
}
