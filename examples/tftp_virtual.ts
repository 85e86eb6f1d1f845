/** A boot server whose files are made on demand, and a log that is taken in. */
import { TftpClient, TftpError, TftpServer } from "../tftp/mod.ts";

const utf8 = new TextEncoder();

const server = new TftpServer({
  allowWrite: true,
  maxFileBytes: 1_000,
  allowFrom: ["127.0.0.0/8", "::1"],
  remap: (name) => name.toLowerCase(),
  read(name, peer) {
    if (name !== "pxelinux.cfg/default") return undefined;
    return utf8.encode(`kernel for ${peer.hostname}\n`);
  },
  write(name) {
    if (!name.endsWith(".log")) {
      throw new TftpError("access-violation", "Logs only");
    }
    return (content) => console.log(`${name}: ${content.length} octets`);
  },
  onTransfer: ({ state, name, statistics }) => {
    if (state !== "done") return;
    console.log(`${name} done, ${statistics?.blocks} block`);
  },
});
const served = server.serveForever();

await using client = new TftpClient(server.addr);
const menu = await client.bytes("PXELINUX.CFG/default");
console.log(new TextDecoder().decode(menu).trim());
await client.put("boot.log", utf8.encode("all is well\n"));
for (const [name, bytes] of [["boot.txt", 1], ["big.log", 2_000]] as const) {
  await client.put(name, new Uint8Array(bytes)).catch((error: TftpError) =>
    console.log(`${name}: ${error.code}`)
  );
}

await server.shutdown();
await served;
