import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { delimited } from "../../tcp/delimited.ts";
import { FrameError } from "../../tcp/frame_error.ts";
import { FrameReader } from "../../tcp/frame_reader.ts";
import { FrameWriter } from "../../tcp/frame_writer.ts";
import type { ByteSink } from "../../tcp/framing.ts";
import { jsonHeader } from "../../tcp/json_header.ts";
import { lengthPrefixed } from "../../tcp/length_prefixed.ts";
import { until } from "../sync/_until.ts";
import { ascii, bytes, filled, pieces } from "./_framing.ts";
import { memoryStream } from "./_memory_stream.ts";

/** A sink that takes what it is given only when told to. */
class Gate implements ByteSink {
  readonly given: Uint8Array[] = [];
  readonly #gates: PromiseWithResolvers<void>[] = [];

  sendAll(octets: Uint8Array): Promise<void> {
    this.given.push(octets);
    const gate = Promise.withResolvers<void>();
    this.#gates.push(gate);
    return gate.promise;
  }

  /** Takes the next, or fails. */
  open(error?: Error): void {
    const gate = this.#gates.shift()!;
    if (error === undefined) gate.resolve();
    else gate.reject(error);
  }

  /** Length of all it was given. */
  get lengths(): number[] {
    return this.given.map(({ length }) => length);
  }
}

const LARGE = filled(100_000);

Deno.test("FrameWriter.write() sends a small frame at once, and a large one in two parts", async () => {
  const [near] = memoryStream({ capacity: 200_000 });
  const writer = new FrameWriter(near, lengthPrefixed());
  await writer.write(filled(0));
  await writer.write(filled(65_532));
  await writer.write(filled(65_533));
  assertEquals(near.sends, [4, 65_536, 4, 65_533]);
});

Deno.test("FrameWriter.write() does not mix the frames of callers", async () => {
  const [near, far] = memoryStream({ capacity: 1000, pieceOf: (n) => n });
  const writer = new FrameWriter(near, lengthPrefixed());
  const reader = new FrameReader(far, lengthPrefixed());
  const frames = [10, 70_000, 0, 66_000, 500].map((n, i) => filled(n, i));
  const written = Promise.all(frames.map((frame) => writer.write(frame)));
  for (const frame of frames) assertEquals(await reader.read(), frame);
  await written;
});

Deno.test("FrameWriter.write() waits until all is sent", async () => {
  const [near, far] = memoryStream({ capacity: 10 });
  const writer = new FrameWriter(near, delimited());
  let done = false;
  const written = writer.write(filled(25, 64)).then(() => done = true);
  for (let received = 0; received < 16;) {
    assert(!done, `done after ${received}`);
    received += (await far.receive(5))!.length;
  }
  await written;
});

Deno.test("FrameWriter.write() sends nothing of a frame that does not fit", async () => {
  const [near] = memoryStream();
  const writer = new FrameWriter(near, lengthPrefixed({ bytes: 1 }));
  await assertRejects(() => writer.write(filled(256)), RangeError);
  await writer.write(filled(1));
  assertEquals(near.sends, [2]);
});

Deno.test("FrameWriter.write() sends nothing if aborted or out of range before", async () => {
  const [near] = memoryStream();
  const writer = new FrameWriter(near, delimited());
  const signal = AbortSignal.abort("gone");
  const reason = await writer.write(filled(1), { signal }).catch((r) => r);
  assertEquals(reason, "gone");
  for (const timeoutMs of [-1, NaN]) {
    await assertRejects(
      () => writer.write(filled(1), { timeoutMs }),
      RangeError,
    );
  }
  assertEquals(near.sends, []);
});

