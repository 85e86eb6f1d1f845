import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FrameError } from "../../tcp/frame_error.ts";
import { handshake, type HandshakeOptions } from "../../tcp/handshake.ts";
import { UnexpectedEofError } from "../../tcp/unexpected_eof.ts";
import { until } from "../sync/_until.ts";
import { ascii, bytes, filled, shown } from "./_framing.ts";
import { memoryStream } from "./_memory_stream.ts";

/** Two sides that shake hands, and the streams below. */
function sides(options?: HandshakeOptions) {
  const [near, far] = memoryStream({ capacity: 1000 });
  const [ours, theirs] = [handshake(near), handshake(far, options)];
  return { near, far, ours, theirs };
}

/** One side, and a stream to play the other on. */
function oneSide(options?: HandshakeOptions) {
  const [near, far] = memoryStream();
  return { near, far, ours: handshake(near, options) };
}

async function assertOutOfTurn(wait: () => Promise<unknown>): Promise<void> {
  const error = await assertRejects(wait, FrameError, "Cannot shake hands");
  assertEquals(error.code, "out-of-turn");
}

Deno.test("handshake() keeps apart messages that are sent at once", async () => {
  const { near, ours, theirs } = sides();
  const sent = ["one", "", "three"].map((text) => ours.send(ascii(text)));
  for (const text of ["one", "", "three"]) {
    assertEquals(shown(await theirs.receive()), text);
  }
  await Promise.all(sent);
  near.closeWrite();
  assertEquals([await theirs.receive(), await theirs.receive()], [null, null]);
});

Deno.test("handshake() sends a length, then waits for an answer, then sends the payload", async () => {
  const { near, far, ours } = oneSide();
  let done = false;
  const sent = ours.send(bytes(7, 8)).then(() => done = true);
  assertEquals(await far.receive(), bytes(5, 0, 0, 0, 2));
  await until(() => near.receives.length === 1);
  assertEquals([near.sends, done], [[5], false]);
  await far.sendAll(bytes(6));
  assertEquals(await far.receive(), bytes(2, 7, 8));
  await sent;
});

Deno.test("handshake() answers an offer when it is asked to receive, not before", async () => {
  const { near, far, ours } = oneSide();
  await far.sendAll(bytes(5, 0, 0, 0, 2));
  assertEquals(near.sends, []);
  const received = ours.receive();
  assertEquals(await far.receive(), bytes(6));
  await far.sendAll(bytes(2, 7));
  await far.sendAll(bytes(8));
  assertEquals(await received, bytes(7, 8));
});

Deno.test("handshake() receives while an offer of its own is not answered", async () => {
  const { far, ours } = oneSide();
  const sent = ours.send(bytes(7));
  const received = ours.receive();
  assertEquals(await far.receive(), bytes(5, 0, 0, 0, 1));
  await far.sendAll(bytes(5, 0, 0, 0, 1));
  assertEquals(await far.receive(), bytes(6));
  await far.sendAll(bytes(2, 8));
  assertEquals(await received, bytes(8));
  await far.sendAll(bytes(6));
  await sent;
});

Deno.test("handshake() refuses what is too large, and goes on", async () => {
  const { ours, theirs } = sides({ maxFrameBytes: 10 });
  const received = theirs.receive();
  for (const length of [11, 5000]) {
    const error = await assertRejects(
      () => ours.send(filled(length)),
      FrameError,
      `Cannot send ${length} octets: the other side refuses`,
    );
    assertEquals(error.code, "refused");
  }
  await ours.send(filled(10));
  assertEquals(await received, filled(10));
  await assertRejects(() => theirs.send(filled(11)), RangeError, "exceed 10");
});

Deno.test("handshake() carries large messages both ways at once", async () => {
  const { ours, theirs } = sides();
  const large = [0, 1, 70_000, 300_000].map((length) => filled(length));
  const exchange = async (side: typeof ours) => {
    const sent = Promise.all(large.map((payload) => side.send(payload)));
    for (const payload of large) assertEquals(await side.receive(), payload);
    await sent;
  };
  await Promise.all([exchange(ours), exchange(theirs)]);
});

Deno.test("handshake() loses no message to a timeout, wherever it is", async () => {
  const { far, ours } = oneSide();
  const wire = [5, 0, 0, 0, 2, 2, 7];
  for (const octet of wire) {
    await far.sendAll(bytes(octet));
    const error = await assertRejects(
      () => ours.receive({ timeoutMs: 1 }),
      DOMException,
    );
    assertEquals(error.name, "TimeoutError");
  }
  assertEquals(await far.receive(), bytes(6));
  await far.sendAll(bytes(8));
  assertEquals(await ours.receive(), bytes(7, 8));
});

