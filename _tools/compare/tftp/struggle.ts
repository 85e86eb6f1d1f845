/*
 * What loss and many clients cost us: 0.5 MiB through a relay that loses one
 * packet in a hundred, each way, and the memory of 200 transfers at once.
 */
import config from "../../../deno.json" with { type: "json" };
import { random } from "../../../tests/tftp/_fake_network.ts";
import { RawPeer } from "../../../tests/tftp/_raw_peer.ts";
import { TftpClient } from "../../../tftp/client.ts";
import { TftpServer } from "../../../tftp/server.ts";
import { UdpSocket } from "../../../udp/socket.ts";
import type { Figure } from "../report.ts";

const LOSS = 0.01;
const SEED = 7;
const SIZE = 512 * 1_024;
const TRANSFERS = 200;

const root = await Deno.makeTempDir();
await Deno.writeFile(`${root}/file`, new Uint8Array(SIZE).fill(7));
const server = new TftpServer({ root, allowWrite: true, overwrite: true });
const served = server.serveForever();
const figures: Record<string, Figure> = {};
for (const windowBlocks of [1, 8]) {
  const options = { blockSize: 1_428, windowBlocks };
  figures[`get${windowBlocks}`] = await lossy((client) =>
    client.bytes("file", options)
  );
  figures[`put${windowBlocks}`] = await lossy((client) =>
    client.put("there", new Uint8Array(SIZE), options)
  );
}
figures.memory = await memory();
await server.shutdown({ graceMs: 0 });
await served;
await Deno.remove(root, { recursive: true });
console.log(JSON.stringify({ version: config.version, figures }));

/** Seconds that a transfer takes through the relay. */
async function lossy(
  work: (client: TftpClient) => Promise<unknown>,
): Promise<Figure> {
  const chance = random(SEED);
  using front = UdpSocket.bind();
  using back = UdpSocket.bind();
  let client: Deno.NetAddr | undefined;
  let transfer: Deno.NetAddr = server.addr;
  const relay = async (from: UdpSocket) => {
    for await (const { data, addr } of from) {
      if (from === front) client = addr;
      else transfer = addr;
      if (chance() < LOSS) continue;
      if (from === front) await back.sendTo(data, transfer);
      else await front.sendTo(data, client!);
    }
  };
  relay(front);
  relay(back);
  using tftp = new TftpClient(front.localAddr);
  const start = performance.now();
  await work(tftp);
  return { value: (performance.now() - start) / 1e3 };
}

/** Mebibytes that transfers in the middle of a file take. */
async function memory(): Promise<Figure> {
  const before = Deno.memoryUsage().rss;
  await using peers = new AsyncDisposableStack();
  for (let i = 0; i < TRANSFERS; i++) {
    const peer = peers.use(new RawPeer(server.addr));
    await peer.rrq("file", ["blksize", "8192"], ["windowsize", "8"]);
    await peer.receive();
    await peer.ack(0);
    for (let block = 1; block <= 8; block++) await peer.receive();
  }
  return { value: (Deno.memoryUsage().rss - before) / 2 ** 20 };
}
