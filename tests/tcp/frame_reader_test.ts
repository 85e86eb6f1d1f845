import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Turn } from "../../tcp/_turn.ts";
import { delimited } from "../../tcp/delimited.ts";
import { FrameError } from "../../tcp/frame_error.ts";
import { FrameReader } from "../../tcp/frame_reader.ts";
import { lengthPrefixed } from "../../tcp/length_prefixed.ts";
import { UnexpectedEofError } from "../../tcp/unexpected_eof.ts";
import { until } from "../sync/_until.ts";
import { ascii, bytes, shown } from "./_framing.ts";
import { memoryStream } from "./_memory_stream.ts";

/** A reader of lines, and the end that sends them. */
function lines() {
  const [far, near] = memoryStream();
  const send = (text: string) => far.sendAll(ascii(text));
  return { far, near, send, reader: new FrameReader(near, delimited()) };
}

Deno.test("FrameReader.read() finds two messages that arrive as one, and one that arrives as three", async () => {
  const { send, reader } = lines();
  await send("one\ntwo\nth");
  assertEquals(shown(await reader.read()), "one");
  assertEquals(shown(await reader.read()), "two");
  const third = reader.read();
  for (const piece of ["re", "", "e\n"]) await send(piece);
  assertEquals(shown(await third), "three");
});

Deno.test("FrameReader.read() answers frames that nothing overwrites", async () => {
  const { send, reader } = lines();
  await send("one\ntw");
  const first = await reader.read();
  const second = reader.read();
  await send("o\nthree\n");
  await second;
  assertEquals([shown(first), shown(await second)], ["one", "two"]);
});

Deno.test("FrameReader.read() answers null at the end, again and again", async () => {
  const { far, near, send, reader } = lines();
  await send("one\n");
  far.closeWrite();
  assertEquals(shown(await reader.read()), "one");
  assertEquals([await reader.read(), await reader.read()], [null, null]);
  assertEquals(near.receives.length, 2, "receives after the end");
  assertEquals(reader.tryRead(), null);
});

Deno.test("FrameReader.read() rejects at the end inside of a frame, again and again", async () => {
  const { far, send, reader } = lines();
  await send("one\ntwo");
  far.closeWrite();
  assertEquals(shown(await reader.read()), "one");
  for (let i = 0; i < 2; i++) {
    const error = await assertRejects(() => reader.read(), UnexpectedEofError);
    assertEquals([error.have, error.need], [3, 4]);
  }
  assertThrows(() => reader.tryRead(), UnexpectedEofError);
});

Deno.test("FrameReader.read() rejects what is no frame, after those that are", async () => {
  const [far, near] = memoryStream();
  const codec = lengthPrefixed({ bytes: 1, maxFrameBytes: 2 });
  const reader = new FrameReader(near, codec);
  await far.sendAll(bytes(1, 7, 3, 1, 2, 3, 1, 8));
  assertEquals(await reader.read(), bytes(7));
  for (let i = 0; i < 2; i++) {
    const error = await assertRejects(() => reader.read(), FrameError);
    assertEquals(error.code, "frame-too-large");
  }
});

Deno.test("FrameReader.read() passes on an error of its source", async () => {
  const { far, send, reader } = lines();
  await send("one\ntw");
  assertEquals(shown(await reader.read()), "one");
  const second = reader.read();
  far.fail(new Deno.errors.ConnectionReset("gone"));
  await assertRejects(() => second, Deno.errors.ConnectionReset, "gone");
  await assertRejects(() => reader.read(), Deno.errors.ConnectionReset);
});

Deno.test("FrameReader.read() serves callers in the order in which they came", async () => {
  const { far, send, reader } = lines();
  const order: string[] = [];
  const reads = ["a", "b", "c"].map(async (name) => {
    order.push(`${name}: ${shown(await reader.read())}`);
  });
  assertEquals(reader.tryRead(), undefined);
  await send("1\n2\n");
  await until(() => order.length === 2);
  far.closeWrite();
  await Promise.all(reads);
  assertEquals(order, ["a: 1", "b: 2", "c: null"]);
});

Deno.test("FrameReader.read() rejects all callers when it fails", async () => {
  const { far, send, reader } = lines();
  const reads = [1, 2, 3].map(() => reader.read().catch((error) => error));
  await send("one\ntwo");
  far.closeWrite();
  const [first, ...others] = await Promise.all(reads);
  assertEquals(shown(first), "one");
  assert(others.every((error) => error instanceof UnexpectedEofError));
});

