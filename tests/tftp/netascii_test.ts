import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  NetasciiDecoder,
  netasciiDecoderStream,
  NetasciiEncoder,
  netasciiEncoderStream,
} from "../../tftp/netascii.ts";

function octets(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function encode(...chunks: string[]): string {
  const encoder = new NetasciiEncoder();
  const decoder = new TextDecoder();
  return chunks.map((c) => decoder.decode(encoder.encode(octets(c)))).join("");
}

function decode(...chunks: string[]): string {
  const netascii = new NetasciiDecoder();
  const decoder = new TextDecoder();
  return chunks.map((c) => decoder.decode(netascii.decode(octets(c)))).join(
    "",
  ) +
    decoder.decode(netascii.flush());
}

/** Every string over these characters up to this length. */
function* strings(characters: string, maxLength: number): Generator<string> {
  yield "";
  if (maxLength === 0) return;
  for (const rest of strings(characters, maxLength - 1)) {
    for (const character of characters) yield character + rest;
  }
}

/** Every way to split a string into chunks that are not empty. */
function* splittings(text: string): Generator<string[]> {
  if (text === "") yield [];
  for (let end = 1; end <= text.length; end++) {
    for (const rest of splittings(text.slice(end))) {
      yield [text.slice(0, end), ...rest];
    }
  }
}

Deno.test("NetasciiEncoder.encode() turns LF into CR LF", () => {
  assertEquals(encode("a\nb\n\n"), "a\r\nb\r\n\r\n");
});

Deno.test("NetasciiEncoder.encode() turns CR into CR NUL", () => {
  assertEquals(encode("a\rb\r\n"), "a\r\0b\r\0\r\n");
});

Deno.test("NetasciiEncoder.encode() leaves other octets alone", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
    .filter((byte) => byte !== 10 && byte !== 13);
  assertEquals(new NetasciiEncoder().encode(bytes), bytes);
});

Deno.test("NetasciiEncoder.encode() copies", () => {
  const chunk = octets("a");
  const wire = new NetasciiEncoder().encode(chunk);
  chunk[0] = 0;
  assertEquals(wire, octets("a"));
});

Deno.test("NetasciiDecoder.decode() turns CR LF into LF and CR NUL into CR", () => {
  assertEquals(decode("a\r\nb\r\0c"), "a\nb\rc");
});

Deno.test("NetasciiDecoder.decode() keeps a lone CR with what follows", () => {
  assertEquals(decode("a\rb"), "a\rb");
});

Deno.test("NetasciiDecoder.decode() lets a lone CR be followed by a pair", () => {
  assertEquals(decode("\r\r\n"), "\r\n");
  assertEquals(decode("\r\r\0"), "\r\r");
});

Deno.test("NetasciiDecoder.decode() keeps a lone LF and a lone NUL", () => {
  assertEquals(decode("a\nb\0c"), "a\nb\0c");
});

Deno.test("NetasciiDecoder.decode() takes a NUL only once", () => {
  assertEquals(decode("\r\0\0"), "\r\0");
  assertEquals(decode("\r\0\n"), "\r\n");
});

Deno.test("NetasciiDecoder.decode() waits with a CR for the next chunk", () => {
  const decoder = new NetasciiDecoder();
  assertEquals(decoder.decode(octets("a\r")), octets("a"));
  assertEquals(decoder.decode(octets("")), octets(""));
  assertEquals(decoder.decode(octets("\nb")), octets("\nb"));
  assertEquals(decoder.flush(), octets(""));
});

Deno.test("NetasciiDecoder.decode() copies", () => {
  const chunk = octets("a");
  const text = new NetasciiDecoder().decode(chunk);
  chunk[0] = 0;
  assertEquals(text, octets("a"));
});

Deno.test("NetasciiDecoder.flush() returns a final lone CR, once", () => {
  const decoder = new NetasciiDecoder();
  decoder.decode(octets("a\r"));
  assertEquals(decoder.flush(), octets("\r"));
  assertEquals(decoder.flush(), octets(""));
  assertEquals(decoder.decode(octets("\n")), octets("\n"));
});

Deno.test("NetasciiDecoder restores what NetasciiEncoder made of any short text", () => {
  for (const text of strings("\r\n\0a", 6)) {
    assertStrictEquals(decode(encode(text)), text);
  }
});

Deno.test("NetasciiEncoder does not care how the text is split", () => {
  for (const text of strings("\r\n\0a", 5)) {
    const whole = encode(text);
    for (const chunks of splittings(text)) {
      assertStrictEquals(encode(...chunks), whole);
    }
  }
});

Deno.test("NetasciiDecoder does not care how the wire is split", () => {
  for (const wire of strings("\r\n\0a", 5)) {
    const whole = decode(wire);
    for (const chunks of splittings(wire)) {
      assertStrictEquals(decode(...chunks), whole);
    }
  }
});

Deno.test("NetasciiDecoder restores a long text from blocks of any size", () => {
  const text = octets("line\nwith \r in it\r\n\0\n\n".repeat(500));
  const wire = new NetasciiEncoder().encode(text);
  for (const blockSize of [1, 2, 7, 8, 511, 512, 513, 65464]) {
    const decoder = new NetasciiDecoder();
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for (let at = 0; at < wire.length; at += blockSize) {
      chunks.push(decoder.decode(wire.subarray(at, at + blockSize)));
    }
    chunks.push(decoder.flush());
    const restored = new Uint8Array(text.length);
    let at = 0;
    for (const chunk of chunks) {
      restored.set(chunk, at);
      at += chunk.length;
    }
    assertEquals(at, text.length);
    assertEquals(restored, text);
  }
});

Deno.test("netasciiEncoderStream() encodes across chunks", async () => {
  const wire = ReadableStream.from([octets("a\r"), octets(""), octets("\nb")])
    .pipeThrough(netasciiEncoderStream());
  assertEquals(await new Response(wire).text(), "a\r\0\r\nb");
});

Deno.test("netasciiDecoderStream() decodes across chunks", async () => {
  const text = ReadableStream.from([
    octets("a\r"),
    octets("\nb\r"),
    octets("\0"),
  ])
    .pipeThrough(netasciiDecoderStream());
  assertEquals(await new Response(text).text(), "a\nb\r");
});

Deno.test("netasciiDecoderStream() keeps a final lone CR", async () => {
  const text = ReadableStream.from([octets("a\r")])
    .pipeThrough(netasciiDecoderStream());
  assertEquals(await new Response(text).text(), "a\r");
});

Deno.test("netasciiDecoderStream() never passes on an empty chunk", async () => {
  const text = ReadableStream.from([octets(""), octets("\r"), octets("\n")])
    .pipeThrough(netasciiDecoderStream());
  assertEquals(await Array.fromAsync(text), [octets("\n")]);
});
