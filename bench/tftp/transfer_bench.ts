/*
 * How block size and window carry 16 MiB over loopback, with our client and our
 * server in one process. The baseline is RFC 1350 as it was: blocks of 512, each
 * acknowledged before the next. A row says what the options buy on a network
 * without delay, where only the work per packet counts; on a real one a window
 * buys more. The numbers decide the defaults (blocks of 1428, window 32, 96 KiB
 * in a window at most): a window at 1428 has to pay, and another must not pay
 * much better.
 *
 * The server reads from and writes to a temporary file; the client's side stays
 * in memory, so that no disk is measured twice.
 */
import { TftpClient } from "../../tftp/client.ts";
import type { TftpTransferOptions } from "../../tftp/options.ts";
import { TftpServer } from "../../tftp/server.ts";

const SIZE = 16 * 1_048_576;

/** Block size and window; 512 and 1 are plain RFC 1350. */
const TERMS = [
  [512, 1],
  [1_428, 1],
  [1_428, 8],
  [1_428, 32],
  [8_192, 1],
  [8_192, 8],
  [32_768, 3],
  [65_464, 1],
] as const;

/** Iterations: each takes a second at worst, and is long enough to repeat. */
const COUNT = { n: 10, warmup: 1 };

const content = new Uint8Array(SIZE).fill(7);
const root = await Deno.makeTempDir();
await Deno.writeFile(`${root}/file`, content);
const server = new TftpServer({ root, allowWrite: true, overwrite: true });
server.serveForever();
const client = new TftpClient(server.addr);
globalThis.addEventListener("unload", () => {
  Deno.removeSync(root, { recursive: true });
});

async function get(options: TftpTransferOptions): Promise<number> {
  let length = 0;
  for await (const chunk of client.get("file", options)) length += chunk.length;
  return length;
}

async function put(options: TftpTransferOptions): Promise<number> {
  return (await client.put("upload", content, options)).bytes;
}

for (const [verb, transfer] of Object.entries({ get, put })) {
  for (const [blockSize, windowBlocks] of TERMS) {
    const name = `${blockSize}/${windowBlocks}`;
    const baseline = name === "512/1";
    const bench = { group: `${verb} 16 MiB`, baseline, ...COUNT };
    Deno.bench(name, bench, async () => {
      const length = await transfer({ blockSize, windowBlocks });
      if (length !== SIZE) throw new Error(`Only ${length} octets arrived`);
    });
  }
}
