import { assert, assertEquals, assertThrows } from "@std/assert";
import { delay } from "@std/async";
import { TftpClient } from "../../tftp/client.ts";
import { encodeRequest } from "../../tftp/packet.ts";
import { TftpServer } from "../../tftp/server.ts";
import { UdpSocket } from "../../udp/socket.ts";
import { content, LiveServer, octets } from "./_raw_peer.ts";

const stress = Deno.env.get("LOCKSTEP_STRESS") === "1";

/** Requests of a flood; each is forgotten after some two seconds. */
const FLOOD = stress ? 10_000 : 1_000;

function rrq(...options: [string, string][]): Uint8Array<ArrayBuffer> {
  const name = octets("f");
  return encodeRequest({ type: "rrq", name, mode: "octet", options });
}

/** Asks from so many addresses, and never says more; lets the server keep pace. */
async function flood(
  server: TftpServer,
  requests: number,
  request: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const each = 50;
  for (let i = 0; i < requests; i += each) {
    const sockets = Array.from({ length: each }, (_, n) => {
      const host = (i + n) % 250 + 2;
      return UdpSocket.bind({ hostname: `127.0.${(i / 250) | 0}.${host}` });
    });
    const answer = sockets.at(-1)!.receive();
    for (const socket of sockets) await socket.sendTo(request, server.addr);
    await answer;
    for (const socket of sockets) await socket[Symbol.asyncDispose]();
  }
}

Deno.test(`TftpServer serves a client while ${FLOOD} others ask and fall silent`, async () => {
  await using live = await LiveServer.start(
    { retransmitMs: 60_000 },
    { f: content(100_000) },
  );
  await flood(live.server, FLOOD, rrq(["tsize", "0"]));
  const { pending, active } = live.server.stats;
  assert(pending > FLOOD / 4, `only ${pending} pending`);
  assertEquals(active, 0);
  await using client = new TftpClient(live.addr);
  const served = await client.bytes("f", { timeoutMs: 10_000 });
  assertEquals(served.length, 100_000);
});

Deno.test("TftpServer sends an address that never answers no more than a few blocks", async () => {
  await using live = await LiveServer.start(
    { retransmitMs: 5 },
    { f: content(600) },
  );
  let received = 0;
  const victims = Array.from({ length: 200 }, () => UdpSocket.bind());
  const listening = victims.map(async (victim) => {
    for await (const { data } of victim) received += data.length;
  });
  const request = rrq();
  for (const victim of victims) await victim.sendTo(request, live.addr);
  await live.turn();
  while (live.server.stats.pending > 0) await delay(1);
  await live.turn();
  for (const victim of victims) victim.close();
  await Promise.all(listening);
  const sent = victims.length * request.length;
  assert(received > 516, "nobody got an answer");
  assert(received < sent + 24 * 1_024, `${received} octets for ${sent}`);
});

Deno.test("TftpServer answers options though the address is used up", async () => {
  await using live = await LiveServer.start({}, { f: content(600) });
  for (let i = 0; i < 100; i++) {
    await using peer = live.peer();
    await peer.rrq("f");
  }
  await using client = new TftpClient(live.addr);
  assertEquals((await client.bytes("f")).length, 600);
});

Deno.test("TftpServer counts no half-open session as a transfer", async () => {
  await using live = await LiveServer.start(
    { maxTransfers: 1, retransmitMs: 60_000 },
    { f: "abc" },
  );
  await using silent = live.peer();
  await silent.rrq("f", ["tsize", "0"]);
  await silent.expect("OACK tsize=3");
  await using client = new TftpClient(live.addr);
  assertEquals(await client.bytes("f"), octets("abc"));
  assertEquals(live.server.stats.pending, 1);
});

Deno.test("TftpServer keeps to maxTransfersPerClient, and serves others", async () => {
  await using live = await LiveServer.start(
    { maxTransfersPerClient: 1, retransmitMs: 60_000 },
    { f: content(600), g: "abc" },
  );
  await using first = live.peer();
  await first.rrq("f");
  await first.expect("DATA 1 512");
  await first.ack(1);
  await first.expect("DATA 2 88");
  await using second = live.peer();
  await second.rrq("g");
  await live.turnOf("127.0.0.2");
  await second.expectNothing();
  await using other = live.peer("127.0.0.3");
  await other.rrq("g");
  await other.expect("DATA 1 3");
  await other.ack(1);
  await first.ack(2);
  await live.ended(2);
  while (live.server.stats.active > 0) await delay(1);
  await second.rrq("g");
  await second.expect("DATA 1 3");
  await second.ack(1);
});

