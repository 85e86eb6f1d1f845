import { assertEquals, assertThrows } from "@std/assert";
import {
  iterUnpack,
  packInto,
  Struct,
  unpack,
  unpackFrom,
} from "../../tcp/struct.ts";

function count(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => i);
}

function refused(
  call: () => unknown,
  message: string,
  type: typeof RangeError | typeof TypeError = RangeError,
): void {
  assertEquals(assertThrows(call, type).message, message);
}

Deno.test("unpack() needs exactly as many octets as the format has", () => {
  assertEquals(unpack("!HH", count(4)), [1, 0x203]);
  for (const have of [0, 3, 5]) {
    refused(
      () => unpack("!HH", count(have)),
      `Cannot unpack "!HH": need 4 octets, have ${have}`,
    );
  }
  refused(
    () => unpack("", count(1)),
    'Cannot unpack "": need 0 octets, have 1',
  );
});

Deno.test("unpackFrom() reads at an offset, from the start or from the end", () => {
  const octets = count(6);
  assertEquals(unpackFrom("!H", octets), [1]);
  assertEquals(unpackFrom("!H", octets, 3), [0x304]);
  assertEquals(unpackFrom("!H", octets, 4), [0x405]);
  assertEquals(unpackFrom("!H", octets, -2), [0x405]);
  assertEquals(unpackFrom("!H", octets, -6), [1]);
  assertEquals(unpackFrom("", octets, 6), []);
});

Deno.test("unpackFrom() aligns from its own start", () => {
  assertEquals(unpackFrom("@bi", count(12), 1), [1, 0x08070605]);
});

Deno.test("packInto() writes at an offset, and nothing around it", () => {
  for (const offset of [0, 1, 4, -4, -8]) {
    const buffer = new Uint8Array(8).fill(255);
    packInto("!Hxx", buffer, offset, 258);
    const expected = new Uint8Array(8).fill(255);
    expected.set([1, 2, 0, 0], offset < 0 ? 8 + offset : offset);
    assertEquals(buffer, expected);
  }
});

Deno.test("packInto() writes 0 into gaps, and behind short octets", () => {
  const struct = new Struct("@b4s3pi");
  const buffer = new Uint8Array(struct.size).fill(255);
  struct.packInto(buffer, 0, 1, "abcd", "ef", -1);
  struct.packInto(buffer, 0, 2, "g", "", 3);
  assertEquals(buffer.toHex(), "026700000000000003000000");
});

Deno.test("packInto() and unpackFrom() take a view of a larger buffer", () => {
  const whole = new Uint8Array(6);
  const part = whole.subarray(2, 5);
  packInto("Bs", part, 1, 7, "a");
  assertEquals(whole, new Uint8Array([0, 0, 0, 7, 97, 0]));
  assertEquals(unpackFrom("Bs", part, 1), [7, new Uint8Array([97])]);
});

Deno.test("packInto() leaves the buffer as it was if it refuses a value", () => {
  const struct = new Struct("!HHB");
  const buffer = count(8);
  assertThrows(() => struct.packInto(buffer, 1, 500, 600, 256), RangeError);
  assertEquals(buffer, count(8));
  struct.packInto(buffer, 1, 0, 0, 0); // nothing is left of the first two
  assertEquals(buffer, new Uint8Array([0, 0, 0, 0, 0, 0, 6, 7]));
});

Deno.test("packInto() takes values that are views of the buffer", () => {
  const buffer = count(6);
  packInto("2s4s", buffer, 0, buffer.subarray(4), buffer.subarray(0, 4));
  assertEquals(buffer, new Uint8Array([4, 5, 0, 1, 2, 3]));
});

Deno.test("packInto() and unpackFrom() refuse to go beyond the octets", () => {
  const octets = count(6);
  for (const [offset, have] of [[3, 3], [6, 0], [-3, 3], [-1, 1]] as const) {
    const what = `"!I" at offset ${offset}: need 4 octets, have ${have}`;
    refused(() => unpackFrom("!I", octets, offset), `Cannot unpack ${what}`);
    refused(() => packInto("!I", octets, offset, 1), `Cannot pack ${what}`);
  }
  for (const offset of [7, -7, 2 ** 60]) {
    for (const format of ["!I", ""]) {
      const values = format === "" ? [] : [1];
      const what = `"${format}" at offset ${offset}: it is outside of 6 octets`;
      const read = () => unpackFrom(format, octets, offset);
      const write = () => packInto(format, octets, offset, ...values);
      refused(read, `Cannot unpack ${what}`);
      refused(write, `Cannot pack ${what}`);
    }
  }
  assertEquals(octets, count(6));
});

Deno.test("packInto() and unpackFrom() take whole numbers as offset", () => {
  for (const offset of [0.5, NaN, Infinity, "1" as never]) {
    const what = `"B" at offset ${offset}: it must be a whole number`;
    refused(() => unpackFrom("B", count(4), offset), `Cannot unpack ${what}`);
    refused(() => packInto("B", count(4), offset, 1), `Cannot pack ${what}`);
  }
});

Deno.test("iterUnpack() gives the values of each time", () => {
  assertEquals([...iterUnpack("!HB", count(9))], [
    [1, 2],
    [0x304, 5],
    [0x607, 8],
  ]);
  assertEquals([...iterUnpack("!HB", new Uint8Array(0))], []);
  assertEquals([...iterUnpack("@ib", count(10))], [ // no gap between them
    [0x03020100, 4],
    [0x08070605, 9],
  ]);
});

Deno.test("iterUnpack() reads when it is asked, and may be left early", () => {
  const octets = count(4);
  const values = iterUnpack("B", octets);
  assertEquals(values.next().value, [0]);
  octets[1] = 9;
  for (const value of values) {
    assertEquals(value, [9]);
    break;
  }
  assertEquals(values.next().done, true);
});

Deno.test("iterUnpack() refuses at once what is left over, and a size of 0", () => {
  const what = 'Cannot unpack "!HB" repeatedly';
  for (const have of [1, 4, 8]) {
    refused(
      () => iterUnpack("!HB", count(have)),
      `${what}: need a multiple of 3 octets, have ${have}`,
    );
  }
  for (const format of ["", "0q"]) {
    refused(
      () => iterUnpack(format, count(0)),
      `Cannot unpack "${format}" repeatedly: its size is 0`,
    );
  }
});

Deno.test("buffers are Uint8Arrays", () => {
  const wrong = [new ArrayBuffer(1), [0], "a", null, new Uint16Array(1)];
  for (const buffer of wrong as never[]) {
    const state = `${typeof buffer} is no Uint8Array`;
    const cases: [() => unknown, string][] = [
      [() => unpack("B", buffer), 'unpack "B"'],
      [() => unpackFrom("B", buffer), 'unpack "B" at offset 0'],
      [() => iterUnpack("B", buffer), 'unpack "B" repeatedly'],
      [() => packInto("B", buffer, 0, 1), 'pack "B" at offset 0'],
    ];
    for (const [call, what] of cases) {
      refused(call, `Cannot ${what}: ${state}`, TypeError);
    }
  }
});
