import { assert, assertEquals } from "@std/assert";
import { Receiver } from "../../tftp/_receiver.ts";
import { RetransmissionTimer } from "../../tftp/_retransmission_timer.ts";
import { content, LiveServer, octets, type RawPeer } from "./_raw_peer.ts";

Deno.test("TftpServer takes an upload in order, once, and acknowledges repetitions", async () => {
  await using live = await LiveServer.start({ allowWrite: true });
  await using peer = live.peer();
  await peer.wrq("new", ["blksize", "8"]);
  await peer.expect("OACK blksize=8");
  await peer.data(1, "12345678");
  await peer.expect("ACK 1");
  await peer.data(1, "WRONG!!!");
  await peer.expect("ACK 1");
  await peer.data(3, "future");
  await peer.expect("ACK 1");
  await peer.data(2, "abc");
  await peer.expect("ACK 2");
  assertEquals(await live.text("new"), "12345678abc");
  for (let i = 0; i < 3; i++) {
    await peer.data(2, "abc"); // as if that ACK had been lost
    await peer.expect("ACK 2");
  }
  assertEquals(await live.names(), ["new"]);
});

Deno.test("TftpServer repeats ACK 0 and the OACK until DATA 1 is here", async () => {
  await using live = await LiveServer.start({ allowWrite: true });
  await using plain = live.peer();
  await plain.wrq("a");
  await plain.expect("ACK 0", "ACK 0", "ACK 0");
  await plain.error(0);
  await using peer = live.peer();
  await peer.wrq("b", ["tsize", "3"]);
  await peer.expect("OACK tsize=3", "OACK tsize=3");
  await peer.data(1, "abc");
  await peer.until("ACK 1");
  assertEquals(await live.text("b"), "abc");
});

Deno.test("TftpServer acknowledges a gap at once and once, and a window as a whole", async () => {
  await using live = await LiveServer.start(
    { allowWrite: true, retransmitMs: 4_000 },
  );
  await using peer = live.peer();
  await peer.wrq("new", ["blksize", "8"], ["windowsize", "4"]);
  await peer.expect("OACK blksize=8 windowsize=4");
  for (const block of [1, 2, 4]) await peer.data(block, `block 0${block}`);
  await peer.expect("ACK 2");
  for (const block of [3, 4, 5, 6]) await peer.data(block, `block 0${block}`);
  await peer.expect("ACK 6");
  await peer.data(7, "end");
  await peer.expect("ACK 7");
  const blocks = [1, 2, 3, 4, 5, 6].map((block) => `block 0${block}`);
  assertEquals(await live.text("new"), [...blocks, "end"].join(""));
});

Deno.test("TftpServer refuses a block that is longer than agreed", async () => {
  await using live = await LiveServer.start({ allowWrite: true });
  await using peer = live.peer();
  await peer.wrq("new");
  await peer.expect("ACK 0");
  await peer.data(1, content(600));
  await peer.expect("ERROR 4");
  await live.ended();
  assertEquals(await live.names(), []);
});

Deno.test("TftpServer rejects an ACK where DATA is due, and DATA where ACK is", async () => {
  await using live = await LiveServer.start({ allowWrite: true }, {
    f: content(1_300),
  });
  await using writer = live.peer();
  await writer.wrq("new");
  await writer.expect("ACK 0");
  await writer.ack(0);
  await writer.expect("ERROR 4");
  await using reader = live.peer();
  await reader.rrq("f");
  await reader.expect("DATA 1 512");
  await reader.data(1, "abc");
  await reader.expect("ERROR 4");
  await live.ended(2);
  assertEquals(await live.names(), ["f"]);
});