Deno.test("TftpServer serves only addresses in allowFrom, of both families", async () => {
  const files = { f: "abc" };
  const allowFrom = ["127.0.1.0/24", "127.0.0.5", "::1", "fd00::/8"];
  await using live = await LiveServer.start({ allowFrom }, files);
  const answers: [hostname: string, answer: string][] = [
    ["127.0.0.1", "ERROR 2"],
    ["127.0.0.5", "DATA 1 3"],
    ["127.0.1.255", "DATA 1 3"],
    ["127.0.2.0", "ERROR 2"],
  ];
  for (const [hostname, answer] of answers) {
    await using peer = live.peer(hostname);
    await peer.rrq("f");
    await peer.expect(answer);
    await peer.error(0);
  }
  const both = { allowFrom, hostname: "::" };
  await using dual = await LiveServer.start(both, files);
  const { port } = dual.addr;
  for (
    const [hostname, answer] of [...answers, ["::1", "DATA 1 3"]] as const
  ) {
    await using peer = dual.peer(hostname);
    const at = hostname.includes(":") ? "::1" : "127.0.0.1";
    peer.to = { transport: "udp", hostname: at, port };
    await peer.rrq("f");
    await peer.expect(answer);
    await peer.error(0);
  }
});

Deno.test("TftpServer refuses networks and ports that make no sense", () => {
  for (
    const network of ["10.0.0.0/33", "::/129", "boot", "10.0.0/8", "", "/8"]
  ) {
    const options = { root: ".", allowFrom: [network] };
    assertThrows(() => new TftpServer(options), SyntaxError, `"${network}"`);
  }
  const ranges = [[0, 5], [7, 6], [1, 65_536], [1.5, 2]] as const;
  for (const portRange of ranges) {
    const options = { root: ".", portRange };
    assertThrows(() => new TftpServer(options), RangeError, "portRange");
  }
  assertThrows(() => new TftpServer({}), TypeError, "no root, read or write");
});

Deno.test("TftpServer refuses before the first ACK what cannot fit", async () => {
  await using live = await LiveServer.start(
    { allowWrite: true, overwrite: true, maxFileBytes: 1_000 },
    { old: "old" },
  );
  for (const name of ["new", "old"]) {
    await using peer = live.peer();
    await peer.wrq(name, ["tsize", "1001"]);
    await peer.expect("ERROR 3");
    await live.turn();
    await peer.expectNothing();
  }
  await using silent = live.peer(); // about the size
  await silent.wrq("old");
  await silent.expect("ACK 0");
  await silent.data(1, content(512));
  await silent.expect("ACK 1");
  await silent.data(2, content(511));
  await silent.expect("ERROR 3");
  await using fits = live.peer();
  await fits.wrq("new", ["tsize", "1000"]);
  await fits.expect("OACK tsize=1000");
  await fits.data(1, content(512));
  await fits.expect("ACK 1");
  await fits.data(2, content(488));
  await fits.expect("ACK 2");
  assertEquals(await live.names(), ["new", "old"]);
  assertEquals(await live.text("old"), "old");
});

Deno.test({
  name: "TftpServer refuses before the first ACK what the disk has no room for",
  ignore: Deno.permissions.querySync({ name: "sys", kind: "statfs" }).state !==
    "granted",
  async fn() {
    await using live = await LiveServer.start({ allowWrite: true });
    await using peer = live.peer();
    await peer.wrq("f", ["tsize", `${2 ** 50}`]);
    await peer.expect("ERROR 3");
    assertEquals(await live.names(), []);
  },
});

Deno.test("TftpServer reports a size probe as such, and begins no transfer", async () => {
  await using live = await LiveServer.start({}, { f: content(600) });
  await using client = new TftpClient(live.addr);
  assertEquals(await client.stat("f"), { size: 600 });
  assertEquals((await live.ended()).state, "probed");
  const { started, done, failed } = live.server.stats;
  assertEquals([started, done, failed], [0, 1, 0]);
});

Deno.test("TftpServer makes no file before the first block is here", async () => {
  await using live = await LiveServer.start(
    { allowWrite: true, retransmitMs: 5 },
  );
  await using peer = live.peer();
  await peer.wrq("f");
  await peer.expect("ACK 0");
  assertEquals(await live.names(), []);
  assertEquals((await live.ended()).error?.code, "no-answer");
  const acks = await peer.drain();
  assertEquals(acks, ["ACK 0", "ACK 0"]); // repeated twice, and no error
});
