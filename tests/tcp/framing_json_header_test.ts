import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { concat } from "@std/bytes";
import { FrameError } from "../../tcp/frame_error.ts";
import { jsonHeader, type JsonHeaderOptions } from "../../tcp/json_header.ts";
import { ascii, bytes, filled, joined, shown } from "./_framing.ts";

/** A header as it travels. */
function wire(text: string): Uint8Array<ArrayBuffer> {
  const octets = ascii(text);
  const { length } = octets;
  return concat([bytes(0, 0, length >> 8, length & 255), octets]);
}

/** The header of a frame. */
function decode(text: string, options?: JsonHeaderOptions) {
  const decoder = jsonHeader(options).decoder();
  decoder.push(wire(text));
  return decoder.next()!.header;
}

function assertRefused(
  text: string,
  code = "bad-header",
  options?: JsonHeaderOptions,
): FrameError {
  const error = assertThrows(() => decode(text, options), FrameError);
  assertEquals(error.code, code, text);
  return error;
}

Deno.test("jsonHeader() puts the length of the body into the header", () => {
  const codec = jsonHeader();
  const encoded = joined(codec.encode({ header: { a: 1 }, body: ascii("hi") }));
  const text = '{"a":1,"bodyBytes":2}';
  assertEquals(encoded, concat([wire(text), ascii("hi")]));
  assertEquals({ ...decode(text) }, { a: 1, bodyBytes: 2 });
});

Deno.test("jsonHeader() writes the header of another frame as it should be", () => {
  const codec = jsonHeader();
  const header = decode('{"bodyBytes":9,"a":{"b":[null,"ä"]}}');
  const encoded = joined(codec.encode({ header, body: ascii("hi") }));
  assertEquals(
    shown(encoded.slice(4, -2)),
    '{"bodyBytes":2,"a":{"b":[null,"ä"]}}',
  );
  assertEquals(joined(codec.encode({})), wire('{"bodyBytes":0}'));
});

Deno.test("jsonHeader() takes another key, another width and another order", () => {
  const options = {
    lengthKey: "file_size",
    bytes: 2,
    endian: "little",
  } as const;
  const codec = jsonHeader(options);
  const encoded = joined(codec.encode({ body: ascii("hi") }));
  const text = '{"file_size":2}';
  assertEquals(encoded, concat([bytes(15, 0), ascii(text), ascii("hi")]));
  const decoder = codec.decoder();
  decoder.push(encoded);
  assertEquals({ ...decoder.next()!.header }, { file_size: 2 });
});

Deno.test("jsonHeader() sends one part if small, and two if large", () => {
  const parts = (length: number) =>
    (jsonHeader().encode({ body: filled(length) }) as Uint8Array[]).length;
  assertEquals([parts(0), parts(60_000), parts(65_536)], [1, 1, 2]);
});

Deno.test("jsonHeader() refuses what is no JSON object", () => {
  for (const text of ["", "{", "null", "1", '"a"', "[]", "{a:1}", "\uFEFF{}"]) {
    assertRefused(text);
  }
  const decoder = jsonHeader().decoder();
  decoder.push(bytes(0, 0, 0, 4, 123, 34, 255, 125)); // {"\xff}
  const error = assertThrows(() => decoder.next(), FrameError);
  assertInstanceOf(error.cause, TypeError);
  assert(assertThrows(() => decoder.next()) === error, "goes on");
});

Deno.test("jsonHeader() refuses a key __proto__ at any depth, however written", () => {
  const wrong = [
    '{"__proto__":1}',
    '{"__proto__":{"admin":true}}',
    '{"\\u005f_proto__":{"admin":true}}',
    '{"a":[{"b":{"__proto__":null}}]}',
    '{"a":[[[{"__proto__":[]}]]]}',
  ];
  for (const text of wrong) assertRefused(text);
  assertEquals({ ...decode('{"proto":"__proto__"}') }, { proto: "__proto__" });
});

Deno.test("jsonHeader() answers objects that inherit nothing", () => {
  const header = decode('{"constructor":1,"a":{"b":[{}]}}');
  assertEquals(header["constructor"] as unknown, 1);
  assertEquals(header.toString, undefined);
  const { a } = header as { a: { b: object[] } };
  assertEquals([a, a.b[0]!].map(Object.getPrototypeOf), [null, null]);
  assertEquals(a.b.length, 1);
});

Deno.test("jsonHeader() reads a header as deep as it can be", () => {
  const text = `{"a":${"[".repeat(32_000)}${"]".repeat(32_000)}}`;
  assert(Array.isArray(decode(text).a));
});

Deno.test("jsonHeader() refuses a length of the body that is none", () => {
  const lengths = [
    "-1",
    "1.5",
    '"5"',
    "true",
    "[]",
    "1e300",
    "9007199254740992",
  ];
  for (const length of lengths) assertRefused(`{"bodyBytes":${length}}`);
  assertEquals(decode('{"bodyBytes":null}').bodyBytes, null);
  assertEquals(decode('{"bodyBytes":9007199254740991}').bodyBytes, 2 ** 53 - 1);
});

Deno.test("jsonHeader() refuses a header that is too large before it comes", () => {
  const decoder = jsonHeader().decoder();
  decoder.push(bytes(0, 1, 0, 1));
  const error = assertThrows(() => decoder.next(), FrameError);
  assertEquals([error.code, decoder.pending], ["header-too-large", 0]);
  assertEquals(
    error.message,
    "Cannot read a header: 65537 octets exceed 65536",
  );
  assertEquals(decode("{}", { maxHeaderBytes: 2 }).a, undefined);
  assertRefused("{ }", "header-too-large", { maxHeaderBytes: 2 });
});

Deno.test("jsonHeader() refuses a body that is too large before it comes", () => {
  const options = { maxBodyBytes: 10 };
  assertEquals(decode('{"bodyBytes":10}', options).bodyBytes, 10);
  assertRefused('{"bodyBytes":11}', "frame-too-large", options);
});

Deno.test("jsonHeader() refuses to write what is too large", () => {
  const codec = jsonHeader({ maxHeaderBytes: 30, maxBodyBytes: 10 });
  assertEquals(joined(codec.encode({ body: filled(10) })).length, 4 + 16 + 10);
  assertThrows(() => codec.encode({ body: filled(11) }), RangeError, "a body");
  const header = { name: "a".repeat(20) };
  assertThrows(() => codec.encode({ header }), RangeError, "a header");
  const narrow = jsonHeader({ bytes: 1 });
  const long = { name: "a".repeat(300) };
  assertThrows(
    () => narrow.encode({ header: long }),
    RangeError,
    "exceeds 255",
  );
});

Deno.test("jsonHeader() cancels a stream that is too long, whoever iterates", async () => {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(filled(3)),
    cancel: () => void (cancelled = true),
  });
  const encoded = jsonHeader().encode({ header: { bodyBytes: 5 }, body });
  const all = async () => {
    for await (const part of encoded) assert(part.length > 0);
  };
  await assertRejects(all, FrameError, "has more than 5 octets");
  assertEquals(cancelled, true);
});

Deno.test("jsonHeader() refuses to write a stream of unknown length", () => {
  const codec = jsonHeader();
  for (const bodyBytes of [undefined, -1, 1.5, "5"]) {
    const body = new Blob(["hello"]).stream();
    const header = { bodyBytes };
    assertThrows(() => codec.encode({ header, body }), TypeError, "bodyBytes");
  }
});
