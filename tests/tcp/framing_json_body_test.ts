import { assert, assertEquals, assertRejects } from "@std/assert";
import { FrameError } from "../../tcp/frame_error.ts";
import {
  FrameReader,
  type FrameReaderOptions,
} from "../../tcp/frame_reader.ts";
import { FrameWriter } from "../../tcp/frame_writer.ts";
import {
  type JsonFrame,
  jsonHeader,
  type JsonHeaderOptions,
} from "../../tcp/json_header.ts";
import { UnexpectedEofError } from "../../tcp/unexpected_eof.ts";
import { until } from "../sync/_until.ts";
import { ascii, filled, joined } from "./_framing.ts";
import { memoryStream } from "./_memory_stream.ts";

function messages(
  options?: JsonHeaderOptions,
  readerOptions?: FrameReaderOptions,
) {
  const [far, near] = memoryStream({ capacity: 1000 });
  const codec = jsonHeader(options);
  const writer = new FrameWriter(far, jsonHeader());
  const reader = new FrameReader(near, codec, readerOptions);
  return { far, near, writer, reader };
}

/** The body of a frame as a whole. */
function whole({ body }: JsonFrame): Promise<Uint8Array> {
  return new Response(body).bytes();
}

/** A frame without the end of its body. */
function cut(bytes: number, missing: number): Uint8Array {
  return joined(jsonHeader().encode({ body: filled(bytes) }))
    .subarray(0, -missing);
}

Deno.test("jsonHeader() streams a body, of which nothing is collected", async () => {
  const { near, writer, reader } = messages();
  const body = filled(200_000);
  const written = writer.write({ header: { name: "a" }, body });
  const frame = await reader.read();
  assertEquals(frame!.header.name, "a");
  const chunks = frame!.body.getReader();
  const receives = near.receives.length;
  assert(receives < 3, "reads on by itself");
  let at = 0;
  for (;;) {
    const { done, value } = await chunks.read();
    if (done) break;
    assertEquals(value, body.slice(at, at + value.length));
    at += value.length;
    assert(reader.pending <= at + 1);
  }
  assertEquals([at, reader.pending], [body.length, 0]);
  await written;
});

Deno.test("jsonHeader() gives chunks that nothing overwrites", async () => {
  const { writer, reader } = messages();
  const body = filled(5000);
  const written = writer.write({ body });
  const frame = await reader.read();
  const chunks = await Array.fromAsync(frame!.body);
  assertEquals(await new Blob(chunks).bytes(), body);
  await written;
});

Deno.test("jsonHeader() reads frames without and with bodies in turn", async () => {
  const { far, writer, reader } = messages();
  const written = (async () => {
    for (const n of [0, 5, 0, 0, 2500]) await writer.write({ body: filled(n) });
    far.closeWrite();
  })();
  const lengths: number[] = [];
  for await (const frame of reader) lengths.push((await whole(frame)).length);
  assertEquals(lengths, [0, 5, 0, 0, 2500]);
  await written;
});

Deno.test("jsonHeader() skips what is left of a body when the next frame is read", async () => {
  for (const how of ["untouched", "begun", "cancelled", "waiting"]) {
    const { far, writer, reader } = messages();
    await far.sendAll(cut(100, 40));
    const first = await reader.read();
    const chunks = first!.body.getReader();
    if (how !== "untouched") await chunks.read();
    if (how === "cancelled") await chunks.cancel();
    const waiting = how === "waiting" ? chunks.read().catch((e) => e) : null;
    const next = reader.read();
    await far.sendAll(filled(100).subarray(60, 80));
    await far.sendAll(filled(100).subarray(80));
    await writer.write({ body: ascii("hello") });
    assertEquals(await whole((await next)!), ascii("hello"), how);
    if (how === "cancelled") continue;
    await waiting;
    const error = await assertRejects(() => chunks.read(), FrameError);
    assertEquals(error.code, "body-abandoned");
  }
});

Deno.test("jsonHeader() loses nothing when a body is cancelled while it waits", async () => {
  const { far, near, writer, reader } = messages();
  await far.sendAll(cut(100, 40));
  const chunks = (await reader.read())!.body.getReader();
  await chunks.read();
  const waiting = chunks.read();
  await until(() => near.receives.length === 2);
  await chunks.cancel("enough");
  assertEquals((await waiting).done, true);
  assert(near.receives.at(-1)!.signal!.aborted, "waits on");
  await far.sendAll(filled(40));
  await writer.write({ body: ascii("hello") });
  assertEquals(await whole((await reader.read())!), ascii("hello"));
});

Deno.test("jsonHeader() fails a body, and the reader, at the end inside of it", async () => {
  const { far, reader } = messages();
  await far.sendAll(cut(100, 40));
  far.closeWrite();
  const frame = await reader.read();
  for (const fails of [() => whole(frame!), () => reader.read()]) {
    const error = await assertRejects(fails, UnexpectedEofError);
    assertEquals([error.have, error.need], [60, 100]);
  }
});

Deno.test("jsonHeader() passes an error of the source on to the body", async () => {
  const { far, reader } = messages();
  await far.sendAll(cut(100, 40));
  const frame = await reader.read();
  const read = whole(frame!);
  far.fail(new Deno.errors.ConnectionReset("gone"));
  await assertRejects(() => read, Deno.errors.ConnectionReset, "gone");
});

Deno.test("jsonHeader() ends a body whose peer is late, and goes on with the next frame", async () => {
  for (const limit of ["timeoutMs", "idleTimeoutMs"]) {
    const { far, writer, reader } = messages({}, { [limit]: 5 });
    await far.sendAll(cut(100, 40));
    const frame = await reader.read();
    const error = await assertRejects(() => whole(frame!), DOMException);
    assertEquals(error.name, "TimeoutError");
    await far.sendAll(filled(40));
    await writer.write({ body: ascii("hello") });
    assertEquals(await whole((await reader.read())!), ascii("hello"));
  }
});

Deno.test("jsonHeader() gives a peer its time anew for each 64 KiB of a body", async () => {
  const { far, near, reader } = messages({}, { timeoutMs: 60_000 });
  const sent = far.sendAll(cut(200_000, 1));
  const chunks = (await reader.read())!.body.getReader();
  const left: number[] = [];
  for (let at = 0; at < 199_999;) {
    const { value } = await chunks.read();
    at += value!.length;
    await new Promise((resolve) => setTimeout(resolve, 0));
    left.push(near.receives.at(-1)?.timeoutMs ?? 0);
  }
  await sent;
  const fresh = left.filter((ms) => ms === 60_000).length;
  assert(fresh >= 3 && fresh < left.length, `${fresh} of ${left.length}`);
});

Deno.test("jsonHeader() skips frames whose body is too large", async () => {
  const { far, writer, reader } = messages({
    maxBodyBytes: 5,
    oversize: "skip",
  });
  const written = (async () => {
    for (const n of [5, 6, 4000, 1]) await writer.write({ body: filled(n) });
    far.closeWrite();
  })();
  const lengths: number[] = [];
  for await (const frame of reader) lengths.push((await whole(frame)).length);
  assertEquals(lengths, [5, 1]);
  await written;
});

Deno.test("jsonHeader() decodes bodies also without a reader", async () => {
  const decoder = jsonHeader().decoder();
  const wire = joined(jsonHeader().encode({ body: ascii("hello") }));
  decoder.push(wire.subarray(0, -3));
  const frame = decoder.next();
  const read = whole(frame!);
  for (const at of [-3, -2, -1]) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    decoder.push(wire.subarray(at).subarray(0, 1));
  }
  assertEquals(await read, ascii("hello"));
});
