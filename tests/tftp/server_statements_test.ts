import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { content, LiveServer, octets, type RawPeer } from "./_raw_peer.ts";

const FILE = content(1_300); // three blocks of 512

/** Acknowledges until the last block is here; answers the file. */
async function download(peer: RawPeer, blockSize = 512): Promise<string> {
  let text = "";
  for (let block = 1;; block++) {
    const { packet } = await peer.receive();
    assert(packet.type === "data" && packet.block === block % 65_536);
    text += String.fromCharCode(...packet.data);
    await peer.ack(packet.block);
    if (packet.data.length < blockSize) return text;
  }
}

Deno.test("TftpServer answers a plain RRQ with DATA 1 from a port of its own", async () => {
  await using live = await LiveServer.start({}, { f: FILE });
  await using peer = live.peer();
  await peer.rrq("f");
  const { packet, addr } = await peer.receive();
  assert(packet.type === "data" && packet.block === 1);
  assertEquals(packet.data, FILE.subarray(0, 512));
  assertNotEquals(addr.port, live.addr.port);
  await peer.ack(1);
  await peer.expect("DATA 2 512");
  await peer.ack(2);
  await peer.expect("DATA 3 276");
  await peer.ack(3);
  assertEquals((await live.ended()).state, "done");
});

Deno.test("TftpServer is silent after the last ACK, also if that is repeated", async () => {
  await using live = await LiveServer.start({ retransmitMs: 20 }, { f: "abc" });
  await using peer = live.peer();
  await peer.rrq("f");
  await peer.expect("DATA 1 3");
  await peer.ack(1);
  await peer.ack(1);
  await live.waits("f", 3);
  await peer.expectNothing();
});

Deno.test("TftpServer ends with an empty block where the last is exactly full", async () => {
  const files = {
    0: "",
    511: content(511),
    512: content(512),
    2048: content(2048),
  };
  await using live = await LiveServer.start({}, files);
  for (const [name, file] of Object.entries(files)) {
    for (const windowBlocks of [1, 4]) {
      await using peer = live.peer();
      await peer.rrq(name, ["windowsize", `${windowBlocks}`]);
      await peer.expect(`OACK windowsize=${windowBlocks}`);
      await peer.ack(0);
      const last = Math.floor(file.length / 512) + 1;
      for (let block = 1; block <= last; block++) {
        const length = block < last ? 512 : file.length % 512;
        await peer.expect(`DATA ${block} ${length}`);
        if (block % windowBlocks === 0 || block === last) await peer.ack(block);
      }
    }
  }
});

Deno.test("TftpServer compares the mode without regard to case, and refuses others", async () => {
  await using live = await LiveServer.start({}, { f: "abc" });
  for (const mode of ["octet", "OCTET", "oCtEt", "NetASCII"]) {
    await using peer = live.peer();
    await peer.request("rrq", "f", [], mode);
    await peer.expect("DATA 1 3");
    await peer.ack(1);
  }
  for (const mode of ["mail", "binary", "octet "]) {
    await using peer = live.peer();
    await peer.request("rrq", "f", [], mode);
    await peer.expect("ERROR 4");
  }
});

Deno.test("TftpServer answers a missing file with one ERROR 1, never repeated", async () => {
  await using live = await LiveServer.start({ retransmitMs: 20 }, { f: "abc" });
  await using peer = live.peer();
  await peer.rrq("g");
  const { packet, bytes } = await peer.receive();
  assert(packet.type === "error" && packet.code === 1);
  assert(packet.message.length > 0);
  assertEquals(bytes.at(-1), 0);
  await live.waits("f", 3);
  await peer.expectNothing();
});

Deno.test("TftpServer answers what is no request with ERROR 4 or not at all", async () => {
  await using live = await LiveServer.start({}, { f: "abc" });
  const silent = ["", "\0", "\0\x01", "\0\x01f", "\0\x05\0\x04no\0", "\0\x05"];
  for (const datagram of silent) {
    await using peer = live.peer();
    await peer.send(octets(datagram));
    await live.turn();
    await peer.expectNothing();
  }
  const refused = [
    ...["\0\x03\0\x01data", "\0\x04\0\0", "\0\x06a\0b\0", "\0\x09ab"],
    ...["\0\x01name", "\0\x01name\0", "\0\x01name\0octet", "\0\x01\0octet\0"],
    ...["\0\x02f\0\0", "\0\x01f\0octet\0blksize\0", "xxxx"],
    `\0\x01${"n".repeat(600)}\0octet\0`,
  ];
  for (const datagram of refused) {
    await using peer = live.peer();
    await peer.send(octets(datagram));
    await peer.expect("ERROR 4");
    assertEquals(peer.to.port, live.addr.port);
  }
  await live.turn();
});

Deno.test("TftpServer takes requests with zero padding and a ragged tail", async () => {
  await using live = await LiveServer.start({}, { f: "abc" });
  const request = "\0\x01f\0octet\0";
  for (const tail of ["\0".repeat(516 - request.length), "garbage"]) {
    await using peer = live.peer();
    await peer.send(octets(request + tail));
    await peer.expect("DATA 1 3");
    await peer.ack(1);
  }
});