Deno.test("TftpServer leaves the old file untouched unless the upload is complete", async () => {
  await using live = await LiveServer.start(
    { allowWrite: true, overwrite: true, retransmitMs: 20, retries: 1 },
    { old: "old" },
  );
  const endings: ((peer: RawPeer) => Promise<void>)[] = [
    (peer) => peer.error(0, "changed my mind"),
    (peer) => peer.until("ERROR 0"), // silence
    (peer) => peer.data(2, "short").then(() => peer.until("ERROR 0")), // tsize
  ];
  for (const [index, end] of endings.entries()) {
    await using peer = live.peer();
    await peer.wrq("old", ["tsize", "1000"]);
    await peer.expect("OACK tsize=1000");
    await peer.data(1, content(512));
    await peer.expect("ACK 1");
    await end(peer);
    assertEquals((await live.ended(index + 1)).state, "failed");
    assertEquals([await live.names(), await live.text("old")], [
      ["old"],
      "old",
    ]);
  }
  await using peer = live.peer();
  await peer.wrq("old");
  await peer.expect("ACK 0");
  await peer.data(1, "new");
  await peer.until("ACK 1");
  assertEquals([await live.names(), await live.text("old")], [["old"], "new"]);
});

Deno.test("TftpServer refuses what is not allowed, each by its code", async () => {
  const cases: [Record<string, boolean>, "rrq" | "wrq", string, string][] = [
    [{}, "wrq", "new", "ERROR 2"],
    [{ allowRead: false }, "rrq", "old", "ERROR 2"],
    [{ allowWrite: true }, "wrq", "old", "ERROR 6"],
    [{ allowWrite: true, create: false }, "wrq", "new", "ERROR 1"],
    [{ allowWrite: true }, "wrq", "no/folder", "ERROR 1"],
  ];
  for (const [options, type, name, answer] of cases) {
    await using live = await LiveServer.start(options, { old: "old" });
    await using peer = live.peer();
    await peer.request(type, name);
    await peer.expect(answer);
    assertEquals([await live.names(), await live.text("old")], [
      ["old"],
      "old",
    ]);
  }
});

Deno.test("TftpServer lets no name out of its root, neither to read nor to write", async () => {
  await using live = await LiveServer.start(
    { allowWrite: true, overwrite: true },
    { f: "abc" },
  );
  await using outside = await LiveServer.start({}, { secret: "secret" });
  await Deno.symlink(`${outside.root}/secret`, `${live.root}/link`);
  await Deno.symlink(outside.root, `${live.root}/folder`);
  const names = [
    ...["../secret", "..", ".", "/", "//", "a/../../secret", "./../secret"],
    ...["/etc/passwd", "..\\secret", "f\x1b", "f\r\n", "\xff\xfe", "link"],
    ...[
      "folder/secret",
      "f/x",
      `${outside.root}/secret`,
      "n".repeat(480),
    ],
  ];
  for (const name of names) {
    for (const type of ["rrq", "wrq"] as const) {
      await using peer = live.peer();
      await peer.request(type, name);
      const { packet } = await peer.receive();
      assert(packet.type === "error" && packet.code <= 2, `${type} ${name}`);
    }
  }
  assertEquals(await live.names(), ["f", "folder", "link"]);
  assertEquals(await outside.text("secret"), "secret");
  assertEquals(await outside.names(), ["secret"]);
});

Deno.test("TftpServer outlives a client that answers the last ACK with nonsense", async () => {
  // First without a socket: where this fails, the server would never end.
  const timer = new RetransmissionTimer(4_000);
  const agreement = { blockSize: 512, windowBlocks: 1, dallyMs: 0 };
  const receiver = new Receiver({ ...agreement, timer, retries: 0 });
  receiver.handle({ type: "data", block: 1, data: octets("x") }, 0);
  receiver.commit();
  receiver.handle({ type: "ack", block: 1 }, 0);
  assertEquals(receiver.failure, undefined);

  await using live = await LiveServer.start({ allowWrite: true }, { f: "abc" });
  await using peer = live.peer();
  await peer.wrq("new");
  await peer.expect("ACK 0");
  await peer.data(1, "x");
  await peer.expect("ACK 1");
  await peer.error(0);
  await peer.ack(1);
  await live.turn();
  await peer.data(1, "x");
  await peer.expect("ACK 1");
});
