import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  decodePacket,
  encodeAck,
  encodeData,
  encodeError,
  encodeOack,
  encodeRequest,
  OPCODE,
  parseDecimal,
  type RequestPacket,
} from "../../tftp/packet.ts";

/** One octet per character, so that frames can be read as text. */
function octets(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function decodeRequest(text: string): RequestPacket {
  const packet = decodePacket(octets(text));
  if (packet.type === "rrq" || packet.type === "wrq") return packet;
  throw new TypeError(`Cannot use a packet of type ${packet.type} as request`);
}

/** The options of a packet, as pairs of lower-case name and value. */
function values(packet: RequestPacket): [string, string][] {
  return [...packet.options].map(([key, { value }]) => [key, value]);
}

function assertMalformed(bytes: Uint8Array, state: string): void {
  assertThrows(
    () => decodePacket(bytes),
    SyntaxError,
    `Cannot decode a TFTP packet: ${state}`,
  );
}

/** Mulberry32: numbers from 0 up to, but not including, the limit. */
function random(seed: number): (limit: number) => number {
  return (limit) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

function newSeed(): number {
  const seed = Deno.env.get("LOCKSTEP_SEED");
  return seed ? Number(seed) : crypto.getRandomValues(new Uint32Array(1))[0]!;
}

/** Runs a randomized test; a failure names the seed that repeats it. */
function withSeed(test: (next: (limit: number) => number) => void): void {
  const seed = newSeed();
  try {
    test(random(seed));
  } catch (cause) {
    throw new Error(`Cannot pass: LOCKSTEP_SEED=${seed} repeats it`, { cause });
  }
}

Deno.test("OPCODE numbers the packets as in RFC 1350 and 2347", () => {
  assertEquals(OPCODE, { RRQ: 1, WRQ: 2, DATA: 3, ACK: 4, ERROR: 5, OACK: 6 });
});

Deno.test("decodePacket() reads a plain read request", () => {
  assertEquals(decodeRequest("\0\x01boot.img\0octet\0"), {
    type: "rrq",
    name: octets("boot.img"),
    mode: "octet",
    options: new Map(),
  });
});

Deno.test("decodePacket() reads a write request with options", () => {
  assertEquals(
    decodeRequest("\0\x02f\0netascii\0tsize\x0099\0blksize\x001428\0"),
    {
      type: "wrq",
      name: octets("f"),
      mode: "netascii",
      options: new Map([
        ["tsize", { name: "tsize", value: "99" }],
        ["blksize", { name: "blksize", value: "1428" }],
      ]),
    },
  );
});

Deno.test("decodePacket() lowers the mode and leaves it unchecked", () => {
  assertEquals(decodeRequest("\0\x01f\0OcTeT\0").mode, "octet");
  assertEquals(decodeRequest("\0\x01f\0Mail\0").mode, "mail");
});

Deno.test("decodePacket() finds options in any case and keeps the spelling", () => {
  const { options } = decodeRequest("\0\x01f\0octet\0BlkSize\x008\0");
  assertEquals(options.get("blksize"), { name: "BlkSize", value: "8" });
});

Deno.test("decodePacket() takes the last of an option given twice", () => {
  const request = decodeRequest("\0\x01f\0octet\0tsize\x001\0TSIZE\x002\0");
  assertEquals(request.options.size, 1);
  assertEquals(request.options.get("tsize"), { name: "TSIZE", value: "2" });
});

Deno.test("decodePacket() treats names of Object.prototype as plain options", () => {
  const request = decodeRequest(
    "\0\x01f\0octet\0__proto__\x001\0constructor\x002\0mode\x003\0",
  );
  assertEquals(values(request), [
    ["__proto__", "1"],
    ["constructor", "2"],
    ["mode", "3"],
  ]);
  assertEquals(request.mode, "octet");
  assertStrictEquals(request.options.get("tostring"), undefined);
});

Deno.test("decodePacket() keeps an empty option value", () => {
  const request = decodeRequest("\0\x01f\0octet\0multicast\0\0tsize\x000\0");
  assertEquals(values(request), [["multicast", ""], ["tsize", "0"]]);
});

Deno.test("decodePacket() reads octets above 127 in options as Latin-1", () => {
  const request = decodeRequest("\0\x01f\0octet\0\x80\0\xff\0");
  assertEquals(values(request), [["\x80", "\xff"]]);
});

Deno.test("decodePacket() copies the name out of the datagram", () => {
  const bytes = octets("\0\x01abc\0octet\0");
  const packet = decodePacket(bytes);
  bytes.fill(0);
  assertEquals((packet as RequestPacket).name, octets("abc"));
});

Deno.test("decodePacket() copies the name out of a Buffer", async () => {
  const { Buffer } = await import("node:buffer");
  const bytes = Buffer.from("\0\x01abc\0octet\0", "latin1");
  const packet = decodePacket(bytes);
  bytes.fill(0);
  assertEquals((packet as RequestPacket).name, octets("abc"));
});

Deno.test("decodePacket() refuses a request without any NUL", () => {
  assertMalformed(octets("\0\x01"), "no NUL ends the file name");
  assertMalformed(octets("\0\x01f"), "no NUL ends the file name");
  assertMalformed(octets("\0\x02boot.img"), "no NUL ends the file name");
});

Deno.test("decodePacket() refuses a request with an empty name", () => {
  assertMalformed(octets("\0\x01\0octet\0"), "the file name is empty");
  assertMalformed(octets("\0\x01\0"), "the file name is empty");
});

Deno.test("decodePacket() refuses a request without a mode", () => {
  assertMalformed(octets("\0\x01f\0"), "no NUL ends the mode");
  assertMalformed(octets("\0\x01f\0octet"), "no NUL ends the mode");
  assertMalformed(octets("\0\x01f\0\0"), "the mode is missing");
});

Deno.test("decodePacket() refuses an option without a value", () => {
  const request = "\0\x01f\0octet\0blksize\0";
  assertMalformed(octets(request), "an option has no value");
  assertMalformed(octets(request + "512"), "an option has no value");
});

Deno.test("decodePacket() ignores an unterminated tail", () => {
  const request = decodeRequest("\0\x01f\0octet\0tsize\x000\0garbage");
  assertEquals(values(request), [["tsize", "0"]]);
});

Deno.test("decodePacket() ends the options at an empty name", () => {
  const request = decodeRequest("\0\x01f\0octet\0tsize\x000\0\0blksize\x008\0");
  assertEquals(values(request), [["tsize", "0"]]);
});

Deno.test("decodePacket() ignores zero padding of any length", () => {
  const request = "\0\x01f\0octet\0tsize\x000\0";
  for (const length of [21, 512, 513, 516, 1024, 65507]) {
    assertEquals(
      values(decodeRequest(request.padEnd(length, "\0"))),
      [["tsize", "0"]],
    );
  }
});

Deno.test("decodePacket() accepts a request of 511 and 512 octets", () => {
  for (const length of [511, 512]) {
    const name = "n".repeat(length - 9);
    assertEquals(
      decodeRequest(`\0\x01${name}\0octet\0`).name.length,
      length - 9,
    );
  }
});

Deno.test("decodePacket() refuses a request of more than 512 octets", () => {
  const name = "n".repeat(513 - 9);
  assertMalformed(octets(`\0\x01${name}\0octet\0`), "no NUL ends the mode");
  assertMalformed(
    octets(`\0\x01n${name}\0octet\0`),
    "the request exceeds 512 octets",
  );
  const padded = "\0\x01f\0octet\0".padEnd(512, "\0");
  assertMalformed(octets(padded + "x"), "the request exceeds 512 octets");
});

Deno.test("decodePacket() refuses a value that ends after 512 octets", () => {
  const request = "\0\x01f\0octet\0tsize\0".padEnd(512, "1");
  assertMalformed(octets(request + "\0"), "an option has no value");
});

Deno.test("decodePacket() reads a request full of options", () => {
  let request = "\0\x01f\0octet\0";
  for (let i = 100; request.length <= 512 - 6; i++) request += `${i}\x009\0`;
  assertEquals(decodeRequest(request).options.size, 83);
});

Deno.test("decodePacket() reads DATA of any length", () => {
  for (const length of [0, 1, 511, 512, 513, 65464, 65503]) {
    const bytes = new Uint8Array(4 + length).fill(7);
    bytes.set([0, 3, 0xff, 0xfe]);
    const data = new Uint8Array(length).fill(7);
    assertEquals(decodePacket(bytes), { type: "data", block: 65534, data });
  }
});

Deno.test("decodePacket() returns DATA as a view", () => {
  const buffer = new Uint8Array([9, 9, 0, 3, 0, 1, 5, 6]);
  const packet = decodePacket(buffer.subarray(2));
  assertEquals(packet.type, "data");
  if (packet.type !== "data") return;
  assertStrictEquals(packet.data.buffer, buffer.buffer);
  assertEquals(packet.data.byteOffset, 6);
});

Deno.test("decodePacket() reads every boundary of a block number", () => {
  for (const block of [0, 1, 255, 256, 32767, 32768, 65534, 65535]) {
    const bytes = new Uint8Array([0, 4, block >> 8, block]);
    assertEquals(decodePacket(bytes), { type: "ack", block });
  }
});

Deno.test("decodePacket() ignores what follows an ACK", () => {
  assertEquals(decodePacket(octets("\0\x04\x01\x02tail")), {
    type: "ack",
    block: 258,
  });
});

Deno.test("decodePacket() reads an error", () => {
  assertEquals(decodePacket(octets("\0\x05\0\x01File not found\0")), {
    type: "error",
    code: 1,
    message: octets("File not found"),
  });
});

Deno.test("decodePacket() reads an error without its NUL", () => {
  assertEquals(decodePacket(octets("\0\x05\0\x08bad")), {
    type: "error",
    code: 8,
    message: octets("bad"),
  });
});

Deno.test("decodePacket() reads an error without a message", () => {
  const error = { type: "error", code: 0, message: new Uint8Array() } as const;
  assertEquals(decodePacket(octets("\0\x05\0\0")), error);
  assertEquals(decodePacket(octets("\0\x05\0\0\0")), error);
});

Deno.test("decodePacket() ends the message of an error at its NUL", () => {
  const packet = decodePacket(octets("\0\x05\0\x02no\0secret"));
  assertEquals(packet.type === "error" && packet.message, octets("no"));
});

Deno.test("decodePacket() reads an error with an unknown code", () => {
  const packet = decodePacket(octets("\0\x05\xff\xff\0"));
  assertEquals(packet.type === "error" && packet.code, 65535);
});

Deno.test("decodePacket() reads an error as long as a datagram", () => {
  const packet = decodePacket(octets("\0\x05\0\x01".padEnd(65507, "x")));
  assertEquals(packet.type === "error" && packet.message.length, 65503);
});

Deno.test("decodePacket() reads an OACK", () => {
  assertEquals(decodePacket(octets("\0\x06blksize\x008\0WindowSize\x004\0")), {
    type: "oack",
    options: new Map([
      ["blksize", { name: "blksize", value: "8" }],
      ["windowsize", { name: "WindowSize", value: "4" }],
    ]),
  });
});

Deno.test("decodePacket() reads an OACK without options", () => {
  const oack = { type: "oack", options: new Map() } as const;
  assertEquals(decodePacket(octets("\0\x06")), oack);
  assertEquals(decodePacket(octets("\0\x06\0\0")), oack);
});

Deno.test("decodePacket() refuses an OACK that ends in an option name", () => {
  assertMalformed(octets("\0\x06blksize\0"), "an option has no value");
  assertMalformed(octets("\0\x06blksize\x00512"), "an option has no value");
});

Deno.test("decodePacket() refuses a datagram without an opcode", () => {
  assertMalformed(new Uint8Array(), "it is too short for an opcode");
  assertMalformed(new Uint8Array([0]), "it is too short for an opcode");
});

Deno.test("decodePacket() refuses DATA, ACK and ERROR below four octets", () => {
  for (const tail of [[], [0]]) {
    assertMalformed(
      new Uint8Array([0, 3, ...tail]),
      "DATA has no block number",
    );
    assertMalformed(new Uint8Array([0, 4, ...tail]), "ACK has no block number");
    assertMalformed(new Uint8Array([0, 5, ...tail]), "ERROR has no code");
  }
});

Deno.test("decodePacket() refuses every other opcode", () => {
  for (let opcode = 0; opcode <= 0xffff; opcode++) {
    if (opcode >= 1 && opcode <= 6) continue;
    const bytes = new Uint8Array([opcode >> 8, opcode, 0, 0]);
    assertMalformed(bytes, `opcode ${opcode} is unknown`);
  }
});

Deno.test("decodePacket() survives random datagrams", () => {
  withSeed((next) => {
    for (let i = 0; i < 20_000; i++) {
      const bytes = Uint8Array.from({ length: next(40) }, () => next(256));
      if (bytes.length > 1 && next(8) > 0) bytes.set([0, next(8)]);
      // Many NULs, so that the fields of requests get their turn.
      for (let n = next(8); n > 0; n--) bytes[2 + next(38)] = 0;
      decodeOrRefuse(bytes);
    }
  });
});

Deno.test("decodePacket() survives truncated and mutated packets", () => {
  const name = octets("pxelinux.cfg/default");
  const mode = "octet";
  const options: [string, string][] = [["blksize", "1428"], ["tsize", "0"]];
  const packets = [
    encodeRequest({ type: "rrq", name, mode, options }),
    encodeRequest({ type: "wrq", name, mode }),
    encodeData(1, octets("some data")),
    encodeAck(1),
    encodeError(1, octets("File not found")),
    encodeOack(options),
  ];
  withSeed((next) => {
    for (const packet of packets) {
      for (let length = 0; length < packet.length; length++) {
        decodeOrRefuse(packet.subarray(0, length));
      }
      for (let i = 0; i < 3_000; i++) {
        const bytes = packet.slice();
        for (let n = next(4); n >= 0; n--) {
          bytes[next(bytes.length)] = next(2) * next(256);
        }
        decodeOrRefuse(bytes);
      }
    }
  });
});

function decodeOrRefuse(bytes: Uint8Array): void {
  try {
    decodePacket(bytes);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
}

Deno.test("encodeRequest() writes a read request", () => {
  const name = octets("boot.img");
  assertEquals(
    encodeRequest({ type: "rrq", name, mode: "octet" }),
    octets("\0\x01boot.img\0octet\0"),
  );
});

Deno.test("encodeRequest() writes a write request with options in order", () => {
  const name = octets("f");
  const options = new Map([["tsize", "99"], ["blksize", "8"]]);
  assertEquals(
    encodeRequest({ type: "wrq", name, mode: "NetASCII", options }),
    octets("\0\x02f\0NetASCII\0tsize\x0099\0blksize\x008\0"),
  );
});

Deno.test("encodeRequest() sends a name as it is", () => {
  const name = new Uint8Array([0xd6, 0xd0, 0xff, 0x01]);
  const bytes = encodeRequest({ type: "rrq", name, mode: "octet" });
  assertEquals(bytes.subarray(2, 6), name);
});

Deno.test("encodeRequest() writes 511 and 512 octets, not 513", () => {
  const encode = (length: number) =>
    encodeRequest({
      type: "rrq",
      name: new Uint8Array(length - 21).fill(120),
      mode: "octet",
      options: [["blksize", "512"]],
    });
  assertEquals(encode(511).length, 511);
  assertEquals(encode(512).length, 512);
  assertThrows(
    () => encode(513),
    RangeError,
    "Cannot encode a TFTP packet: a request of 513 octets exceeds 512",
  );
});

Deno.test("encodeRequest() refuses an empty name and an empty mode", () => {
  const name = octets("f");
  assertThrows(
    () => encodeRequest({ type: "rrq", name: new Uint8Array(), mode: "octet" }),
    SyntaxError,
    "the file name is empty",
  );
  assertThrows(
    () => encodeRequest({ type: "rrq", name, mode: "" }),
    SyntaxError,
    "the mode is empty",
  );
});

Deno.test("encodeRequest() refuses a NUL in the name, the mode or an option", () => {
  const name = octets("f");
  assertThrows(
    () => encodeRequest({ type: "rrq", name: octets("a\0b"), mode: "octet" }),
    SyntaxError,
    "the file name holds a NUL",
  );
  assertThrows(
    () => encodeRequest({ type: "rrq", name, mode: "oc\0tet" }),
    SyntaxError,
    'mode "oc\\u0000tet" is not NUL-free ASCII',
  );
  assertThrows(
    () =>
      encodeRequest({
        type: "rrq",
        name,
        mode: "octet",
        options: [["tsize", "0\0"]],
      }),
    SyntaxError,
    'option value "0\\u0000" is not NUL-free ASCII',
  );
});

Deno.test("encodeRequest() refuses a mode that is not ASCII", () => {
  assertThrows(
    () => encodeRequest({ type: "rrq", name: octets("f"), mode: "oktät" }),
    SyntaxError,
    'mode "oktät" is not NUL-free ASCII',
  );
});

Deno.test("encodeRequest() makes requests that decodePacket() reads back", () => {
  withSeed((next) => {
    const text = (max: number) =>
      String.fromCharCode(
        ...Array.from({ length: 1 + next(max) }, () => 1 + next(127)),
      );
    for (let i = 0; i < 2_000; i++) {
      const type = next(2) === 0 ? "rrq" : "wrq";
      const name = Uint8Array.from(
        { length: 1 + next(99) },
        () => 1 + next(255),
      );
      const mode = text(9);
      const pairs = Array.from(
        { length: next(5) },
        (_, n): [string, string] => [`${n}${text(20)}`, text(20)],
      );
      const bytes = encodeRequest({ type, name, mode, options: pairs });
      const options = new Map(
        pairs.map(([name, value]) => [name.toLowerCase(), { name, value }]),
      );
      assertEquals(decodePacket(bytes), {
        type,
        name,
        mode: mode.toLowerCase(),
        options,
      });
    }
  });
});

Deno.test("encodeData() writes a block of 0, 1, 511, 512, 513 and 65464 octets", () => {
  for (const length of [0, 1, 511, 512, 513, 65464]) {
    const data = new Uint8Array(length).fill(0xaa);
    const expected = new Uint8Array(4 + length).fill(0xaa);
    expected.set([0, 3, 1, 2]);
    assertEquals(encodeData(258, data), expected);
  }
});

Deno.test("encodeData() copies", () => {
  const data = new Uint8Array([1]);
  const bytes = encodeData(1, data);
  data[0] = 2;
  assertEquals(bytes, new Uint8Array([0, 3, 0, 1, 1]));
});

Deno.test("encodeData() refuses more than 65464 octets", () => {
  assertThrows(
    () => encodeData(1, new Uint8Array(65465)),
    RangeError,
    "a block of 65465 octets exceeds 65464",
  );
});

Deno.test("encodeData() and encodeAck() refuse a block that is no 16-bit number", () => {
  for (const block of [-1, 0.5, 65536, 2 ** 32, NaN, Infinity]) {
    const message = `${block} is not an integer from 0 to 65535`;
    assertThrows(() => encodeAck(block), RangeError, message);
    const encode = () => encodeData(block, new Uint8Array());
    assertThrows(encode, RangeError, message);
  }
});

Deno.test("encodeAck() writes every block number that decodePacket() reads", () => {
  for (let block = 0; block <= 65535; block++) {
    const bytes = encodeAck(block);
    const packet = decodePacket(bytes);
    // Not assertEquals(): it would take seconds here.
    if (packet.type !== "ack" || packet.block !== block || bytes.length !== 4) {
      assertEquals(packet, { type: "ack", block });
    }
  }
  assertEquals(encodeAck(65535), new Uint8Array([0, 4, 255, 255]));
});

Deno.test("encodeError() writes the code, the message and a NUL", () => {
  assertEquals(encodeError(258, octets("no")), octets("\0\x05\x01\x02no\0"));
  assertEquals(encodeError(0, new Uint8Array()), octets("\0\x05\0\0\0"));
});

Deno.test("encodeError() refuses a NUL in the message", () => {
  assertThrows(
    () => encodeError(0, octets("a\0b")),
    SyntaxError,
    "the error message holds a NUL",
  );
});

Deno.test("encodeError() refuses a code above 65535", () => {
  assertThrows(
    () => encodeError(65536, new Uint8Array()),
    RangeError,
    "65536 is not an integer from 0 to 65535",
  );
});

Deno.test("encodeOack() writes the options without padding", () => {
  assertEquals(
    encodeOack([["BlkSize", "1428"], ["tsize", "0"]]),
    octets("\0\x06BlkSize\x001428\0tsize\x000\0"),
  );
});

Deno.test("encodeOack() refuses an empty name and text that is not ASCII", () => {
  assertThrows(
    () => encodeOack([["", "1"]]),
    SyntaxError,
    "an option name is empty",
  );
  assertThrows(
    () => encodeOack([["größe", "1"]]),
    SyntaxError,
    'option name "größe" is not NUL-free ASCII',
  );
});

Deno.test("parseDecimal() reads digits", () => {
  assertEquals(parseDecimal("0"), 0);
  assertEquals(parseDecimal("65464"), 65464);
  assertEquals(parseDecimal("000512"), 512);
  assertEquals(parseDecimal("5000000000"), 5_000_000_000);
  assertEquals(parseDecimal("9007199254740991"), Number.MAX_SAFE_INTEGER);
});

Deno.test("parseDecimal() refuses everything else", () => {
  const texts = ["", " ", "-5", "+5", " 5", "5 ", "5\n", "1.0", "1e3", "0x10"];
  texts.push("abc", "12a", "٣", "1_000", "Infinity", "NaN");
  texts.push("9007199254740992", "99999999999999999999", "9".repeat(500));
  for (const text of texts) assertStrictEquals(parseDecimal(text), undefined);
});