Deno.test("FrameWriter.write() sends nothing if it gives up in line", async () => {
  const gate = new Gate();
  const writer = new FrameWriter(gate, lengthPrefixed());
  const first = writer.write(filled(1));
  const late = await assertRejects(
    () => writer.write(filled(2), { timeoutMs: 1 }),
    DOMException,
  );
  assertEquals(late.name, "TimeoutError");
  const controller = new AbortController();
  const second = writer.write(filled(3), { signal: controller.signal });
  const third = writer.write(filled(4));
  controller.abort("gone");
  assertEquals(await second.catch((reason) => reason), "gone");
  gate.open();
  await first;
  await until(() => gate.given.length === 2);
  gate.open();
  await third;
  assertEquals(gate.lengths, [5, 8]);
});

Deno.test("FrameWriter.write() sends a frame to its end when its caller has left", async () => {
  for (const how of ["timeout", "abort"]) {
    const gate = new Gate();
    const writer = new FrameWriter(gate, lengthPrefixed());
    const controller = new AbortController();
    const { signal } = controller;
    const payload = LARGE.slice();
    const written = writer.write(
      payload,
      how === "abort" ? { signal } : { timeoutMs: 5 },
    );
    await until(() => gate.given.length === 1);
    controller.abort("gone");
    await assertRejects(() => written.catch((r) => Promise.reject(Error(r))));
    payload.fill(0);
    const next = writer.write(bytes(7));
    gate.open();
    await until(() => gate.given.length === 2);
    assertEquals(gate.given[1], LARGE);
    gate.open();
    await until(() => gate.given.length === 3);
    gate.open();
    await next;
    assertEquals(gate.given[2], bytes(0, 0, 0, 1, 7));
  }
});

Deno.test("FrameWriter.write() refuses frames after one that is torn", async () => {
  const gate = new Gate();
  const writer = new FrameWriter(gate, lengthPrefixed());
  const torn = writer.write(LARGE);
  const behind = writer.write(filled(1));
  gate.open();
  await until(() => gate.given.length === 2);
  gate.open(new Deno.errors.BrokenPipe("gone"));
  await assertRejects(() => torn, Deno.errors.BrokenPipe, "gone");
  for (const write of [behind, writer.write(filled(1))]) {
    const error = await assertRejects(() => write, FrameError);
    assertEquals(error.code, "cut-off");
    assertInstanceOf(error.cause, Deno.errors.BrokenPipe);
  }
  assertEquals(gate.lengths, [4, 100_000]);
});

Deno.test("FrameWriter.write() leaves it to the sink if nothing of a frame was sent", async () => {
  const gate = new Gate();
  const writer = new FrameWriter(gate, lengthPrefixed());
  const failed = writer.write(filled(1));
  gate.open(new Deno.errors.BadResource("closed"));
  await assertRejects(() => failed, Deno.errors.BadResource, "closed");
  const next = writer.write(filled(2));
  gate.open();
  await next;
  assertEquals(gate.lengths, [5, 6]);
});

Deno.test("FrameWriter.write() calls a sink that throws no worse than one that rejects", async () => {
  const sink: ByteSink = {
    sendAll: () => {
      throw new TypeError("no");
    },
  };
  const writer = new FrameWriter(sink, delimited());
  for (let i = 0; i < 2; i++) {
    await assertRejects(() => writer.write(ascii("a")), TypeError, "no");
  }
});

/** A body that brings these chunks and then waits, and how it was given up. */
function pausing(...chunks: Uint8Array[]) {
  const seen: { cancelled?: unknown; pulls: number } = { pulls: 0 };
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      seen.pulls++;
      const chunk = chunks.shift();
      if (chunk === undefined) return new Promise(() => {});
      controller.enqueue(chunk);
    },
    cancel: (reason) => void (seen.cancelled = reason),
  }, { highWaterMark: 0 });
  return { body, seen };
}

function messages(capacity = 1000) {
  const [near, far] = memoryStream({ capacity });
  const writer = new FrameWriter(near, jsonHeader());
  const reader = new FrameReader(far, jsonHeader());
  return { near, far, writer, reader };
}

