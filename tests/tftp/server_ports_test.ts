import { assert, assertEquals, assertRejects } from "@std/assert";
import { TftpClient } from "../../tftp/client.ts";
import { TftpError } from "../../tftp/error.ts";
import { UdpSocket } from "../../udp/socket.ts";
import { content, LiveServer, octets, RawPeer } from "./_raw_peer.ts";

Deno.test("TftpServer with singlePort serves many, both ways, from one port", async () => {
  await using live = await LiveServer.start(
    { singlePort: true, allowWrite: true, retransmitMs: 4_000 },
    { f: content(300_000) },
  );
  await using client = new TftpClient(live.addr);
  const transfers = [1, 2, 3, 4].map(async (n) => {
    assertEquals(await client.bytes("f"), content(300_000));
    await client.put(`g${n}`, content(50_000 * n));
  });
  await Promise.all(transfers);
  assertEquals((await Deno.readFile(`${live.root}/g4`)).length, 200_000);
  await using peer = live.peer();
  await peer.rrq("f");
  const { addr } = await peer.receive();
  assertEquals(addr.port, live.addr.port);
  await peer.error(0);
});

Deno.test("TftpServer with singlePort is not wedged by stray packets", async () => {
  await using live = await LiveServer.start(
    { singlePort: true, retransmitMs: 100 },
    { f: content(600) },
  );
  await using peer = live.peer();
  await peer.ack(1);
  await peer.expect("ERROR 5");
  await peer.data(1, "x");
  await peer.expect("ERROR 5");
  await peer.error(0);
  await peer.send(octets("\0\x04"));
  await peer.rrq("f");
  await peer.ack(7); // not the answer to anything
  await peer.expect("DATA 1 512");
  await peer.ack(1);
  await peer.expect("DATA 2 88");
  await peer.ack(2);
  assertEquals((await live.ended()).state, "done");
  await peer.ack(2); // once more: the transfer is over
  await peer.expect("ERROR 5");
  await peer.rrq("f");
  await peer.until("DATA 1 512");
  await peer.error(0);
});

Deno.test("TftpServer with singlePort lets transfers finish in a shutdown", async () => {
  await using live = await LiveServer.start(
    { singlePort: true, retransmitMs: 4_000 },
    { f: content(600) },
  );
  await using peer = live.peer();
  await using late = live.peer();
  await peer.rrq("f");
  await peer.expect("DATA 1 512");
  const over = live.server.shutdown();
  await late.rrq("f");
  await peer.ack(1);
  await peer.expect("DATA 2 88");
  await peer.ack(2);
  assertEquals(await over, 0);
  assertEquals((await live.ended()).state, "done");
  await late.expectNothing();
});

Deno.test("TftpServer keeps its transfers in portRange", async () => {
  let first = 0;
  { // two ports in a row that were free a moment ago
    using probe = UdpSocket.bind();
    first = Math.min(probe.localAddr.port, 65_534);
  }
  const portRange = [first, first + 1] as const;
  await using live = await LiveServer.start(
    { portRange, retransmitMs: 60_000 },
    { f: content(600) },
  );
  const peers = [live.peer(), live.peer(), live.peer()];
  const ports: number[] = [];
  for (const [n, peer] of peers.entries()) {
    await peer.rrq("f");
    const { packet, addr } = await peer.receive();
    if (n < 2 && packet.type === "data") ports.push(addr.port);
    else assertEquals(packet.type, "error"); // no port is left
  }
  assert(ports.every((port) => port >= first && port <= first + 1));
  assertEquals(new Set(ports).size, ports.length);
  for (const peer of peers) {
    await peer.error(0);
    await peer[Symbol.asyncDispose]();
  }
});

Deno.test("TftpServer agrees with a client on what follows block 65535", async () => {
  await using live = await LiveServer.start({}, { f: content(20) });
  await using client = new TftpClient(live.addr);
  assertEquals(await client.bytes("f", { rollover: 1 }), content(20));
  assertEquals((await live.ended()).statistics?.options.rollover, "1");
});

Deno.test("TftpClient hears only who was asked, unless strictPeer is false", async () => {
  await using asked = new RawPeer();
  await using other = new RawPeer(undefined, "127.0.0.2");
  const serve = async () => {
    const { addr } = await asked.receive();
    other.to = addr;
    await other.data(1, "hello");
    return await other.told();
  };
  const strict = new TftpClient(asked.addr);
  const refused = serve();
  const options = { retries: 0, retransmitMs: 300 };
  await assertRejects(() => strict.bytes("f", options), TftpError, "no answer");
  assertEquals(await refused, "ERROR 5");

  await using lenient = new TftpClient({ ...asked.addr, strictPeer: false });
  const taken = serve();
  assertEquals(await lenient.bytes("f"), octets("hello"));
  assertEquals(await taken, "ACK 1");
  strict.close();
});

Deno.test("TftpServer treats a client as its quirks say", async () => {
  const quirks = ({ hostname }: Deno.NetAddr) =>
    hostname === "127.0.0.2"
      ? { maxBlockSize: 1_024, maxWindowBlocks: 2, omitOptions: ["timeout"] }
      : hostname === "127.0.0.3"
      ? { tellEmpty: true }
      : undefined;
  await using live = await LiveServer.start({ quirks }, { f: "" });
  const asked: [string, string][] = [
    ["tsize", "0"],
    ["blksize", "8192"],
    ["windowsize", "8"],
    ["timeout", "2"],
  ];
  const answers = {
    "127.0.0.1": "OACK blksize=8192 windowsize=8 timeout=2",
    "127.0.0.2": "OACK blksize=1024 windowsize=2",
    "127.0.0.3": "OACK blksize=8192 windowsize=8 timeout=2 tsize=0",
  };
  for (const [hostname, answer] of Object.entries(answers)) {
    await using peer = live.peer(hostname);
    await peer.rrq("f", ...asked);
    await peer.expect(answer);
    await peer.error(0);
  }
});

Deno.test("TftpServer tells onTransfer of the start, the progress and the end", async () => {
  await using live = await LiveServer.start({}, { f: content(2_000) });
  await using peer = live.peer();
  await peer.rrq("f", ["blksize", "500"]);
  await peer.expect("OACK blksize=500");
  await peer.ack(0);
  await peer.expect("DATA 1 500");
  for (let block = 1; block <= 4; block++) {
    await live.measured(); // a client that takes its time
    await peer.ack(block);
    await peer.until(block < 4 ? `DATA ${block + 1} 500` : "DATA 5 0");
  }
  await peer.ack(5);
  const { statistics } = await live.ended();
  const states = live.transfers.map(({ state }) => state);
  assertEquals([states[0], states.at(-1)], ["started", "done"]);
  const { progress } = live.transfers.find(({ state }) =>
    state === "progress"
  )!;
  assert(progress!.bytes > 0 && progress!.size === 2_000);
  assertEquals(statistics!.options, { blksize: "500" });
  assertEquals([statistics!.bytes, statistics!.blocks], [2_000, 5]);
  assert(statistics!.roundTripMs! > 0 && statistics!.durationMs > 0);
});
