import { assert, assertEquals, assertRejects } from "@std/assert";
import { FrameError } from "../../tcp/frame_error.ts";
import { FrameReader } from "../../tcp/frame_reader.ts";
import { FrameWriter } from "../../tcp/frame_writer.ts";
import { jsonHeader } from "../../tcp/json_header.ts";
import { until } from "../sync/_until.ts";
import { ascii, filled, pieces } from "./_framing.ts";
import { memoryStream } from "./_memory_stream.ts";

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
