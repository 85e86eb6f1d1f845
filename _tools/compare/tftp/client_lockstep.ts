/*
 * Our client, in this process: it is pinned like the programs, once it runs.
 */
import config from "../../../deno.json" with { type: "json" };
import { run } from "../../../tests/tftp/_peers.ts";
import { TftpClient } from "../../../tftp/client.ts";
import { measureClientCalls, PINNED } from "./measure.ts";

await run("taskset", ["-a", "-p", ...PINNED, String(Deno.pid)]);
await measureClientCalls(config.version, async (addr, name, blockSize) => {
  await using client = new TftpClient(addr);
  for await (const _ of client.get(name, { blockSize, windowBlocks: 1 })) {
    // as fast as it comes
  }
});