Deno.test("handshake() loses no message to an abort", async () => {
  const { near, far, ours } = oneSide();
  const before = { signal: AbortSignal.abort("before") };
  assertEquals(await ours.receive(before).catch((r) => r), "before");
  assertEquals(await ours.send(bytes(1), before).catch((r) => r), "before");
  assertEquals(near.sends, []);
  const controller = new AbortController();
  const received = ours.receive({ signal: controller.signal });
  await far.sendAll(bytes(5, 0, 0, 0, 1));
  await far.receive();
  controller.abort("gone");
  assertEquals(await received.catch((reason) => reason), "gone");
  await far.sendAll(bytes(2, 7));
  assertEquals(await ours.receive(), bytes(7));
});

Deno.test("handshake() sends no more when an offer was given up", async () => {
  const { far, ours } = oneSide();
  await assertRejects(
    () => ours.send(bytes(7), { timeoutMs: 5 }),
    DOMException,
  );
  await far.sendAll(bytes(6));
  const error = await assertRejects(() => ours.send(bytes(8)), FrameError);
  assertEquals(error.code, "cut-off");
  assertEquals(await far.receive(), bytes(5, 0, 0, 0, 1));
});

Deno.test("handshake() sends nothing if it gives up in line", async () => {
  const { far, ours } = oneSide();
  const first = ours.send(bytes(7));
  await assertRejects(
    () => ours.send(bytes(8), { timeoutMs: 1 }),
    DOMException,
  );
  assertEquals(await far.receive(), bytes(5, 0, 0, 0, 1));
  await far.sendAll(bytes(6));
  await first;
  assertEquals(await far.receive(), bytes(2, 7));
  const third = ours.send(bytes(9, 9));
  assertEquals(await far.receive(), bytes(5, 0, 0, 0, 2));
  await far.sendAll(bytes(6));
  await third;
});

Deno.test("handshake() fails at the end in the middle of it", async () => {
  const sending = oneSide();
  const sent = sending.ours.send(bytes(7));
  sending.far.closeWrite();
  const unanswered = await assertRejects(() => sent, UnexpectedEofError);
  assertEquals([unanswered.have, unanswered.need], [0, 1]);
  for (const octets of [bytes(5, 0, 0, 0, 2), bytes(5, 0, 0, 0, 2, 2, 7)]) {
    const { far, ours } = oneSide();
    await far.sendAll(octets);
    far.closeWrite();
    await assertRejects(() => ours.receive(), UnexpectedEofError);
  }
});

Deno.test("handshake() keeps nothing of a payload that was not accepted", async () => {
  for (const wire of [[2, 7], [5, 255, 255, 255, 255, 2, 7], [0], [7]]) {
    const { far, ours } = oneSide();
    await far.sendAll(bytes(...wire));
    await assertOutOfTurn(() => ours.receive());
    await assertOutOfTurn(() => ours.receive());
  }
});

Deno.test("handshake() fails if a step comes that is not due", async () => {
  const answered = oneSide();
  await answered.far.sendAll(bytes(6));
  await assertOutOfTurn(() => answered.ours.receive());
  const offered = oneSide();
  await offered.far.sendAll(bytes(5, 0, 0, 0, 1, 5, 0, 0, 0, 1));
  await assertOutOfTurn(() => offered.ours.receive());
});

Deno.test("handshake() answers no more offers than the other side takes answers", async () => {
  const [near, far] = memoryStream({ capacity: 10 });
  const ours = handshake(near, { maxFrameBytes: 1 });
  const received = ours.receive().catch((error) => error);
  let offers = 0;
  const flood = async () => {
    for (; offers < 1000; offers++) await far.sendAll(bytes(5, 255, 0, 0, 0));
  };
  const flooded = flood().catch((error) => error);
  await until(() => near.sends.length === 11);
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert(near.sends.length === 11 && offers < 100, `${offers} offers`);
  near.fail(new Error("closed"));
  assert(await received instanceof Error && await flooded instanceof Error);
});

Deno.test("handshake() refuses limits that make no sense", () => {
  for (const maxFrameBytes of [-1, 1.5, NaN, 2 ** 32]) {
    assertThrows(() => oneSide({ maxFrameBytes }), RangeError);
  }
  oneSide({ maxFrameBytes: 2 ** 32 - 1 });
});
