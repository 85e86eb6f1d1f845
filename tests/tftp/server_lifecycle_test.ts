import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TftpClient } from "../../tftp/client.ts";
import { TftpServer } from "../../tftp/server.ts";
import type { TftpServerOptions } from "../../tftp/server_options.ts";
import { content, LiveServer } from "./_raw_peer.ts";

Deno.test("TftpServer.shutdown() right after serveForever() ends it quietly", async () => {
  const server = new TftpServer({ root: "." });
  const served = server.serveForever();
  assertEquals(await server.shutdown(), 0);
  await served;
});

Deno.test("TftpServer.close() right after serveForever() ends it quietly", async () => {
  const server = new TftpServer({ root: "." });
  const served = server.serveForever();
  server.close();
  server.close();
  await served;
});

Deno.test("TftpServer.serveForever() refuses to start after a shutdown", async () => {
  const server = new TftpServer({ root: "." });
  await server.shutdown();
  await assertRejects(() => server.serveForever(), TypeError, "already");
});

Deno.test("TftpServer.serveForever() rejects for a root that is not there", async () => {
  const server = new TftpServer({ root: "no/such/folder" });
  await assertRejects(() => server.serveForever(), Deno.errors.NotFound);
});

Deno.test("TftpServer refuses limits that make no sense", () => {
  const wrong: Partial<TftpServerOptions>[] = [
    { maxWindowBlocks: 1.5 },
    { maxWindowBlocks: 0 },
    { maxBlockSize: 1000.5 },
    { maxBlockSize: 65_465 },
    { retries: -1 },
    { retries: 1.5 },
    { retransmitMs: 0 },
    { maxTransfers: NaN },
  ];
  for (const options of wrong) {
    const [name = ""] = Object.keys(options);
    assertThrows(
      () => new TftpServer({ root: ".", ...options }),
      RangeError,
      name,
    );
  }
});

Deno.test("TftpServer serves on when onTransfer throws, and tells onError", async () => {
  const root = await Deno.makeTempDir();
  await Deno.writeFile(`${root}/f`, content(600));
  const errors: string[] = [];
  const server = new TftpServer({
    root,
    onTransfer: ({ state }) => {
      throw new Error(`hook at ${state}`);
    },
    onError: (error) => void errors.push((error as Error).message),
  });
  const served = server.serveForever();
  {
    await using client = new TftpClient(server.addr);
    assertEquals(await client.bytes("f"), content(600));
  }
  await server.shutdown();
  await served;
  assertEquals([server.stats.done, server.stats.failed], [1, 0]);
  assertEquals(errors, ["hook at started"]);
  await Deno.remove(root, { recursive: true });
});

Deno.test("TftpServer serves a client that asks for another file from its port", async () => {
  await using live = await LiveServer.start(
    { retransmitMs: 60_000 },
    { a: content(600), b: "bee" },
  );
  await using peer = live.peer();
  await peer.rrq("a");
  await peer.expect("DATA 1 512"); // never acknowledged: the client restarts
  peer.to = live.addr;
  await peer.rrq("b");
  await peer.expect("DATA 1 3");
  await peer.ack(1);
  const { name, state } = await live.ended();
  assertEquals([name, state, live.server.stats.pending], ["b", "done", 0]);
});

Deno.test("TftpServer serves the read that follows a size probe from its port at once", async () => {
  await using live = await LiveServer.start(
    { retransmitMs: 60_000 },
    { a: content(600) },
  );
  await using peer = live.peer();
  await peer.rrq("a", ["tsize", "0"]);
  await peer.expect("OACK tsize=600");
  const probed = peer.to;
  peer.to = live.addr;
  await peer.rrq("a", ["blksize", "1024"]); // may overtake the error
  peer.to = probed;
  await peer.error(8);
  await peer.expect("OACK blksize=1024");
  await peer.ack(0);
  await peer.expect("DATA 1 600");
  await peer.ack(1);
  assertEquals((await live.ended()).state, "done");
  assertEquals(live.server.stats.started, 1);
});

Deno.test("TftpServer begins no second transfer for a request that comes twice", async () => {
  await using live = await LiveServer.start(
    { allowWrite: true, retransmitMs: 60_000 },
  );
  await using peer = live.peer();
  await peer.wrq("f");
  await peer.expect("ACK 0");
  const transfer = peer.to;
  await peer.data(1, content(512));
  await peer.expect("ACK 1");
  peer.to = live.addr;
  await peer.wrq("f"); // a late copy
  peer.to = transfer;
  await peer.data(2, "end");
  await peer.expect("ACK 2");
  assertEquals((await live.ended()).state, "done");
  assertEquals(live.server.stats.started, 1);
  assertEquals(await live.names(), ["f"]);
});
