import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { delay } from "@std/async";
import { content, LiveServer, octets, type RawPeer } from "./_raw_peer.ts";

const FILE = content(1_300); // three blocks of 512

/** Acknowledges until the last block is here; answers the file. */
async function download(peer: RawPeer, blockSize = 512): Promise<string> {
  let text = "";
  for (let block = 1;;) {
    const { packet } = await peer.receive();
    assert(packet.type === "data");
    if (packet.block !== block) continue; // a repetition
    block++;
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
  await live.waits("f", 2);
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
  await live.waits("f", 2);
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
  await live.ended(2);
  assertEquals(live.transfers.length, 2);
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
    await live.ended(2 * index + 1); // every other one is that of waits()
    for (const packet of await peer.drain()) assert(!packet.includes("ERROR"));
    await live.waits("f", 2);
    await peer.expectNothing();
  }
});

Deno.test("TftpServer sends the next DATA once however often an ACK comes", async () => {
  await using live = await LiveServer.start(
    { retransmitMs: 4_000 },
    { f: FILE },
  );
  await using peer = live.peer();
  await peer.rrq("f");
  await peer.expect("DATA 1 512");
  await live.measured();
  for (let i = 0; i < 5; i++) await peer.ack(1);
  await peer.expect("DATA 2 512");
  await live.turn();
  await peer.expectNothing();
  await peer.ack(2);
  await peer.expect("DATA 3 276");
  await peer.ack(3);
});

Deno.test("TftpServer repeats DATA octet by octet, then gives up", async () => {
  await using live = await LiveServer.start(
    { retransmitMs: 20, retries: 3 },
    { f: FILE },
  );
  await using peer = live.peer();
  await peer.rrq("f");
  await peer.expect("DATA 1 512");
  await peer.ack(1);
  const first = await peer.receive();
  for (let i = 0; i < 3; i++) {
    const { bytes } = await peer.receive();
    assertEquals(bytes, first.bytes);
  }
  await peer.expect("ERROR 0");
  const { state, error } = await live.ended();
  assertEquals([state, error?.code], ["failed", "no-answer"]);
});

Deno.test("TftpServer sends a reader that is never heard three packets, no more", async () => {
  await using live = await LiveServer.start(
    { retransmitMs: 20, retries: 8 },
    { f: FILE },
  );
  for (const [n, ask] of ["rrq f", "rrq f tsize"].entries()) {
    await using peer = live.peer();
    const [, name, option] = ask.split(" ");
    if (option === undefined) await peer.rrq(name!);
    else await peer.rrq(name!, [option, "0"]);
    const first = await peer.receive();
    for (let i = 0; i < 2; i++) {
      assertEquals((await peer.receive()).bytes, first.bytes, ask);
    }
    const { state, error } = await live.ended(n + 1);
    assertEquals([state, error?.code], ["failed", "no-answer"], ask);
    await peer.expectNothing();
  }
});

Deno.test("TftpServer waits longer before each repetition", async () => {
  await using live = await LiveServer.start(
    { retransmitMs: 4_000 },
    { f: FILE },
  );
  await using peer = live.peer();
  const asked = performance.now();
  await peer.rrq("f");
  await peer.expect("DATA 1 512", "DATA 1 512");
  const second = performance.now();
  assert(second - asked >= 249, `repeated after ${second - asked} ms`);
  await peer.expect("DATA 1 512");
  const wait = performance.now() - second;
  assert(wait >= 450, `repeated again after ${wait} ms`);
  await peer.error(0);
});

Deno.test("TftpServer repeats on time while the last ACK is repeated at it", async () => {
  await using live = await LiveServer.start({ retransmitMs: 60 }, { f: FILE });
  await using peer = live.peer();
  await peer.rrq("f");
  await peer.expect("DATA 1 512");
  await peer.ack(1);
  await peer.expect("DATA 2 512");
  const { to } = peer;
  const nagging = setInterval(
    () => void peer.send(octets("\0\x04\0\x01"), to),
    5,
  );
  await peer.expect("DATA 2 512", "DATA 2 512");
  clearInterval(nagging);
  await peer.error(0);
});

