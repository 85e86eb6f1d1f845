/** What a lost packet costs: a relay drops one packet in ten, both ways. */
import { TftpClient, TftpServer } from "../tftp/mod.ts";
import { UdpSocket } from "../udp/mod.ts";

const root = await Deno.makeTempDir();
await Deno.writeFile(`${root}/image`, new Uint8Array(200_000));
const server = new TftpServer({ root });
const served = server.serveForever();

// One socket for each side; the server's answers tell its port of the transfer.
const front = UdpSocket.bind();
const back = UdpSocket.bind();
let client: Deno.NetAddr | undefined;
let transfer: Deno.NetAddr = server.addr;
let count = 0;
const lost = () => ++count % 10 === 0;

async function relay(): Promise<void> {
  for await (const { data, addr } of front) {
    client = addr;
    if (!lost()) await back.sendTo(data, transfer);
  }
}
async function relayBack(): Promise<void> {
  for await (const { data, addr } of back) {
    transfer = addr;
    if (!lost()) await front.sendTo(data, client!);
  }
}
const relays = [relay(), relayBack()];

const tftp = new TftpClient(front.localAddr);
const { retransmissions, durationMs, blocks } = await tftp.getFile(
  "image",
  `${root}/copy`,
  { windowBlocks: 1 },
);
console.log(`${blocks} blocks arrived, ${retransmissions} packets repeated`);
console.log(`intact: ${(await Deno.stat(`${root}/copy`)).size === 200_000}`);
console.log(`${(durationMs / blocks).toFixed(1)} ms for each block`);

await tftp[Symbol.asyncDispose]();
await server.shutdown({ graceMs: 0 });
await served;
front.close();
back.close();
await Promise.all(relays);
await Deno.remove(root, { recursive: true });
