import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Collector } from "../../tcp/_collector.ts";
import { StepDecoder, stepEncoding } from "../../tcp/_handshake_steps.ts";
import { Input } from "../../tcp/_input.ts";
import { delimited } from "../../tcp/delimited.ts";
import { FrameError } from "../../tcp/frame_error.ts";
import type { FrameDecoder } from "../../tcp/framing.ts";
import { jsonHeader } from "../../tcp/json_header.ts";
import { lengthPrefixed } from "../../tcp/length_prefixed.ts";
import { UnexpectedEofError } from "../../tcp/unexpected_eof.ts";
import {
  ascii,
  bytes,
  drained,
  filled,
  joined,
  pieces,
  pushed,
} from "./_framing.ts";

/** Requires an error that stays. */
function assertFails(
  decoder: FrameDecoder<unknown>,
  octets: Uint8Array,
  code: string,
): void {
  decoder.push(octets);
  const error = assertThrows(() => drained(decoder), FrameError);
  assertEquals([error.name, error.code], ["FrameError", code]);
  decoder.push(bytes(0, 0, 0, 0));
  const again = assertThrows(() => decoder.next(), FrameError);
  assert(again === error, "another error");
}

Deno.test("lengthPrefixed() refuses a length before it keeps anything", () => {
  for (const width of [4, 8] as const) {
    const decoder = lengthPrefixed({ bytes: width }).decoder();
    const head = new Uint8Array(width).fill(255);
    assertFails(decoder, head, "frame-too-large");
    assertEquals(decoder.pending, 0);
  }
});

Deno.test("lengthPrefixed() takes a frame of maxFrameBytes, and none of one more", () => {
  for (const max of [0, 1, 255, 256, 65_535, 65_536]) {
    const codec = lengthPrefixed({ maxFrameBytes: max });
    const wide = lengthPrefixed();
    const [head = bytes()] = wide.encode(filled(max)) as Uint8Array[];
    const decoder = codec.decoder();
    assertEquals(pushed(decoder, head.subarray(0, 4)), max ? [] : [bytes()]);
    assertEquals(pushed(decoder, filled(max)).length, max ? 1 : 0);
    const [over = bytes()] = wide.encode(filled(max + 1)) as Uint8Array[];
    assertFails(decoder, over.subarray(0, 4), "frame-too-large");
  }
});

Deno.test("lengthPrefixed() refuses lengths beyond 2^53, whatever is adjusted", () => {
  const max = Number.MAX_SAFE_INTEGER;
  for (const oversize of ["error", "skip"] as const) {
    for (const adjust of [-1000, 0, 1000]) {
      const options = {
        bytes: 8,
        maxFrameBytes: max,
        adjust,
        oversize,
      } as const;
      const decoder = lengthPrefixed(options).decoder();
      const head = bytes(0, 32, 0, 0, 0, 0, 0, 1); // 2^53 + 1
      assertFails(decoder, head, "frame-too-large");
    }
  }
});

Deno.test("lengthPrefixed() refuses a length that is less than its header", () => {
  const own = lengthPrefixed({ bytes: 1, adjust: -1 });
  assertEquals(pushed(own.decoder(), bytes(1)), [bytes()]);
  assertFails(own.decoder(), bytes(0), "bad-length");
  const kept = lengthPrefixed({ bytes: 1, adjust: -1, strip: 0 });
  assertEquals(pushed(kept.decoder(), bytes(1)), [bytes(1)]);
  assertFails(kept.decoder(), bytes(0), "bad-length");
  const stripped = lengthPrefixed({ bytes: 1, strip: 3 });
  assertEquals(pushed(stripped.decoder(), bytes(2, 8, 9)), [bytes()]);
  assertFails(stripped.decoder(), bytes(1, 8), "bad-length");
});

Deno.test("lengthPrefixed() skips what is too large, and stays in step", () => {
  const options = { bytes: 2, maxFrameBytes: 3, oversize: "skip" } as const;
  const wire = bytes(0, 1, 7, 0, 4, 0, 9, 9, 9, 0, 3, 1, 2, 3, 255, 255);
  for (let size = 1; size <= wire.length; size++) {
    const decoder = lengthPrefixed(options).decoder();
    const frames = [...pieces(wire, size)].flatMap((p) => pushed(decoder, p));
    assertEquals(frames, [bytes(7), bytes(1, 2, 3)], `in pieces of ${size}`);
    assertEquals([decoder.finished, decoder.pending], [3, 2]);
    for (const piece of pieces(new Uint8Array(65_535), 10_000)) {
      assertEquals(pushed(decoder, piece), []);
    }
    assertEquals(pushed(decoder, bytes(0, 1, 8)), [bytes(8)]);
  }
});

