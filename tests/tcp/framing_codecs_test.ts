import { assertEquals, assertThrows } from "@std/assert";
import { delimited, type DelimitedOptions } from "../../tcp/delimited.ts";
import {
  lengthPrefixed,
  type LengthPrefixedOptions,
} from "../../tcp/length_prefixed.ts";
import { UnexpectedEofError } from "../../tcp/unexpected_eof.ts";
import {
  ascii,
  bytes,
  drained,
  filled,
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

/** What a frame looks like on the wire. */
function encodePrefixed(frame: Uint8Array, options?: LengthPrefixedOptions) {
  return joined(lengthPrefixed(options).encode(frame));
}

/** The frames in octets that come at once. */
function decodePrefixed(octets: Uint8Array, options?: LengthPrefixedOptions) {
  return pushed(lengthPrefixed(options).decoder(), octets);
}

Deno.test("lengthPrefixed() has a length of 4 octets, big-endian", () => {
  assertEquals(encodePrefixed(ascii("hey")), bytes(0, 0, 0, 3, 104, 101, 121));
  assertEquals(decodePrefixed(bytes(0, 0, 0, 2, 7, 8, 0, 0)), [bytes(7, 8)]);
});

Deno.test("lengthPrefixed() writes lengths of all widths, in both orders", () => {
  const frame = bytes(9, 8, 7);
  const heads = {
    big: { 1: [3], 2: [0, 3], 4: [0, 0, 0, 3], 8: [0, 0, 0, 0, 0, 0, 0, 3] },
    little: { 1: [3], 2: [3, 0], 4: [3, 0, 0, 0], 8: [3, 0, 0, 0, 0, 0, 0, 0] },
  };
  for (const endian of ["big", "little"] as const) {
    for (const width of [1, 2, 4, 8] as const) {
      const options = { bytes: width, endian };
      const wire = bytes(...heads[endian][width], ...frame);
      assertEquals(encodePrefixed(frame, options), wire);
      assertEquals(decodePrefixed(wire, options), [frame]);
    }
  }
});

Deno.test("lengthPrefixed() keeps frames of all boundary lengths", () => {
  const lengths = [0, 1, 255, 256, 65_531, 65_532, 65_535, 65_536, 70_000];
  for (const width of [1, 2, 4, 8] as const) {
    for (const length of lengths.filter((n) => n < 2 ** (8 * width))) {
      for (const endian of ["big", "little"] as const) {
        const frame = filled(length);
        const options = { bytes: width, endian };
        assertEquals(decodePrefixed(encodePrefixed(frame, options), options), [
          frame,
        ]);
      }
    }
  }
});

Deno.test("lengthPrefixed() refuses to write a length that its field cannot hold", () => {
  for (const [width, most] of [[1, 255], [2, 65_535]] as const) {
    const options = { bytes: width };
    assertEquals(encodePrefixed(filled(most), options).length, width + most);
    assertThrows(
      () => encodePrefixed(filled(most + 1), options),
      RangeError,
      `Cannot write a frame: ${most + 1} does not fit into ${width} octets`,
    );
  }
});

Deno.test("lengthPrefixed() refuses to write more than maxFrameBytes", () => {
  const options = { maxFrameBytes: 10 };
  assertEquals(encodePrefixed(filled(10), options).length, 14);
  assertThrows(
    () => encodePrefixed(filled(11), options),
    RangeError,
    "exceed 10",
  );
});

Deno.test("lengthPrefixed() counts the length itself if adjust says so", () => {
  const options = { bytes: 2, adjust: -2 } as const;
  assertEquals(encodePrefixed(bytes(7), options), bytes(0, 3, 7));
  assertEquals(decodePrefixed(bytes(0, 3, 7, 0, 2), options), [
    bytes(7),
    bytes(),
  ]);
});

Deno.test("lengthPrefixed() adds what the length does not count", () => {
  const options = { bytes: 1, adjust: 2 } as const; // 2 octets of a checksum
  assertEquals(encodePrefixed(bytes(7, 8, 9), options), bytes(1, 7, 8, 9));
  assertEquals(decodePrefixed(bytes(1, 7, 8, 9), options), [bytes(7, 8, 9)]);
  assertThrows(
    () => encodePrefixed(bytes(7), options),
    RangeError,
    "-1 does not fit",
  );
});

Deno.test("lengthPrefixed() skips what is before the length", () => {
  const options = { bytes: 1, offset: 2 } as const;
  assertEquals(encodePrefixed(bytes(7), options), bytes(0, 0, 1, 7));
  assertEquals(decodePrefixed(bytes(5, 6, 1, 7), options), [bytes(7)]);
});

Deno.test("lengthPrefixed() keeps the header if nothing is stripped", () => {
  const options = { bytes: 2, offset: 1, strip: 0 } as const;
  const frame = bytes(5, 0, 3, 7, 8, 9);
  assertEquals(decodePrefixed(frame, options), [frame]);
  assertEquals(encodePrefixed(frame, options), frame);
  frame[2] = 99; // the length is corrected
  assertEquals(encodePrefixed(frame, options), bytes(5, 0, 3, 7, 8, 9));
  assertEquals(frame[2], 99, "the frame is changed");
});

Deno.test("lengthPrefixed() reads again what it writes, whatever is stripped", () => {
  const wire = bytes(0, 0, 4, 0, 0, 9, 9); // 2 octets, length, 4 octets
  for (let strip = 0; strip <= 5; strip++) {
    const options = { bytes: 1, offset: 2, strip } as const;
    for (const size of [1, 2, 3, 7]) {
      const decoder = lengthPrefixed(options).decoder();
      const frames: Uint8Array[] = [];
      for (let at = 0; at < wire.length; at += size) {
        frames.push(...pushed(decoder, wire.subarray(at, at + size)));
      }
      assertEquals(frames, [wire.subarray(strip)], `${strip}, ${size}`);
      assertEquals(encodePrefixed(frames[0]!, options), wire);
    }
  }
});

Deno.test("lengthPrefixed() refuses to write a frame that lacks its header", () => {
  const options = { strip: 0 };
  assertEquals(encodePrefixed(filled(4), options), bytes(0, 0, 0, 0));
  assertThrows(
    () => encodePrefixed(filled(3), options),
    RangeError,
    "lack the header",
  );
});

Deno.test("lengthPrefixed() sends one part if small, and two if large", () => {
  const parts = (length: number) =>
    (lengthPrefixed().encode(filled(length)) as Uint8Array[])
      .map((part) => part.length);
  assertEquals(parts(0), [4]);
  assertEquals(parts(65_532), [65_536]);
  assertEquals(parts(65_533), [4, 65_533]);
});

Deno.test("lengthPrefixed() answers copies of the input", () => {
  const decoder = lengthPrefixed({ bytes: 1 }).decoder();
  const input = bytes(1, 7, 2, 8);
  const [frame] = pushed(decoder, input);
  input.fill(0);
  assertEquals(frame, bytes(7));
  assertEquals(pushed(decoder, bytes(9)), [bytes(8, 9)]);
});

Deno.test("lengthPrefixed() answers copies also of a Buffer", async () => {
  const { Buffer } = await import("node:buffer");
  const input = Buffer.from([1, 7]);
  const [frame] = decodePrefixed(input, { bytes: 1 });
  input.fill(0);
  assertEquals(frame, bytes(7));
});

Deno.test("lengthPrefixed() takes several pieces before it is asked", () => {
  const decoder = lengthPrefixed({ bytes: 1 }).decoder();
  for (const octet of [1, 7, 2, 8, 9, 0]) decoder.push(bytes(octet));
  assertEquals(drained(decoder), [bytes(7), bytes(8, 9), bytes()]);
});

Deno.test("lengthPrefixed() refuses options that make no sense", () => {
  const wrong: [LengthPrefixedOptions, string][] = [
    [{ bytes: 3 as 4 }, "bytes must be 1, 2, 4 or 8, got 3"],
    [{ maxFrameBytes: -1 }, "maxFrameBytes must be a whole number"],
    [{ maxFrameBytes: 2 ** 53 }, "maxFrameBytes must be a whole number"],
    [{ offset: 0.5 }, "offset must be a whole number of at least 0, got 0.5"],
    [{ strip: NaN }, "strip must be a whole number of at least 0, got NaN"],
    [{ adjust: -(2 ** 53) }, "adjust must be a whole number"],
  ];
  for (const [options, message] of wrong) {
    assertThrows(() => lengthPrefixed(options), RangeError, message);
  }
  const endian = "middle" as "big";
  assertThrows(() => lengthPrefixed({ endian }), TypeError, "endian");
});
