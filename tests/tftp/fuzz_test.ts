import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async";
import { TftpClient } from "../../tftp/client.ts";
import { UdpSocket } from "../../udp/socket.ts";
import { random } from "./_fake_network.ts";
import { FIXTURES, Mutations } from "./_mutations.ts";
import { content, LiveServer } from "./_raw_peer.ts";

const stress = Deno.env.get("LOCKSTEP_STRESS") === "1";
const seed = Number(Deno.env.get("LOCKSTEP_SEED") ?? Date.now() % 1e9);

/** Packets that the server gets, and transfers that the client tries. */
const PACKETS = stress ? 100_000 : 2_000;
const CALLS = stress ? 5_000 : 60;

/** Packets that go out at once: fewer than the system drops. */
const BURST = 50;

/** What was sent last, to be made a fixture if it broke something. */
class Trace {
  readonly #packets: Uint8Array<ArrayBuffer>[] = [];

  add(packet: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    this.#packets.push(packet);
    if (this.#packets.length > 2 * BURST) this.#packets.shift();
    return packet;
  }

  /** Runs a test; if it fails, says how to repeat it. */
  async around(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      console.error(`LOCKSTEP_SEED=${seed}; the last packets were`);
      for (const packet of this.#packets) console.error(packet.toHex());
      throw error;
    }
  }
}

for (const singlePort of [false, true]) {
  const where = singlePort ? "its single port" : "any of its ports";
  Deno.test(`TftpServer serves on whatever comes to ${where}`, async () => {
    await using live = await LiveServer.start(
      { allowWrite: true, overwrite: true, retransmitMs: 20, singlePort },
      { f: content(2_000) },
    );
    const trace = new Trace();
    await trace.around(async () => {
      const mutations = new Mutations(random(seed));
      const ports = [live.addr];
      const sockets = Array.from({ length: 8 }, () => UdpSocket.bind());
      const listening = sockets.map(async (socket) => {
        for await (const { addr } of socket) {
          ports.push(addr); // a transfer's: something for it, too
          if (ports.length > 16) ports.splice(1, 1);
        }
      });
      for (let sent = 0; sent < PACKETS; sent++) {
        const packet = trace.add(FIXTURES[sent] ?? mutations.next());
        const socket = sockets[mutations.below(sockets.length)]!;
        const some = mutations.below(2) * mutations.below(ports.length);
        await socket.sendTo(packet, ports[some]!);
        if (sent % BURST === 0) await live.turn();
      }
      for (const socket of sockets) socket.close();
      await Promise.all(listening);
      await using client = new TftpClient(live.addr);
      await client.put("after", content(3_000));
      assertEquals(await client.bytes("after"), content(3_000));
      const isOver = () =>
        live.server.stats.pending + live.server.stats.active === 0;
      while (!isOver()) await delay(5);
      for (const name of await live.names()) assert(!name.endsWith(".part"));
    });
  });
}

Deno.test("TftpClient ends each call whatever its server sends", async () => {
  const trace = new Trace();
  await trace.around(async () => {
    const mutations = new Mutations(random(seed));
    await using hostile = UdpSocket.bind();
    const answering = (async () => {
      let sent = 0;
      for await (const { addr } of hostile) {
        const packet = FIXTURES[sent++] ?? mutations.next([3, 3, 4, 4, 5, 6]);
        await hostile.sendTo(trace.add(packet), addr);
      }
    })();
    const client = new TftpClient({
      ...hostile.localAddr,
      retransmitMs: 2,
      retries: 2,
      timeoutMs: 10_000,
    });
    let ended = 0;
    for (let call = 0; call < CALLS; call++) {
      const blockSize = [8, 512, 1_428][mutations.below(3)];
      const work = mutations.below(2) === 0
        ? client.bytes("f", { blockSize })
        : client.put("f", content(2_000), { blockSize });
      await work.then(() => ended++, (error) => {
        assertEquals(error.name, "TftpError", error.message);
        ended++;
      });
    }
    assertEquals(ended, CALLS);
    client.close();
    hostile.close();
    await answering;
  });
});
