import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { StepDecoder, stepEncoding } from "../../tcp/_handshake_steps.ts";
import { delimited } from "../../tcp/delimited.ts";
import type { FrameDecoder } from "../../tcp/framing.ts";
import { jsonHeader } from "../../tcp/json_header.ts";
import { lengthPrefixed } from "../../tcp/length_prefixed.ts";
import { UnexpectedEofError } from "../../tcp/unexpected_eof.ts";
import { ascii, drained, filled, joined } from "./_framing.ts";

/** What is had and needed if the input ends after so many octets. */
function end(
  decoder: FrameDecoder<unknown>,
  wire: Uint8Array,
  have: number,
): [number, number] {
  for (let i = 0; i < have; i++) {
    decoder.push(wire.subarray(i, i + 1));
    drained(decoder);
  }
  decoder.end();
  const error = assertThrows(() => decoder.next(), UnexpectedEofError);
  assertStrictEquals(assertThrows(() => decoder.next()), error);
  return [error.have, error.need];
}

Deno.test("lengthPrefixed() tells how much of a frame is missing at the end", () => {
  for (const strip of [0, 1, 4, 6, 7]) {
    const codec = lengthPrefixed({ offset: 2, strip, bytes: 2 });
    const wire = joined(codec.encode(filled(14 - strip)));
    for (let have = 1; have < 14; have++) {
      const need = have < 4 ? 4 : 14;
      assertEquals(end(codec.decoder(), wire, have), [have, need]);
    }
  }
});

Deno.test("lengthPrefixed() misses the rest of what it skips, too", () => {
  const codec = lengthPrefixed({
    bytes: 1,
    maxFrameBytes: 2,
    oversize: "skip",
  });
  const wire = joined(lengthPrefixed({ bytes: 1 }).encode(filled(9)));
  assertEquals(end(codec.decoder(), wire, 5), [5, 10]);
});

Deno.test("delimited() misses at least an octet at the end", () => {
  for (const delimiter of ["\n", "\r\n", "<=>"]) {
    const codec = delimited({ delimiter });
    const wire = joined(codec.encode(ascii("hello")));
    for (let have = 1; have < wire.length; have++) {
      assertEquals(end(codec.decoder(), wire, have), [have, have + 1]);
    }
  }
});

Deno.test("jsonHeader() tells how much of a header is missing at the end", () => {
  const codec = jsonHeader();
  const wire = joined(codec.encode({ header: { name: "a" } }));
  for (let have = 1; have < wire.length; have++) {
    const need = have < 4 ? 4 : wire.length;
    assertEquals(end(codec.decoder(), wire, have), [have, need]);
  }
});

Deno.test("jsonHeader() tells how much of a body is missing at the end", () => {
  const codec = jsonHeader();
  const wire = joined(codec.encode({ body: filled(10) }));
  for (let have = 0; have < 10; have++) {
    const all = wire.length - 10 + have;
    assertEquals(end(codec.decoder(), wire, all), [have, 10]);
  }
});

Deno.test("handshake() tells how much of a step is missing at the end", () => {
  const decoder = () => new StepDecoder(() => 10);
  const offer = joined(stepEncoding.encode({ type: "offer", length: 10 }));
  const payload = filled(10);
  const wire = joined(stepEncoding.encode({ type: "payload", payload }));
  for (let have = 1; have < 5; have++) {
    assertEquals(end(decoder(), offer, have), [have, 5]);
  }
  for (let have = 1; have < 11; have++) {
    assertEquals(end(decoder(), wire, have), [have, 11]);
  }
});

Deno.test("no codec misses anything between frames", () => {
  const codecs = [
    lengthPrefixed(),
    lengthPrefixed({ strip: 0 }),
    delimited(),
  ];
  for (const codec of codecs) {
    for (const frames of [0, 1, 2]) {
      const decoder = codec.decoder();
      for (let i = 0; i < frames; i++) {
        decoder.push(joined(codec.encode(filled(4, 64))));
      }
      decoder.end();
      assertEquals(drained(decoder).length, frames);
      assertEquals([decoder.next(), decoder.pending], [undefined, 0]);
    }
  }
});

Deno.test("no codec takes input after the end", () => {
  for (const codec of [lengthPrefixed(), delimited(), jsonHeader()]) {
    const decoder = codec.decoder();
    decoder.end();
    assertThrows(() => decoder.push(filled(1)), TypeError, "has ended");
  }
});
