import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { connect } from "../../tcp/connect.ts";
import { delimited } from "../../tcp/delimited.ts";
import { FrameBudget } from "../../tcp/frame_budget.ts";
import { FrameError } from "../../tcp/frame_error.ts";
import { FrameReader } from "../../tcp/frame_reader.ts";
import { FrameWriter } from "../../tcp/frame_writer.ts";
import type { FrameDecoding } from "../../tcp/framing.ts";
import { jsonHeader } from "../../tcp/json_header.ts";
import { lengthPrefixed } from "../../tcp/length_prefixed.ts";
import { TcpServer } from "../../tcp/server.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import { UnexpectedEofError } from "../../tcp/unexpected_eof.ts";
import { collected } from "./_collected.ts";
import { ascii, bytes } from "./_framing.ts";
import { memoryStream } from "./_memory_stream.ts";
import { octets } from "./_pair.ts";

/** A reader on a budget, and who sends to it. */
function stream<T>(codec: FrameDecoding<T>, budget: FrameBudget) {
  const [far, near] = memoryStream({ capacity: 200_000 });
  return { far, reader: new FrameReader(near, codec, { budget }) };
}

/** Reads, and requires that it takes too long. */
async function assertLate(reader: FrameReader<unknown>): Promise<void> {
  const error = await assertRejects(() => reader.read({ timeoutMs: 2 }));
  assertEquals((error as Error).name, "TimeoutError");
}

/** Requires the error of a budget that is used up. */
async function assertOver(reader: FrameReader<unknown>): Promise<FrameError> {
  const error = await assertRejects(() => reader.read(), FrameError);
  assertEquals(error.code, "over-budget");
  return error;
}

Deno.test("FrameBudget refuses who wants more than is left, and nobody else", async () => {
  const budget = new FrameBudget(250);
  const one = stream(lengthPrefixed(), budget);
  const two = stream(lengthPrefixed(), budget);
  const three = stream(lengthPrefixed(), budget);
  const streams = [one, two, three];
  for (const { far } of streams) {
    await far.sendAll(bytes(0, 0, 0, 200, ...new Uint8Array(100)));
  }
  await assertLate(one.reader);
  await assertLate(two.reader);
  assertEquals(budget.usedBytes, 200);
  const error = await assertOver(three.reader);
  assertEquals(
    error.message,
    "Cannot read a frame: all that are unfinished take 300 octets, more than 250",
  );
  assertEquals([budget.usedBytes, three.reader.pending], [200, 0]);
  assertEquals(await assertOver(three.reader), error); // for good
  for (const { far } of streams) await far.sendAll(new Uint8Array(100));
  assertEquals((await one.reader.read())?.length, 200);
  assertEquals((await two.reader.read())?.length, 200);
  assertEquals(budget.usedBytes, 0);
});

Deno.test("FrameBudget does not count frames that are here as a whole", async () => {
  const budget = new FrameBudget(10);
  const { far, reader } = stream(lengthPrefixed(), budget);
  await far.sendAll(bytes(0, 0, 0, 100, ...new Uint8Array(100), 0, 0));
  assertEquals((await reader.read())?.length, 100);
  await assertLate(reader);
  assertEquals(budget.usedBytes, 2); // of the next one
  await far.sendAll(bytes(0, 1, 7));
  assertEquals(await reader.read(), bytes(7));
  assertEquals(budget.usedBytes, 0);
});

Deno.test("FrameBudget does not count what is skipped", async () => {
  const budget = new FrameBudget(10);
  const codec = lengthPrefixed({ maxFrameBytes: 5, oversize: "skip" });
  const { far, reader } = stream(codec, budget);
  await far.sendAll(bytes(0, 0, 0, 100, ...new Uint8Array(90)));
  await assertLate(reader);
  assertEquals([budget.usedBytes, reader.pending], [0, 94]);
});

Deno.test("FrameBudget does not count bodies, which nobody holds", async () => {
  const budget = new FrameBudget(30);
  const { far, reader } = stream(jsonHeader(), budget);
  const header = '{"bodyBytes":100000}';
  await far.sendAll(bytes(0, 0, 0, header.length));
  await far.sendAll(ascii(header.slice(0, 9)));
  await assertLate(reader);
  assertEquals(budget.usedBytes, 9);
  await far.sendAll(ascii(header.slice(9)));
  await far.sendAll(new Uint8Array(100_000));
  const frame = await reader.read();
  assertEquals((await new Response(frame?.body).bytes()).length, 100_000);
  assertEquals(budget.usedBytes, 0);
});

Deno.test("FrameBudget counts lines that do not end", async () => {
  const budget = new FrameBudget(1_000);
  const { far, reader } = stream(delimited(), budget);
  await far.sendAll(ascii("x".repeat(1_000)));
  await assertLate(reader);
  assertEquals(budget.usedBytes, 1_000);
  await far.sendAll(ascii("x"));
  await assertOver(reader);
  assertEquals(budget.usedBytes, 0);
});

Deno.test("FrameBudget gets back what a reader held that is used no more", async () => {
  const used = await collected(`
    import { FrameBudget } from "./tcp/frame_budget.ts";
    import { FrameReader } from "./tcp/frame_reader.ts";
    import { lengthPrefixed } from "./tcp/length_prefixed.ts";
    const budget = new FrameBudget(1_000);
    async function leave() {
      const half = new Uint8Array([0, 0, 0, 100, 1, 2, 3]);
      const pieces = [Promise.resolve(half), Promise.reject(new Error("gone"))];
      const receive = () => pieces.shift();
      const reader = new FrameReader({ receive }, lengthPrefixed(), { budget });
      await reader.read().catch(() => {});
      return budget.usedBytes;
    }
    const used = [await leave()];
    await collect();
    console.log(JSON.stringify([...used, budget.usedBytes]));
  `);
  assertEquals(used, [3, 0]);
});

