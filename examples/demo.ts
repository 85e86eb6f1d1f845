/**
 * Everything at once, on loopback: serves a folder with an 8 MiB image,
 * downloads it with a progress bar, checks it, uploads it, shows an error, finds
 * three peers, and runs an echo server under every model. Ends by itself.
 */
import { createHash } from "node:crypto";
import { answerDiscovery, discover, TftpClient, TftpServer } from "../mod.ts";
import { TftpError } from "../tftp/mod.ts";
import { Progress, summary } from "../cli/progress.ts";
import { race } from "./tcp_models.ts";

const SIZE = 8 * 1024 * 1024;

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  const buffer = new Uint8Array(1024 * 1024);
  for (let n; (n = await file.read(buffer)) !== null;) {
    hash.update(buffer.subarray(0, n));
  }
  return hash.digest("hex");
}

async function writeImage(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  const block = new Uint8Array(65_536);
  for (let written = 0; written < SIZE; written += block.length) {
    crypto.getRandomValues(block);
    await file.write(block);
  }
}

function bar(label: string): Progress {
  const encoder = new TextEncoder();
  return new Progress({
    label,
    terminal: Deno.stdout.isTerminal(),
    write: (text) => void Deno.stdout.writeSync(encoder.encode(text)),
  });
}

const folder = await Deno.makeTempDir({ prefix: "lockstep-demo-" });
try {
  const root = `${folder}/root`;
  await Deno.mkdir(root);
  await writeImage(`${root}/boot.img`);

  console.log("TFTP");
  const server = new TftpServer({ root, allowWrite: true });
  const served = server.serveForever();
  const { hostname, port } = server.addr;
  console.log(`  serving ${root} on ${hostname}:${port}`);
  await using client = new TftpClient(server.addr);

  const down = bar("  boot.img");
  const got = await client.getFile("boot.img", `${folder}/copy.img`, {
    onProgress: ({ bytes, size }) => down.update(bytes, size),
  });
  down.clear();
  console.log(`  downloaded ${summary(got.bytes, got.durationMs)}`);
  const same = await sha256(`${folder}/copy.img`) ===
    await sha256(`${root}/boot.img`);
  console.log(`  SHA-256 ${same ? "matches" : "DIFFERS"}`);
  if (!same) throw new Error("Cannot trust the download: it differs");

  const up = bar("  upload.img");
  const put = await client.putFile("upload.img", `${folder}/copy.img`, {
    blockSize: 8192,
    onProgress: ({ bytes, size }) => up.update(bytes, size),
  });
  up.clear();
  console.log(`  uploaded   ${summary(put.bytes, put.durationMs)}`);
  console.log(
    `  ${put.blocks} blocks of ${put.blockSize}, window ${put.windowBlocks}, ` +
      `${put.retransmissions} repeated, ` +
      `round trip ${put.roundTripMs?.toFixed(2)} ms`,
  );

  try {
    await client.bytes("missing.img");
  } catch (error) {
    if (!(error instanceof TftpError)) throw error;
    console.log(`  ${error.code}: ${error.message}`);
  }
  await server.shutdown();
  await served;
  const { done, failed } = server.stats;
  console.log(`  server: ${done} transfers done, ${failed} failed`);

  console.log("Discovery");
  await using stack = new AsyncDisposableStack();
  let at = 0; // the first takes a free port, the others share it
  for (const name of ["printer", "camera", "switch"]) {
    const self = { service: "demo", name, port: at };
    at = stack.use(await answerDiscovery(self)).addr.port;
  }
  const wanted = { service: "demo", limit: 3, port: at };
  for (const { name, addr } of await discover(wanted)) {
    console.log(`  ${name} answers from ${addr.hostname}:${addr.port}`);
  }

  console.log("Echo, 20 clients");
  await race();
} finally {
  await Deno.remove(folder, { recursive: true });
}