Deno.test("TftpServer sends a stranger ERROR 5 and goes on undisturbed", async () => {
  await using live = await LiveServer.start({}, { f: FILE });
  await using peer = live.peer();
  await using stranger = live.peer();
  await peer.rrq("f");
  await peer.expect("DATA 1 512");
  stranger.to = peer.to;
  await stranger.ack(1);
  await stranger.expect("ERROR 5");
  await stranger.data(1, "x");
  await stranger.expect("ERROR 5");
  await stranger.error(0, "stop"); // an error is never answered
  await stranger.send(octets("garbage"));
  await peer.ack(1);
  await peer.expect("DATA 2 512");
  await peer.ack(2);
  await peer.expect("DATA 3 276");
  await peer.ack(3);
  assertEquals((await live.ended()).state, "done");
  await stranger.expectNothing();
});

Deno.test("TftpServer serves a request that comes twice by one transfer", async () => {
  await using live = await LiveServer.start(
    { allowWrite: true, overwrite: true },
    { f: FILE, old: "old" },
  );
  for (const [type, name, first] of REPEATED) {
    await using peer = live.peer();
    await peer.request(type, name);
    await peer.request(type, name);
    const { addr } = await peer.receive();
    peer.to = live.addr;
    await peer.request(type, name);
    peer.to = addr;
    await peer.expect(first); // the repetition, when its time has come
    assertEquals(peer.to.port, addr.port);
    await peer.error(0);
    assertEquals(await live.text("old"), "old");
  }
  assertEquals(live.server.stats.started, 2);
});
const REPEATED = [["rrq", "f", "DATA 1 512"], ["wrq", "old", "ACK 0"]] as const;

Deno.test("TftpServer acknowledges only options that were asked for and make sense", async () => {
  await using live = await LiveServer.start({}, { f: FILE, empty: "" });
  const cases: [string, [string, string][], string][] = [
    ["f", [["foo", "1"]], "DATA 1 512"],
    [
      "f",
      [["multicast", ""], ["__proto__", "1"], ["retries", "0"]],
      "DATA 1 512",
    ],
    ["f", [["BLKSIZE", "8"], ["foo", "1"]], "OACK BLKSIZE=8"],
    ["f", [["blksize", "65464"]], "OACK blksize=65464"],
    ["f", [["blksize", "65465"]], "DATA 1 512"],
    ["f", [["blksize", "7"]], "DATA 1 512"],
    ["f", [["blksize", "-5"], ["windowsize", "+2"]], "DATA 1 512"],
    ["f", [["blksize", "600"], ["blksize", "700"]], "OACK blksize=700"],
    ["f", [["timeout", "255"]], "OACK timeout=255"],
    ["f", [["timeout", "0"]], "DATA 1 512"],
    ["f", [["timeout", "256"]], "DATA 1 512"],
    ["f", [["windowsize", "0"]], "DATA 1 512"],
    ["f", [["windowsize", "65535"]], "OACK windowsize=64"],
    ["f", [["tsize", "0"]], "OACK tsize=1300"],
    ["f", [["tsize", "zero"]], "DATA 1 512"],
    ["empty", [["tsize", "0"]], "DATA 1 0"],
  ];
  for (const [name, options, answer] of cases) {
    await using peer = live.peer();
    await peer.rrq(name, ...options);
    await peer.expect(answer);
    await peer.error(8);
  }
  await using peer = live.peer();
  await peer.rrq("f", ["windowsize", "64"], ["blksize", "65464"]);
  await peer.expect("OACK blksize=65464 windowsize=1");
  await peer.error(8);
  await using text = live.peer();
  await text.request("rrq", "f", [["tsize", "0"]], "netascii");
  await text.expect("DATA 1 512");
  await text.error(0);
});

Deno.test("TftpServer sends no padding behind an OACK", async () => {
  await using live = await LiveServer.start({}, { f: FILE });
  await using peer = live.peer();
  await peer.rrq("f", ["blksize", "1024"]);
  const { bytes } = await peer.receive();
  assertEquals(bytes, octets("\0\x06blksize\x001024\0"));
  await peer.error(8);
});

Deno.test("TftpServer repeats its OACK and sends no data before ACK 0", async () => {
  await using live = await LiveServer.start({ retransmitMs: 20 }, { f: FILE });
  await using peer = live.peer();
  await peer.rrq("f", ["tsize", "0"], ["windowsize", "8"]);
  const oack = "OACK windowsize=8 tsize=1300";
  await peer.expect(oack);
  await peer.ack(1); // from the future
  await peer.expect(oack, oack);
  await peer.ack(0);
  await peer.until("DATA 1 512");
  await peer.expect("DATA 2 512", "DATA 3 276");
  await peer.ack(3);
});

Deno.test("TftpServer ends at an ERROR without an answer, also to its OACK", async () => {
  await using live = await LiveServer.start({ retransmitMs: 20 }, { f: FILE });
  const wanted: [string, string][][] = [[["tsize", "0"]], []];
  for (const [index, options] of wanted.entries()) {
    await using peer = live.peer();
    await peer.rrq("f", ...options);
    await peer.receive();
    await peer.error(8, "size is enough");
    await live.ended(index + 1);
    await live.turn();
    await peer.until("ERROR 99").catch(() => {}); // never: see below
  }
});

Deno.test("TftpServer sends the next DATA once however often an ACK comes", async () => {
  await using live = await LiveServer.start({}, { f: FILE });
  await using peer = live.peer();
  await peer.rrq("f");
  await peer.expect("DATA 1 512");
  for (let i = 0; i < 5; i++) await peer.ack(1);
  await peer.expect("DATA 2 512");
  await peer.ack(2);
  await peer.expect("DATA 3 276");
  await peer.ack(3);
});