Deno.test("FrameWriter.write() sends a body as it comes", async () => {
  const { writer, reader } = messages();
  const large = filled(100_000);
  const body = ReadableStream.from(pieces(large, 3000));
  const header = { bodyBytes: large.length };
  const written = writer.write({ header, body });
  const behind = writer.write({ body: ascii("next") });
  const bodies: Uint8Array[] = [];
  for (let i = 0; i < 2; i++) {
    const frame = await reader.read();
    bodies.push(await new Response(frame!.body).bytes());
  }
  assertEquals(bodies, [large, ascii("next")]);
  await Promise.all([written, behind]);
});

Deno.test("FrameWriter.write() passes on a body that it has read", async () => {
  const [first, second] = [messages(), messages()];
  const written = first.writer.write({ header: { a: 1 }, body: filled(5000) });
  const frame = await first.reader.read();
  const passed = second.writer.write(frame!);
  const got = await second.reader.read();
  assertEquals({ ...got!.header }, { a: 1, bodyBytes: 5000 });
  assertEquals(await new Response(got!.body).bytes(), filled(5000));
  await Promise.all([written, passed]);
});

Deno.test("FrameWriter.write() refuses a body that is not as long as its header says", async () => {
  for (
    const [said, state] of [[4, "more than 4"], [6, "ends after 5"]] as const
  ) {
    const { writer } = messages();
    const { body, seen } = pausing(ascii("hel"), ascii("lo"));
    const ended = new Blob(["hello"]).stream();
    const header = { bodyBytes: said };
    const error = await assertRejects(
      () => writer.write({ header, body: said === 4 ? body : ended }),
      FrameError,
      state,
    );
    assertEquals(error.code, "body-mismatch");
    if (said === 4) assertEquals(seen.cancelled, error);
    const next = await assertRejects(() => writer.write({}), FrameError);
    assertEquals([next.code, next.cause], ["cut-off", error]);
  }
});

Deno.test("FrameWriter.write() passes on an error of the body", async () => {
  const { writer } = messages();
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Deno.errors.BrokenPipe("gone")),
  });
  const header = { bodyBytes: 5 };
  const write = () => writer.write({ header, body });
  await assertRejects(write, Deno.errors.BrokenPipe, "gone");
});

Deno.test("FrameWriter.write() gives a body up when it is aborted or timed out", async () => {
  for (const how of ["abort", "timeout"]) {
    const { writer } = messages();
    const { body, seen } = pausing(ascii("hel"));
    const controller = new AbortController();
    const { signal } = controller;
    const header = { bodyBytes: 5 };
    const written = writer.write(
      { header, body },
      how === "abort" ? { signal } : { timeoutMs: 20 },
    ).catch((reason) => reason);
    if (how === "abort") {
      await until(() => seen.pulls === 2);
      controller.abort("gone");
    }
    const reason = await written;
    assertEquals(reason === "gone" ? "abort" : "timeout", how);
    await until(() => seen.cancelled !== undefined);
    assertEquals(seen.cancelled, reason);
    const error = await assertRejects(() => writer.write({}), FrameError);
    assertEquals(error.code, "cut-off");
  }
});

Deno.test("FrameWriter.write() does not touch a body before its turn", async () => {
  const { near, writer } = messages(10);
  const first = writer.write({ body: filled(100) });
  const { body, seen } = pausing(ascii("hello"));
  const header = { bodyBytes: 5 };
  const wait = () => writer.write({ header, body }, { timeoutMs: 1 });
  await assertRejects(wait, DOMException);
  assertEquals([seen, body.locked], [{ pulls: 0 }, false]);
  near.fail(new Error("closed"));
  await assertRejects(() => first, Error, "closed");
});

Deno.test("FrameWriter.write() gives a body up when the sink fails", async () => {
  const { near, writer } = messages(60);
  const { body, seen } = pausing(...pieces(filled(1000), 20));
  const header = { bodyBytes: 1000 };
  const written = writer.write({ header, body });
  await until(() => near.sends.length === 3);
  const error = new Deno.errors.BrokenPipe("gone");
  near.fail(error);
  await assertRejects(() => written, Deno.errors.BrokenPipe);
  await until(() => seen.cancelled !== undefined);
  assert(seen.cancelled === error);
});
