import { assertEquals, assertFalse, assertRejects } from "@std/assert";
import { lines } from "../../cli/lines.ts";

const encoder = new TextEncoder();

/** A stream of these chunks; it tells whether it was cancelled. */
function stream(...chunks: (string | number[])[]) {
  const state = { cancelled: false };
  const readable = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) return controller.close();
      controller.enqueue(
        typeof chunk === "string"
          ? encoder.encode(chunk)
          : new Uint8Array(chunk),
      );
    },
    cancel() {
      state.cancelled = true;
    },
  });
  return { readable, state };
}

async function read(
  chunks: (string | number[])[],
  maxLength?: number,
): Promise<string[]> {
  const { readable } = stream(...chunks);
  return await Array.fromAsync(lines(readable, { maxLength }));
}

Deno.test("lines() ends a line with LF or CRLF", async () => {
  assertEquals(await read(["a\nb\r\n\nc\rd\n"]), ["a", "b", "", "c\rd"]);
});

Deno.test("lines() yields a last line without an end, but no empty one", async () => {
  assertEquals(await read(["a\nb"]), ["a", "b"]);
  assertEquals(await read(["a\n"]), ["a"]);
  assertEquals(await read([]), []);
});

Deno.test("lines() joins chunks, also inside CRLF and characters", async () => {
  assertEquals(await read(["a", "b\r", "\nc"]), ["ab", "c"]);
  assertEquals(await read([[0xe2, 0x82], [0xac, 10]]), ["€"]);
});

Deno.test("lines() replaces what is not UTF-8", async () => {
  assertEquals(await read([[0x61, 0xff, 10]]), ["a\ufffd"]);
  assertEquals(await read([[0xe2, 0x82]]), ["\ufffd"]);
});

Deno.test("lines() yields a line before the next chunk is there", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const typed = lines(readable);
  const written = writer.write(encoder.encode("first\nsec"));
  assertEquals(await typed.next(), { done: false, value: "first" });
  await written;
  const second = typed.next();
  await writer.write(encoder.encode("ond\n"));
  assertEquals(await second, { done: false, value: "second" });
  await Promise.all([writer.close(), typed.next()]);
});

Deno.test("lines() refuses a line that is too long", async () => {
  assertEquals(await read(["1234\r\n", "1234"], 4), ["1234", "1234"]);
  for (const chunks of [["12345\n"], ["123", "45"], ["12345"]]) {
    await assertRejects(
      () => read(chunks, 4),
      RangeError,
      "Cannot read a line: it is longer than 4 characters",
    );
  }
});

Deno.test("lines() unlocks the stream and never cancels it", async () => {
  const { readable, state } = stream("a\n", "b\n", "c\n");
  for await (const line of lines(readable)) {
    assertEquals(line, "a");
    break;
  }
  assertFalse(state.cancelled);
  assertFalse(readable.locked);
  assertEquals(await Array.fromAsync(lines(readable)), ["b", "c"]);
});

Deno.test("lines() passes the error of the stream on", async () => {
  const readable = new ReadableStream<Uint8Array>({
    start: (controller) => controller.error(new Error("unplugged")),
  });
  await assertRejects(() => lines(readable).next(), Error, "unplugged");
  assertFalse(readable.locked);
});
