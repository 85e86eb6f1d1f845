import { assert, assertEquals, assertRejects } from "@std/assert";
import { deadline, delay } from "@std/async";
import { TftpClient, type TftpClientOptions } from "../../tftp/client.ts";
import { TftpError } from "../../tftp/error.ts";
import { parseLocation } from "../../tftp/url.ts";
import { content, LiveServer, octets, RawPeer } from "./_raw_peer.ts";

/** A client of a scripted server that proposes no timeout. */
function connect(
  server: RawPeer,
  options: Partial<TftpClientOptions> = {},
): TftpClient {
  return new TftpClient({ ...server.addr, retransmitMs: 400, ...options });
}

const RRQ = "RRQ f octet tsize=0 blksize=1428 windowsize=32";
const PLAIN = { blockSize: 512, windowBlocks: 1 };

/** The code that a call fails with. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  const error = await assertRejects(() => call, TftpError);
  return error.code;
}

Deno.test("TftpClient takes the port of the first reply, and only that", async () => {
  await using server = new RawPeer();
  await using transfer = new RawPeer();
  await using client = connect(server);
  const call = client.bytes("f");
  await server.expect(RRQ);
  transfer.to = server.to;
  await transfer.data(1, content(512));
  await transfer.expect("ACK 1");
  await server.data(1, content(512)); // a second answer to the request
  await server.expect("ERROR 5");
  await server.data(2, "false");
  await server.expect("ERROR 5");
  await server.error(0, "stop");
  await transfer.data(2, "true");
  await transfer.expect("ACK 2");
  const bytes = await call;
  assertEquals(bytes.subarray(512), octets("true"));
  await server.expectNothing();
});

Deno.test("TftpClient takes no reply from another address", {
  ignore: Deno.build.os !== "linux", // has all of 127.0.0.0/8
}, async () => {
  await using server = new RawPeer();
  await using stranger = new RawPeer(undefined, "127.0.0.2");
  await using client = connect(server);
  const call = client.bytes("f");
  await server.expect(RRQ);
  stranger.to = server.to;
  await stranger.data(1, "false");
  await stranger.expect("ERROR 5");
  await stranger.error(1);
  await server.data(1, "true");
  assertEquals(await call, octets("true"));
});

Deno.test("TftpClient answers an OACK with ACK 0, and a repeated one again", async () => {
  await using server = new RawPeer();
  await using client = connect(server);
  const call = client.bytes("f");
  await server.expect(RRQ);
  await server.oack(["blksize", "8"], ["windowsize", "2"]);
  await server.expect("ACK 0");
  await server.oack(["blksize", "8"], ["windowsize", "2"]);
  await server.expect("ACK 0");
  await server.data(1, "12345678");
  await server.data(2, "12345678");
  await server.expect("ACK 2");
  await server.data(3, "");
  await server.expect("ACK 3");
  assertEquals(await call, octets("1234567812345678"));
});

Deno.test("TftpClient does without options where the server ignores them", async () => {
  await using server = new RawPeer();
  await using client = connect(server, { blockSize: 8, windowBlocks: 9 });
  const read = client.bytes("f");
  await server.receive();
  await server.data(1, content(512)); // 512, although 8 was asked for
  await server.expect("ACK 1");
  await server.data(2, "");
  await server.expect("ACK 2");
  assertEquals(await read, content(512));
  const write = client.put("f", content(600));
  await server.expect("WRQ f octet tsize=600 blksize=8 windowsize=9");
  await server.ack(0);
  await server.expect("DATA 1 512");
  await server.ack(1);
  await server.expect("DATA 2 88");
  await server.ack(2);
  const { blockSize, windowBlocks, bytes, blocks } = await write;
  assertEquals([blockSize, windowBlocks, bytes, blocks], [512, 1, 600, 2]);
});

Deno.test("TftpClient writes as the OACK says, window by window", async () => {
  await using server = new RawPeer();
  await using client = connect(server);
  const write = client.put("f", content(80));
  await server.expect("WRQ f octet tsize=80 blksize=1428 windowsize=32");
  await server.oack(["windowsize", "3"], ["blksize", "16"]);
  await server.expect("DATA 1 16", "DATA 2 16", "DATA 3 16");
  await server.ack(1);
  await server.expect("DATA 2 16", "DATA 3 16", "DATA 4 16");
  await server.ack(4);
  await server.expect("DATA 5 16", "DATA 6 0");
  await server.ack(6);
  assertEquals((await write).retransmissions, 2);
});

Deno.test("TftpClient refuses an OACK that it did not ask for, with ERROR 8", async () => {
  const answers: [string, string][] = [
    ["multicast", "224.0.0.1,1,1"],
    ["timeout", "3"],
    ["blksize", "1429"],
    ["blksize", "7"],
    ["windowsize", "33"],
    ["tsize", "-1"],
    ["blksize", "+8"],
  ];
  await using server = new RawPeer();
  await using client = connect(server);
  for (const answer of answers) {
    for (const read of [true, false]) {
      const call = read ? client.bytes("f") : client.put("f", octets("abc"));
      const code = codeOf(call);
      await server.receive();
      await server.oack(answer);
      await server.expect("ERROR 8");
      assertEquals(await code, "option-refused");
    }
  }
});

Deno.test("TftpClient rejects a reply for the other direction with ERROR 4", async () => {
  await using server = new RawPeer();
  await using client = connect(server);
  const replies: ["rrq" | "wrq", () => Promise<void>][] = [
    ["rrq", () => server.ack(0)],
    ["rrq", () => server.ack(1)],
    ["rrq", () => server.data(2, "b")],
    ["rrq", () => server.wrq("f")],
    ["wrq", () => server.data(1, "x")],
    ["wrq", () => server.ack(1)],
    ["wrq", () => server.rrq("f")],
  ];
  for (const [type, reply] of replies) {
    const read = type === "rrq";
    const call = read ? client.bytes("f") : client.put("f", octets("abc"));
    const code = codeOf(call);
    await server.receive();
    await reply();
    await server.expect("ERROR 4");
    assertEquals(await code, "illegal-operation");
  }
});

Deno.test("TftpClient rejects the other direction in mid-transfer as well", async () => {
  await using server = new RawPeer();
  await using client = connect(server, PLAIN);
  const read = codeOf(client.bytes("f"));
  await server.receive();
  await server.data(1, content(512));
  await server.expect("ACK 1");
  await server.ack(1);
  await server.expect("ERROR 4");
  assertEquals(await read, "illegal-operation");
  const write = codeOf(client.put("f", content(600)));
  await server.receive();
  await server.ack(0);
  await server.expect("DATA 1 512");
  await server.data(1, "x");
  await server.expect("ERROR 4");
  assertEquals(await write, "illegal-operation");
});

Deno.test("TftpClient asks once more without options if those may be to blame", async () => {
  await using server = new RawPeer();
  await using client = connect(server);
  for (const code of [0, 4, 8]) {
    const read = client.bytes("f");
    await server.expect(RRQ);
    await server.error(code, "What?");
    await server.expect("RRQ f octet");
    await server.data(1, "abc");
    await server.expect("ACK 1");
    assertEquals(await read, octets("abc"));
    const write = codeOf(client.put("f", octets("abc")));
    await server.receive();
    await server.error(code);
    await server.expect("WRQ f octet");
    await server.error(code);
    assert(["undefined", "illegal-operation", "option-refused"].includes(
      await write,
    ));
    await server.expectNothing();
  }
});

Deno.test("TftpClient takes other errors for an answer, and all without options", async () => {
  await using server = new RawPeer();
  await using client = connect(server);
  const codes = { 1: "not-found", 2: "access-violation", 3: "disk-full" };
  for (const [wireCode, code] of Object.entries(codes)) {
    const read = codeOf(client.bytes("f"));
    await server.receive();
    await server.error(Number(wireCode));
    assertEquals(await read, code);
  }
  const source = new Blob(["abc"]).stream(); // no size is known: no tsize
  const write = codeOf(client.put("f", source, PLAIN));
  await server.expect("WRQ f octet");
  await server.error(8);
  assertEquals(await write, "option-refused");
  await server.expectNothing();
});

Deno.test("TftpClient takes an odd ERROR for one, and shows no control characters", async () => {
  await using server = new RawPeer();
  await using client = connect(server);
  const call = client.bytes("f");
  await server.receive();
  await server.send(octets("\0\x05\x03\xe7no\x1b[2Jway")); // 999, no NUL
  await server.expect("RRQ f octet");
  await server.send(octets("\0\x05\x03\xe7no\x1b[2Jway"));
  const error = await assertRejects(() => call, TftpError);
  assertEquals([error.code, error.remote], ["undefined", true]);
  assert(error.message.includes("[2Jway") && !error.message.includes("\x1b"));
});

Deno.test("TftpClient repeats a request that is not answered, then gives up", async () => {
  await using server = new RawPeer();
  await using client = connect(server, { retransmitMs: 20, retries: 3 });
  const code = codeOf(client.bytes("f"));
  await server.expect(RRQ, RRQ, RRQ, RRQ);
  assertEquals(await code, "no-answer");
  await server.expectNothing();
});

Deno.test("TftpClient fails if another size was announced", async () => {
  await using server = new RawPeer();
  await using client = connect(server);
  for (const size of ["2", "4", "4294967299"]) {
    const code = codeOf(client.bytes("f"));
    await server.receive();
    await server.oack(["tsize", size]);
    await server.expect("ACK 0");
    await server.data(1, "abc");
    await server.expect("ERROR 0");
    assertEquals(await code, "size-mismatch");
  }
});

Deno.test("TftpClient sends no request of more than 512 octets", async () => {
  await using server = new RawPeer();
  await using client = connect(server);
  const name = "n".repeat(505);
  await assertRejects(() => client.bytes(name), RangeError, "512");
  await assertRejects(() => client.put(name, octets("abc")), RangeError, "512");
  await assertRejects(() => client.stat(name), RangeError, "512");
  await server.expectNothing();
});

Deno.test("TftpClient rejects options that are out of range, and sends nothing", async () => {
  await using server = new RawPeer();
  await using client = connect(server);
  const wrong = [
    ...[{ blockSize: 7 }, { blockSize: 65_465 }, { blockSize: 8.5 }],
    ...[{ windowBlocks: 0 }, { windowBlocks: 65_536 }, { retries: -1 }],
    ...[{ retransmitMs: 0 }, { retransmitMs: NaN }, { timeoutMs: -1 }],
  ];
  for (const options of wrong) {
    await assertRejects(() => client.bytes("f", options), RangeError);
    await assertRejects(() => client.put("f", octets(""), options), RangeError);
  }
  await server.expectNothing();
});

Deno.test("TftpClient refuses a block that is longer than agreed", async () => {
  await using server = new RawPeer();
  await using client = connect(server);
  const code = codeOf(client.bytes("f"));
  await server.receive();
  await server.oack(["blksize", "16"]);
  await server.expect("ACK 0");
  await server.data(1, content(17));
  await server.until("ERROR 4");
  assertEquals(await code, "illegal-operation");
});

Deno.test("TftpClient repeats its last ACK for a server that waits 250 ms", async () => {
  await using server = new RawPeer();
  await using client = connect(server);
  const call = client.bytes("f");
  await server.receive();
  await server.data(1, "abc");
  await server.expect("ACK 1"); // but it gets lost
  assertEquals(await call, octets("abc"));
  await delay(250); // what our server waits before it has measured anything
  await server.data(1, "abc");
  await deadline(server.expect("ACK 1"), 2_000);
});

Deno.test("TftpClient.stat() asks for the size alone and says good-bye", async () => {
  await using server = new RawPeer();
  await using client = connect(server);
  for (const size of [0, 3, 2 ** 40]) {
    const call = client.stat("f");
    await server.expect("RRQ f octet tsize=0");
    await server.oack(["tsize", `${size}`]);
    await server.expect("ERROR 8");
    assertEquals(await call, { size });
  }
});

Deno.test("TftpClient.stat() learns nothing but the size of a single block without tsize", async () => {
  await using server = new RawPeer();
  await using client = connect(server);
  for (const [length, size] of [[3, 3], [0, 0], [512, undefined]] as const) {
    const call = client.stat("f");
    await server.receive();
    await server.data(1, content(length));
    await server.expect("ERROR 0");
    assertEquals(await call, { size });
  }
  const missing = codeOf(client.stat("f"));
  await server.receive();
  await server.error(1);
  assertEquals(await missing, "not-found");
});

Deno.test("TftpClient and TftpServer agree on every size around a block", async () => {
  await using live = await LiveServer.start({ allowWrite: true });
  await using client = new TftpClient(live.addr);
  for (const options of [{}, PLAIN, { blockSize: 8, windowBlocks: 3 }]) {
    const { blockSize = 1_428, windowBlocks = 32 } = options as typeof PLAIN;
    const whole = blockSize * windowBlocks;
    const sizes = [0, 1, blockSize, blockSize + 1, whole, whole + 1];
    for (const size of new Set(sizes)) {
      const name = `${blockSize}-${windowBlocks}-${size}`;
      await client.put(name, content(size), options);
      assertEquals(await client.bytes(name, options), content(size));
      assertEquals(await client.stat(name), { size });
    }
  }
});

Deno.test("parseLocation() reads an RFC 3617 URL without its leading slash", () => {
  const location = parseLocation("tftp://example.net/a/b;mode=netascii");
  const { hostname, port, path, mode } = location;
  assertEquals([hostname, port], ["example.net", 69]);
  assertEquals([path, mode], ["a/b", "netascii"]);
});
