/** TFTP in both directions over a temporary folder. */
import { TftpClient, TftpServer } from "../tftp/mod.ts";

const root = await Deno.makeTempDir();
await Deno.writeTextFile(`${root}/motd`, "Welcome\n");

const server = new TftpServer({
  root,
  allowWrite: true,
  onTransfer: ({ state, operation, name }) =>
    console.log(`server: ${operation} ${name} ${state}`),
});
const served = server.serveForever();

await using client = new TftpClient(server.addr);
console.log("size:", (await client.stat("motd")).size);
for await (const chunk of client.get("motd")) {
  console.log("read:", new TextDecoder().decode(chunk).trim());
}
await client.put("config", new TextEncoder().encode("vlan 7\n"));
console.log("written:", (await Deno.readTextFile(`${root}/config`)).trim());
await client.bytes("missing").catch((error) => console.log(error.message));

await server.shutdown();
await served;
await Deno.remove(root, { recursive: true });