Deno.test("lengthPrefixed() skips also the header that it would keep", () => {
  const codec = lengthPrefixed({
    bytes: 1,
    strip: 0,
    maxFrameBytes: 2,
    oversize: "skip",
  });
  const frames = pushed(codec.decoder(), bytes(3, 9, 9, 9, 1, 7));
  assertEquals(frames, [bytes(1, 7)]);
});

Deno.test("lengthPrefixed() skips 2^50 octets without keeping one", () => {
  const options = { bytes: 8, oversize: "skip" } as const;
  const decoder = lengthPrefixed(options).decoder();
  assertEquals(pushed(decoder, bytes(0, 4, 0, 0, 0, 0, 0, 0)), []);
  const piece = new Uint8Array(65_536);
  for (let i = 0; i < 1000; i++) assertEquals(pushed(decoder, piece), []);
  assertEquals(decoder.pending, 8 + 65_536_000);
});

Deno.test("lengthPrefixed() gives empty frames one by one", () => {
  const decoder = lengthPrefixed({ bytes: 1 }).decoder();
  decoder.push(new Uint8Array(65_536));
  assertEquals([decoder.next(), decoder.next()], [bytes(), bytes()]);
  assertEquals([decoder.finished, decoder.pending], [2, 0]);
  assertEquals(drained(decoder).length, 65_534);
});

Deno.test("Collector grows with what arrived, not with what is claimed", () => {
  const collector = new Collector();
  const input = new Input();
  const need = 8_388_608;
  for (let have = 1000; have < 200_000; have += 1000) {
    input.push(new Uint8Array(1000));
    assertEquals(collector.take(input, need), undefined);
    const { byteLength } = collector.octets.buffer;
    assert(byteLength <= 2 * have, `${byteLength} for ${have}`);
  }
});

Deno.test("Collector hands out exactly what it needed", () => {
  for (const size of [1, 7, 1000, 1024, 65_536]) {
    const input = new Input();
    const collector = new Collector();
    const whole = filled(100_000);
    let taken: Uint8Array | undefined;
    for (const piece of pieces(whole, size)) {
      assertEquals(taken, undefined);
      input.push(piece);
      taken = collector.take(input, whole.length);
    }
    assertEquals(taken, whole);
    assertEquals(taken!.buffer.byteLength, whole.length);
  }
});

Deno.test("delimited() takes a frame of maxFrameBytes, and none of one more", () => {
  for (const delimiter of ["\n", "\r\n", "<=>"]) {
    for (const max of [0, 1, 255, 256]) {
      const codec = delimited({ delimiter, maxFrameBytes: max });
      const line = ascii("x".repeat(max) + delimiter);
      for (const size of [1, 2, 1000]) {
        const decoder = codec.decoder();
        const frames = [...pieces(line, size)].flatMap((p) =>
          pushed(decoder, p)
        );
        assertEquals(frames.map((f) => f.length), [max]);
      }
      const long = ascii("x".repeat(max + delimiter.length));
      assertFails(codec.decoder(), long, "frame-too-large");
      const ended = ascii("x".repeat(max + 1) + delimiter);
      assertFails(codec.decoder(), ended, "frame-too-large");
    }
  }
});

Deno.test("delimited() keeps little of what it skips, and stays in step", () => {
  const options = { maxFrameBytes: 4, oversize: "skip" } as const;
  for (const delimiter of ["\n", "\r\n", "<=>"]) {
    const d = delimiter;
    const wire = ascii(
      `one${d}${"long".repeat(100)}${d}four${d}fiver${d}six${d}`,
    );
    for (const size of [1, 2, 3, 5, 64, 5000]) {
      const decoder = delimited({ ...options, delimiter }).decoder();
      const frames = [...pieces(wire, size)].flatMap((p) => pushed(decoder, p));
      assertEquals(frames, ["one", "four", "six"].map(ascii), `${size}`);
      assertEquals([decoder.finished, decoder.pending], [5, 0]);
    }
  }
});

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
