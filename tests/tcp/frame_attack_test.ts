import { assert, assertEquals } from "@std/assert";
import { connect } from "../../tcp/connect.ts";
import { FrameError } from "../../tcp/frame_error.ts";
import { FrameReader } from "../../tcp/frame_reader.ts";
import { FrameWriter } from "../../tcp/frame_writer.ts";
import { jsonHeader } from "../../tcp/json_header.ts";
import { lengthPrefixed } from "../../tcp/length_prefixed.ts";
import { TcpServer } from "../../tcp/server.ts";
import type { TcpSocket } from "../../tcp/socket.ts";
import { UnexpectedEofError } from "../../tcp/unexpected_eof.ts";
import { bytes } from "./_framing.ts";
import { octets } from "./_pair.ts";

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

function assertLate(error: unknown): void {
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
  assertLate(
    await thrown(trickle(bytes(0)), async (socket) => {
      const codec = lengthPrefixed({ offset: 60_000 }); // a long one
      await new FrameReader(socket, codec, { timeoutMs: 40 }).read();
    }),
  );
});

Deno.test("FrameReader ends a client that trickles a frame", async () => {
  const frame = new Uint8Array(4 + MAX);
  frame.set(bytes(0, 0, 3, 232)); // 1000
  assertLate(await thrown(trickle(frame)));
});

Deno.test("FrameReader ends a client that sends half a frame, and then nothing", async () => {
  assertLate(
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