Deno.test("FrameReader.tryRead() takes what was received, and receives nothing", async () => {
  const { near, send, reader } = lines();
  await send("one\ntwo\nth");
  assertEquals(reader.tryRead(), undefined);
  assertEquals(shown(await reader.read()), "one");
  assertEquals(shown(reader.tryRead()), "two");
  assertEquals(reader.tryRead(), undefined);
  assertEquals([reader.pending, near.receives.length], [2, 1]);
});

Deno.test("FrameReader.tryRead() takes no frame from those who wait", async () => {
  const { send, reader } = lines();
  const reads = [reader.read(), reader.read()];
  await send("one\ntwo\n");
  await reads[0];
  assertEquals(reader.tryRead(), undefined);
  assertEquals(shown(await reads[1]), "two");
});

Deno.test("FrameReader iterates until the end", async () => {
  const { far, send, reader } = lines();
  await send("one\ntwo\n");
  far.closeWrite();
  assertEquals((await Array.fromAsync(reader)).map(shown), ["one", "two"]);
  assertEquals(await Array.fromAsync(reader), []);
});

Deno.test("FrameReader loses no frame when a loop is left", async () => {
  const { send, reader } = lines();
  await send("one\ntwo\nthree\n");
  for await (const line of reader) {
    if (shown(line) === "two") break;
  }
  assertEquals(shown(await reader.read()), "three");
});

Deno.test("FrameReader loses no frame when a wait of an iterator is ended", async () => {
  const { near, send, reader } = lines();
  const iterator = reader[Symbol.asyncIterator]();
  const next = iterator.next();
  await until(() => near.receives.length === 1);
  const done = { done: true, value: undefined } as const;
  assertEquals(await iterator.return!(), done);
  assertEquals([await next, await iterator.next()], [done, done]);
  await send("one\n");
  assertEquals(shown(await reader.read()), "one");
});

Deno.test("FrameReader ends an iteration by the error of a frame, once", async () => {
  const { far, send, reader } = lines();
  await send("one\ntwo");
  far.closeWrite();
  const iterator = reader[Symbol.asyncIterator]();
  assertEquals(shown((await iterator.next()).value), "one");
  await assertRejects(() => iterator.next(), UnexpectedEofError);
  assertEquals((await iterator.next()).done, true);
});

Deno.test("FrameReader puts a large frame together from many pieces", async () => {
  const [far, near] = memoryStream({ capacity: 1000 });
  const codec = lengthPrefixed();
  const payload = new Uint8Array(300_000).map((_, i) => i * 7);
  const reader = new FrameReader(near, codec);
  const [head, body] = codec.encode(payload) as Uint8Array[];
  const sent = far.sendAll(head!).then(() => far.sendAll(body!));
  const frame = await reader.read();
  await sent;
  assertEquals(frame, payload);
  assertEquals(frame!.buffer.byteLength, payload.length);
});

Deno.test("Turn goes to one at a time, in the order in which they came", async () => {
  const turn = new Turn();
  const order: number[] = [];
  let holders = 0;
  await Promise.all([1, 2, 3, 4].map(async (i) => {
    await turn.take();
    assertEquals(++holders, 1);
    order.push(i);
    await Promise.resolve();
    holders--;
    turn.pass();
  }));
  assertEquals(order, [1, 2, 3, 4]);
  assert(turn.isFree);
});

Deno.test("Turn.tryTake() takes it only if nobody has it", async () => {
  const turn = new Turn();
  assertEquals([turn.tryTake(), turn.tryTake()], [true, false]);
  const waiting = turn.take();
  turn.pass();
  assertEquals(turn.tryTake(), false, "before who waits");
  await waiting;
  turn.pass();
  assertEquals(turn.tryTake(), true);
});

Deno.test("Turn passes by those who have given up", async () => {
  const turn = new Turn();
  await turn.take();
  const late = turn.take({ timeoutMs: 1 });
  const controller = new AbortController();
  const gone = turn.take({ signal: controller.signal });
  const last = turn.take();
  await assertRejects(() => late, DOMException);
  controller.abort("gone");
  assertEquals(await gone.catch((reason) => reason), "gone");
  turn.pass();
  await last;
  assertEquals(turn.isFree, false);
  turn.pass();
  assertEquals(turn.isFree, true);
});

Deno.test("Turn is not lost on somebody who gives up when it comes", async () => {
  for (const abortFirst of [true, false]) {
    const turn = new Turn();
    await turn.take();
    const controller = new AbortController();
    const first = turn.take({ signal: controller.signal }).then(
      () => turn.pass(),
      (reason) => assertEquals(reason, "gone"),
    );
    const second = turn.take({ timeoutMs: 10_000 });
    if (abortFirst) controller.abort("gone");
    turn.pass();
    controller.abort("gone");
    await first;
    await second;
    turn.pass();
    assert(turn.isFree);
  }
});
