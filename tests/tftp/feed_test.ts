import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TftpClient } from "../../tftp/client.ts";
import { TftpError } from "../../tftp/error.ts";
import { Feed } from "../../tftp/_feed.ts";
import { content, LiveServer, octets, RawPeer } from "./_raw_peer.ts";

/** A source whose pieces the test hands out. */
function manual(): {
  source: AsyncIterable<Uint8Array>;
  give: (piece: Uint8Array | null) => void;
  fail: (error: unknown) => void;
  returned: () => number;
} {
  let wanted: PromiseWithResolvers<IteratorResult<Uint8Array>> | undefined;
  let returned = 0;
  return {
    source: {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          wanted = Promise.withResolvers();
          return wanted.promise;
        },
        return: () => {
          returned++;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    },
    give: (piece) => {
      const asked = wanted!; // throws if nobody asks
      wanted = undefined;
      asked.resolve(
        piece === null
          ? { done: true, value: undefined }
          : { done: false, value: piece },
      );
    },
    fail: (error) => wanted!.reject(error),
    returned: () => returned,
  };
}

Deno.test("Feed.take() does not wait for a piece, and asks for one at a time", async () => {
  const { source, give } = manual();
  const feed = new Feed(source);
  const coming = feed.take();
  assert(coming instanceof Promise);
  assertEquals(feed.take(), coming);
  give(content(3));
  await coming;
  assertEquals(feed.take(), content(3));
  const end = feed.take();
  give(null);
  await end;
  assertEquals(feed.take(), null);
});

Deno.test("Feed.take() throws what the source throws, when it is asked", async () => {
  const { source, fail } = manual();
  const feed = new Feed(source);
  const coming = feed.take();
  fail(new Error("broken"));
  await coming;
  assertThrows(() => feed.take(), Error, "broken");
});

Deno.test("Feed.take() encodes text", async () => {
  const { source, give } = manual();
  const feed = new Feed(source, { text: true });
  const coming = feed.take();
  give(octets("a\nb"));
  await coming;
  assertEquals(feed.take(), octets("a\r\nb"));
});

Deno.test("Feed.leave() gives back a stream that was never read", async () => {
  let cancelled = 0;
  const stream = new ReadableStream<Uint8Array>({
    cancel: () => void cancelled++,
  }, { highWaterMark: 0 });
  new Feed(stream).leave();
  await Promise.resolve();
  assertEquals(cancelled, 1);
});

Deno.test("TftpClient.put() serves the server while its source keeps it waiting", async () => {
  await using server = new RawPeer();
  await using client = new TftpClient(server.addr);
  const { source, give, returned } = manual();
  const options = { blockSize: 512, windowBlocks: 4 };
  const written = client.put("f", source, options);
  assertEquals((await server.receive()).packet.type, "wrq");
  await server.oack(["windowsize", "4"]);
  await until(() => give(content(512))); // one block of a window of four
  await server.expect("DATA 1 512");
  // Not acknowledged: it is repeated although the source says nothing more.
  assertEquals(await server.told(), "DATA 1 512");
  await server.ack(1);
  await until(() => give(content(3)));
  await until(() => give(null));
  await server.until("DATA 2 3");
  await server.ack(2);
  const { bytes } = await written;
  assertEquals([bytes, returned()], [515, 1]);
});

Deno.test("TftpClient.put() ends when the server does, though its source is silent", async () => {
  await using server = new RawPeer();
  await using client = new TftpClient(server.addr);
  const { source, returned } = manual();
  const written = client.put("f", source);
  written.catch(() => {}); // looked at below
  await server.receive();
  await server.ack(0);
  await server.error(3, "Disk full");
  const error = await assertRejects(() => written, TftpError, "Disk full");
  assertEquals([error.code, returned()], ["disk-full", 1]);
});

Deno.test("TftpClient.put() measures the round trip, not its source", async () => {
  await using live = await LiveServer.start({
    allowWrite: true,
    retransmitMs: 4_000,
  });
  await using client = new TftpClient(live.addr);
  async function* slow() {
    for (let i = 0; i < 8; i++) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      yield content(512);
    }
  }
  const { roundTripMs, retransmissions, bytes } = await client.put(
    "f",
    slow(),
    { blockSize: 512, windowBlocks: 8 },
  );
  assertEquals(bytes, 4_096);
  // Eight repetitions of a window would be dozens.
  assert(retransmissions <= 8 * 8, `${retransmissions} repeated`);
  assert(roundTripMs! < 8 * 60, `${roundTripMs} ms`);
});

Deno.test("TftpClient.put() gives its stream back when the server refuses", async () => {
  await using live = await LiveServer.start();
  await using client = new TftpClient(live.addr);
  let cancelled = 0;
  const stream = new ReadableStream<Uint8Array>({
    cancel: () => void cancelled++,
  }, { highWaterMark: 0 });
  await assertRejects(() => client.put("f", stream), TftpError, "not allowed");
  assertEquals(cancelled, 1);
});

Deno.test("TftpClient.put() gives its stream back when an option is wrong", async () => {
  await using client = new TftpClient({ hostname: "127.0.0.1" });
  let cancelled = 0;
  const stream = new ReadableStream<Uint8Array>({
    cancel: () => void cancelled++,
  }, { highWaterMark: 0 });
  await assertRejects(
    () => client.put("f", stream, { blockSize: 7 }),
    RangeError,
    "blockSize",
  );
  assertEquals(cancelled, 1);
});

/** Tries until it does not throw: the source is asked in its own time. */
async function until(attempt: () => void): Promise<void> {
  for (;;) {
    try {
      return attempt();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}
