import { assert, assertEquals } from "@std/assert";
import { iterUnpack, pack, Struct, unpack } from "../../tcp/struct.ts";
import { FIXTURES, octets } from "./_struct_fixtures.ts";

Deno.test("pack() makes the octets that CPython makes", () => {
  for (const [format, packed, hex] of FIXTURES) {
    assertEquals(pack(format, ...packed).toHex(), hex, format);
  }
});

Deno.test("unpack() gives the values that CPython gives", () => {
  for (const [format, packed, hex, unpacked] of FIXTURES) {
    const values = unpack(format, octets(hex));
    assertEquals(values, [...unpacked ?? packed], format);
  }
});

Deno.test("pack() makes the same octets of what unpack() gives", () => {
  for (const [format, , hex] of FIXTURES) {
    const values = unpack(format, octets(hex));
    assertEquals(pack(format, ...values).toHex(), hex, format);
  }
});

Deno.test("fixtures have all letters and all orders", () => {
  const formats = FIXTURES.map(([format]) => format);
  for (const order of "@=<>!") {
    const letters = order === "@"
      ? "bBhHiIlLqQnNPefd?csp"
      : "bBhHiIlLqQefd?csp";
    const all = formats.filter((format) => format.startsWith(order)).join("");
    for (const letter of letters) {
      assert(all.includes(letter), `${order} with ${letter}`);
    }
  }
});

Deno.test("unpack() gives a bigint for eight octets, whatever their value", () => {
  assertEquals(unpack("@lLqQnNP", new Uint8Array(56)), Array(7).fill(0n));
  assertEquals(unpack("<qQ", new Uint8Array(16)), [0n, 0n]);
  assertEquals(unpack("<lL", new Uint8Array(8)), [0, 0]);
});

Deno.test("pack() takes numbers and bigints for all integers", () => {
  for (const letter of "bBhHiIlLqQnNP") {
    for (const value of [0, 1, 127]) {
      assertEquals(pack(letter, value), pack(letter, BigInt(value)), letter);
    }
  }
  for (const letter of "bhilqn") {
    assertEquals(pack(letter, -5), pack(letter, -5n), letter);
  }
  const { MAX_SAFE_INTEGER: max, MIN_SAFE_INTEGER: min } = Number;
  assertEquals(unpack("<qqQ", pack("<qqQ", max, min, max)), [
    BigInt(max),
    BigInt(min),
    BigInt(max),
  ]);
});

Deno.test("pack() takes text of ASCII as its octets", () => {
  const text = new TextEncoder();
  for (
    const format of ["!5s", "!3s", "!8s", "!5p", "!3p", "!9p", "!0s", "!0p"]
  ) {
    assertEquals(
      pack(format, "hello"),
      pack(format, text.encode("hello")),
      format,
    );
  }
  assertEquals(pack("2cs", "a", "\0", "\x7f"), octets("61007f"));
});

Deno.test("pack() counts up to 255 octets of p, and writes those after them", () => {
  for (const length of [254, 255, 256, 298, 299, 300]) {
    const value = Uint8Array.from({ length }, (_, i) => i);
    const packed = pack("300p", value);
    const counted = Math.min(length, 255);
    assertEquals(packed[0], counted);
    const room = new Uint8Array(299); // as CPython does
    room.set(value.subarray(0, 299));
    assertEquals(packed.subarray(1), room);
    assertEquals(unpack("300p", packed), [value.slice(0, counted)]);
  }
});

Deno.test("unpack() of p gives no more than there is", () => {
  assertEquals(unpack("3p", octets("ff6162")), [octets("6162")]);
  assertEquals(unpack("1p", octets("ff")), [octets("")]);
  assertEquals(unpack("0p", octets("")), [octets("")]);
});

Deno.test("unpack() takes every octet but 0 for true", () => {
  assertEquals(unpack("4?", octets("000180ff")), [false, true, true, true]);
});

Deno.test("unpack() reads all halves, and pack() writes them back", () => {
  for (let bits = 0; bits < 0x1_0000; bits++) {
    const half = pack(">H", bits);
    const [value] = unpack(">e", half);
    const isNumber = (bits & 0x7fff) <= 0x7c00;
    assertEquals(!Number.isNaN(value), isNumber, half.toHex());
    if (isNumber) assertEquals(pack(">e", value!).toHex(), half.toHex());
  }
});

Deno.test("pack() writes every NaN alike", () => {
  const doubles = new Float64Array(octets("000000000000f8ff").buffer);
  for (const value of [NaN, doubles[0]!, -NaN]) {
    assertEquals(pack(">e", value), octets("7e00"));
    assertEquals(pack(">f", value), octets("7fc00000"));
    assertEquals(pack(">d", value), octets("7ff8000000000000"));
  }
});

Deno.test("unpack() gives views of the octets", () => {
  const packed = pack("2s3pc", "ab", "cd", "e");
  const values = unpack("2s3pc", packed);
  assertEquals(values, [octets("6162"), octets("6364"), octets("65")]);
  packed.fill(0);
  assertEquals(values, [octets("0000"), octets("0000"), octets("00")]);
});

Deno.test("pack() keeps no view of what it took", () => {
  const value = octets("6162");
  const packed = pack("2s", value);
  value.fill(0);
  assertEquals(packed, octets("6162"));
});

Deno.test("iterUnpack() reads memory that threads share", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(4));
  new Struct("!2s2s").packInto(shared, 0, "ab", "cd");
  const values = [...iterUnpack("!2s", shared)].flat() as Uint8Array[];
  assertEquals(values.map((value) => value.toHex()), ["6162", "6364"]);
});