Deno.test("TftpServer is not led by an ACK of a block that it has not sent", async () => {
  await using live = await LiveServer.start({}, { f: FILE });
  await using peer = live.peer();
  await peer.rrq("f");
  await peer.expect("DATA 1 512");
  for (const block of [2, 3, 5, 40_000]) await peer.ack(block);
  await peer.ack(1);
  await peer.expect("DATA 2 512");
  await peer.error(0);
});

Deno.test("TftpServer sends a window, and the next behind any ACK inside it", async () => {
  await using live = await LiveServer.start(
    { retransmitMs: 4_000 },
    { f: content(10_000) },
  );
  await using peer = live.peer();
  await peer.rrq("f", ["windowsize", "4"]);
  await peer.expect("OACK windowsize=4");
  await live.measured();
  await peer.ack(0);
  await peer.expect(...window(1));
  await live.turn();
  await peer.expectNothing();
  await peer.ack(2);
  await peer.expect(...window(3));
  await peer.ack(2);
  await live.turn();
  await peer.expectNothing(); // a duplicate is no reason to repeat
  await peer.expect(...window(3)); // silence is
  await peer.ack(6);
  await peer.expect(...window(7));
  await peer.error(0);
});

function window(first: number): string[] {
  return [0, 1, 2, 3].map((ahead) => `DATA ${first + ahead} 512`);
}

Deno.test("TftpServer counts on from block 65535 with 0", async () => {
  const file = content(8 * 65_540 + 3);
  await using live = await LiveServer.start({ retransmitMs: 4_000 }, {
    f: file,
  });
  await using peer = live.peer();
  await peer.rrq("f", ["blksize", "8"], ["windowsize", "64"]);
  await peer.receive();
  await peer.ack(0);
  const received = new Uint8Array(file.length);
  for (let block = 1, at = 0; at < file.length;) {
    const { packet } = await peer.receive();
    assert(packet.type === "data");
    if (packet.block !== block % 65_536) continue; // a repetition
    received.set(packet.data, at);
    at += packet.data.length;
    if (block++ % 64 === 0 || at === file.length) await peer.ack(packet.block);
  }
  assertEquals(received, file);
  assertEquals((await live.ended()).statistics?.blocks, 65_541);
});

Deno.test("TftpServer turns lines of text into netascii and back", async () => {
  await using live = await LiveServer.start({ allowWrite: true }, {
    f: "a\nb\rc" + "\n".repeat(600), // pairs straddle the blocks
  });
  await using reader = live.peer();
  await reader.request("rrq", "f", [], "netascii");
  assertEquals(await download(reader), "a\r\nb\r\0c" + "\r\n".repeat(600));
  await using writer = live.peer();
  await writer.request("wrq", "g", [["blksize", "8"]], "netascii");
  await writer.expect("OACK blksize=8");
  for (const [i, text] of ["a\r\nb\r\0c\r", "\nd\r\0\r\nxy", "e\r"].entries()) {
    await writer.data(i + 1, text);
    await writer.expect(`ACK ${i + 1}`);
  }
  assertEquals(await live.text("g"), "a\nb\rc\nd\r\nxye\r");
});

Deno.test("TftpServer leaves requests beyond maxTransfers unanswered, not lost", async () => {
  await using live = await LiveServer.start(
    { maxTransfers: 1, retransmitMs: 4_000 },
    { f: "abc" },
  );
  await using first = live.peer();
  await using second = live.peer();
  await first.rrq("f");
  await first.expect("DATA 1 3");
  await second.rrq("f");
  await first.ack(1);
  await live.ended();
  await second.expectNothing();
  while (live.server.stats.active > 0) await delay(0);
  await second.rrq("f");
  await second.expect("DATA 1 3");
  await second.ack(1);
});