Deno.test("FrameBudget refuses a size that makes no sense", () => {
  for (const size of [-1, 1.5, NaN, Infinity]) {
    assertThrows(
      () => new FrameBudget(size),
      RangeError,
      `Cannot make a FrameBudget: maxBytes must be a whole number of at least 0, got ${size}`,
    );
  }
});

const LIMIT = { timeoutMs: 10_000 };
const MAX = 1000;

/** What a client does that means no good; its socket is closed after that. */
type Attack = (socket: TcpSocket) => Promise<unknown>;

/** Sends back frames; whoever takes too long is given up. */
async function echo(socket: TcpSocket): Promise<void> {
  const codec = lengthPrefixed({ maxFrameBytes: MAX });
  const limits = { timeoutMs: 40, idleTimeoutMs: 20_000 };
  const writer = new FrameWriter(socket, codec);
  for await (const frame of new FrameReader(socket, codec, limits)) {
    await writer.write(frame);
  }
}

/** Reads bodies, and does not care what is in them. */
async function drain(socket: TcpSocket): Promise<void> {
  const codec = jsonHeader({ maxHeaderBytes: 100 });
  for await (const { body } of new FrameReader(socket, codec)) {
    await body.pipeTo(new WritableStream());
  }
}

/** What the handler of an attacked connection throws, while others are served. */
async function thrown(
  attack: Attack,
  handler: (socket: TcpSocket) => Promise<void> = echo,
): Promise<unknown> {
  const failure = Promise.withResolvers<unknown>();
  await using server = new TcpServer({ handler, onError: failure.resolve });
  server.serveForever();
  using polite = await connect({ ...server.addr, ...LIMIT });
  using attacker = await connect({ ...server.addr, ...LIMIT });
  const attacked = attack(attacker).catch(() => {}); // it may be cut off
  const error = await failure.promise;
  await attacked;
  if (handler === echo) {
    await polite.sendAll(bytes(0, 0, 0, 2, 7, 8));
    assertEquals(
      await polite.receiveExactly(6, LIMIT),
      bytes(0, 0, 0, 2, 7, 8),
    );
  }
  await polite.closeWrite();
  assertEquals(await polite.receive(1, LIMIT), null);
  return error;
}

/** Sends octets one by one, some milliseconds apart, until it is cut off. */
function trickle(octets: Uint8Array): Attack {
  return async (socket) => {
    for (let i = 0;; i++) {
      await socket.sendAll(octets.subarray(i % octets.length).subarray(0, 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
}

/** Requires this error. */
function assertCode(error: unknown, code: string): void {
  assert(error instanceof FrameError, `${error}`);
  assertEquals(error.code, code);
}

function assertTimedOut(error: unknown): void {
  assert(error instanceof DOMException, `${error}`);
  assertEquals(
    error.message,
    "Cannot read a frame: it was not complete 40 ms after its first octet",
  );
}

Deno.test("FrameReader refuses a huge length of a client, before anything follows", async () => {
  const error = await thrown(async (socket) => {
    await socket.sendAll(bytes(255, 255, 255, 255));
    await socket.receive(1, LIMIT);
  });
  assertCode(error, "frame-too-large");
});

Deno.test("FrameReader ends a client that trickles a header", async () => {
  assertTimedOut(
    await thrown(trickle(bytes(0)), async (socket) => {
      const codec = lengthPrefixed({ offset: 60_000 }); // a long one
      await new FrameReader(socket, codec, { timeoutMs: 40 }).read();
    }),
  );
});

Deno.test("FrameReader ends a client that trickles a frame", async () => {
  const frame = new Uint8Array(4 + MAX);
  frame.set(bytes(0, 0, 3, 232)); // 1000
  assertTimedOut(await thrown(trickle(frame)));
});

Deno.test("FrameReader ends a client that sends half a frame, and then nothing", async () => {
  assertTimedOut(
    await thrown(async (socket) => {
      await socket.sendAll(bytes(0, 0));
      await socket.receive(1, LIMIT);
    }),
  );
});

Deno.test("FrameReader tells a frame that a client cut off", async () => {
  const error = await thrown(async (socket) => {
    await socket.sendAll(bytes(0, 0, 0, 9, 1, 2, 3));
    await socket.closeWrite();
  });
  assert(error instanceof UnexpectedEofError, `${error}`);
  assertEquals([error.have, error.need], [7, 13]);
});

Deno.test("FrameReader refuses a header of JSON that is too long, or a trap", async () => {
  const long = bytes(0, 0, 0, 101);
  assertCode(await thrown((s) => s.sendAll(long), drain), "header-too-large");
  const text = '{"__proto__":{"admin":true}}';
  const trap = new Uint8Array([0, 0, 0, text.length, ...octets(text)]);
  assertCode(await thrown((s) => s.sendAll(trap), drain), "bad-header");
});

Deno.test("FrameReader tells a body that a client cut off", async () => {
  const text = '{"bodyBytes":10}';
  const error = await thrown(async (socket) => {
    await socket.sendAll(bytes(0, 0, 0, text.length));
    await socket.sendAll(octets(`${text}half`));
    await socket.closeWrite();
  }, drain);
  assert(error instanceof UnexpectedEofError, `${error}`);
  assertEquals([error.have, error.need], [4, 10]);
});
