import { assertEquals, assertThrows } from "@std/assert";
import { delimited, type DelimitedOptions } from "../../tcp/delimited.ts";
import { UnexpectedEofError } from "../../tcp/unexpected_eof.ts";
import {
  ascii,
  bytes,
  drained,
  joined,
  pieces,
  pushed,
  shown,
} from "./_framing.ts";

/** The frames in a text that comes in pieces of this size, and then ends. */
function decode(text: string, options?: DelimitedOptions, size = 1000) {
  const decoder = delimited(options).decoder();
  const frames = [...pieces(ascii(text), size)]
    .flatMap((piece) => pushed(decoder, piece));
  decoder.end();
  return [...frames, ...drained(decoder)].map(shown);
}

function encode(text: string, options?: DelimitedOptions) {
  return shown(joined(delimited(options).encode(ascii(text))));
}

Deno.test("delimited() ends frames with LF", () => {
  assertEquals(encode("one"), "one\n");
  assertEquals(decode("one\n\ntwo\r\n"), ["one", "", "two\r"]);
});

Deno.test("delimited() finds a delimiter of any length across any pieces", () => {
  for (const delimiter of ["\n", "\r\n", "--", "aab", "\n.\r\n."]) {
    const d = delimiter;
    const frames = ["", "a", "\r", "aa", "\n", "ab-a", "x".repeat(50), "."];
    const text = frames.map((frame) => frame + d).join("");
    const expected = text.split(d).slice(0, -1);
    for (let size = 1; size <= text.length; size++) {
      assertEquals(decode(text, { delimiter }, size), expected, d);
    }
  }
});

Deno.test("delimited() takes octets as a delimiter, in a copy", () => {
  const delimiter = bytes(0, 255);
  const codec = delimited({ delimiter });
  delimiter.fill(7);
  const wire = joined(codec.encode(bytes(1, 0)));
  assertEquals(wire, bytes(1, 0, 0, 255));
  assertEquals(pushed(codec.decoder(), wire), [bytes(1, 0)]);
});

Deno.test("delimited() strips a CR before the delimiter if asked to", () => {
  const text = "one\r\ntwo\n\r\nfo\rur\r\r\n";
  for (let size = 1; size <= text.length; size++) {
    const frames = decode(text, { stripCr: true }, size);
    assertEquals(frames, ["one", "two", "", "fo\rur\r"]);
  }
});

Deno.test("delimited() refuses to write what it would read otherwise", () => {
  const refused: [string, DelimitedOptions][] = [
    ["one\ntwo", {}],
    ["\n", {}],
    ["one-", { delimiter: "--" }],
    ["aa", { delimiter: "aab", maxFrameBytes: 1 }],
    ["one\r", { stripCr: true }],
  ];
  for (const [text, options] of refused) {
    const wanted = options.maxFrameBytes ? RangeError : SyntaxError;
    assertThrows(() => encode(text, options), wanted, "Cannot write a frame");
  }
  assertEquals(encode("one\r"), "one\r\n");
  assertEquals(encode("one-", { delimiter: "-+" }), "one--+");
});

Deno.test("delimited() takes a last frame without a delimiter only if told to", () => {
  const options = { lastMayLack: true };
  for (const size of [1, 2, 100]) {
    assertEquals(decode("one\ntwo", options, size), ["one", "two"]);
    assertEquals(decode("one\n", options, size), ["one"]);
    assertEquals(decode("", options, size), []);
    const error = assertThrows(
      () => decode("one\ntwo", {}, size),
      UnexpectedEofError,
    );
    assertEquals([error.have, error.need], [3, 4]);
  }
});

Deno.test("delimited() limits, or skips, also a last frame without a delimiter", () => {
  const options = { lastMayLack: true, maxFrameBytes: 3, delimiter: "<=>" };
  assertEquals(decode("one<=>two", options, 2), ["one", "two"]);
  assertThrows(() => decode("one<=>four", options, 2), Error, "within 3");
  const skip = { ...options, oversize: "skip" } as const;
  assertEquals(decode("one<=>four", skip, 2), ["one"]);
  assertEquals(decode(`one<=>${"four".repeat(9)}`, skip, 2), ["one"]);
});

Deno.test("delimited() says how much of a skipped frame was there at the end", () => {
  const options = { maxFrameBytes: 3, oversize: "skip" } as const;
  const error = assertThrows(
    () => decode("x".repeat(5000), options, 10),
    UnexpectedEofError,
  );
  assertEquals([error.have, error.need], [5000, 5001]);
});

Deno.test("delimited() answers copies of the input", () => {
  const decoder = delimited().decoder();
  const input = ascii("one\ntw");
  const [frame] = pushed(decoder, input);
  input.fill(0);
  assertEquals(shown(frame), "one");
  assertEquals(pushed(decoder, ascii("o\n")).map(shown), ["two"]);
});

Deno.test("delimited() refuses an empty delimiter", () => {
  assertThrows(() => delimited({ delimiter: "" }), RangeError, "delimiter");
  assertThrows(() => delimited({ delimiter: bytes() }), RangeError);
  assertThrows(() => delimited({ maxFrameBytes: 1.5 }), RangeError);
});
