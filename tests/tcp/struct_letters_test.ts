import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import {
  calcsize,
  iterUnpack,
  pack,
  Struct,
  type StructValue,
  unpack,
} from "../../tcp/struct.ts";
import { type Next, random, STRESS, withSeed } from "../sync/_random.ts";
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
  for (let start = 0; start < 0x1_0000; start += 256) {
    const halves = Array.from({ length: 256 }, (_, i) => start + i);
    const values = unpack(">256e", pack(">256H", ...halves));
    const isNumber = (half: number) => (half & 0x7fff) <= 0x7c00;
    const numbers = values.map((value) => !Number.isNaN(value));
    assertEquals(numbers, halves.map(isNumber), `from ${start}`);
    const expected = halves.map((half) => isNumber(half) ? half : 0x7e00);
    const written = pack(">256e", ...values).toHex();
    assertEquals(written, pack(">256H", ...expected).toHex(), `from ${start}`);
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

const ROUNDS = STRESS ? 100 : 1;
const QUESTIONS = 1000;
const PEER = fileURLToPath(import.meta.resolve("./_struct_peer.py"));
const LETTERS = "xcbB?hHiIlLqQnNPefdsp";

/** A value, or what is read from one; see `_struct_peer.py`. */
type Item =
  | { readonly int: string }
  | { readonly float: string }
  | { readonly bool: boolean }
  | { readonly octets: string };

interface Question {
  readonly format: string;
  readonly values: readonly Item[];
  readonly octets: string;
}

interface Answer {
  readonly size: number | null;
  readonly packed: string | null;
  readonly unpacked: readonly Item[] | null;
}

function pick(next: Next, items: string): string {
  return items[next(items.length)]!;
}

function noise(next: Next, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => next(256));
}

/** One that the letter holds; or about the limit of any letter. */
function integer(next: Next, letter: string): bigint {
  if (next(8) > 0) {
    const fits = /[a-z]/.test(letter) ? BigInt.asIntN : BigInt.asUintN;
    const bits = { b: 8, h: 16, i: 32, l: 32 }[letter.toLowerCase()] ?? 64;
    return fits(bits, BigInt(`0x${noise(next, 8).toHex()}`));
  }
  const limit = 1n << BigInt([0, 7, 8, 15, 16, 31, 32, 63, 64][next(9)]!);
  return (next(2) === 0 ? limit : -limit) + BigInt(next(3) - 1);
}

/** Of any size; or one that a half holds, more or less. */
function float(next: Next): number {
  const any = new DataView(noise(next, 8).buffer);
  if (next(2) === 0) return any.getFloat64(0);
  return any.getFloat16(0) * (1 + (next(5) - 2) * 2 ** -(8 + next(45)));
}

function value(next: Next, letter: string, isNative: boolean): StructValue {
  if (letter === "?") return next(2) === 0;
  // There CPython packs as infinite what is too large.
  if (letter === "f" && isNative) return Math.fround(float(next));
  if (letter === "c") return noise(next, next(20) === 0 ? next(3) : 1);
  if (/[sp]/.test(letter)) return noise(next, next(12));
  return /[efd]/.test(letter) ? float(next) : integer(next, letter);
}

/** A format, right in most cases, with values that are so in many. */
function question(next: Next): Question {
  let format = next(6) === 0 ? "" : pick(next, "@=<>!");
  const isNative = /^@?$/.test(format);
  const values: StructValue[] = [];
  for (let letters = next(5); letters > 0; letters--) {
    const letter = pick(next, LETTERS);
    const least = letter === "p" ? 1 : 0; // CPython 3.11 writes outside of it
    const count = next(2) === 0 ? 1 : least + next(4);
    if (next(6) === 0) format += pick(next, " \t\n\v\f\r");
    format += count === 1 && next(2) === 0 ? letter : `${count}${letter}`;
    const times = /[sp]/.test(letter) ? 1 : letter === "x" ? 0 : count;
    for (let i = 0; i < times; i++) values.push(value(next, letter, isNative));
  }
  if (next(30) === 0) format += pick(next, "0123 <@yzX\0n");
  if (next(30) === 0) values.push(noise(next, 1));
  const size = attempt(() => calcsize(format)) ?? 0;
  const bytes = noise(next, size + (next(30) === 0 ? 1 : 0));
  return { format, values: values.map(itemOf), octets: bytes.toHex() };
}

function itemOf(value: StructValue): Item {
  if (typeof value === "bigint") return { int: `${value}` };
  if (typeof value === "boolean") return { bool: value };
  if (value instanceof Uint8Array) return { octets: value.toHex() };
  return { float: pack(">d", value).toHex() };
}

function valueOf(item: Item): StructValue {
  if ("int" in item) return BigInt(item.int);
  if ("bool" in item) return item.bool;
  if ("octets" in item) return Uint8Array.fromHex(item.octets);
  return new DataView(Uint8Array.fromHex(item.float).buffer).getFloat64(0);
}

/** What comes out; `null` if it is refused, as the peer says it. */
function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null; // why is the business of other tests
  }
}

/** Our answer. Whether a number is an integer, the values of the peer tell. */
function answer(question: Question, { unpacked }: Answer): Answer {
  const { format, octets } = question;
  const values = question.values.map(valueOf);
  const given = attempt(() => unpack(format, Uint8Array.fromHex(octets)));
  return {
    size: attempt(() => calcsize(format)),
    packed: attempt(() => pack(format, ...values).toHex()),
    unpacked: given && given.map((value, i) => {
      const isInteger = typeof value === "number" && "int" in unpacked![i]!;
      return itemOf(isInteger ? BigInt(value) : value);
    }),
  };
}

async function ask(questions: readonly Question[]): Promise<Answer[]> {
  const child = new Deno.Command("python3", {
    args: [PEER],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const input = new Blob([JSON.stringify(questions)]).stream();
  const [output] = await Promise.all([
    child.output(),
    input.pipeTo(child.stdin),
  ]);
  assertEquals(output.code, 0);
  return JSON.parse(new TextDecoder().decode(output.stdout));
}

/** Why it cannot be asked; `undefined` if it can. */
async function whyNot(): Promise<string | undefined> {
  const program = "import struct, sys\n" +
    "print(sys.byteorder, sys.platform != 'win32', struct.calcsize('P'))";
  try {
    const args = ["-c", program];
    const { stdout } = await new Deno.Command("python3", { args }).output();
    const text = new TextDecoder().decode(stdout).trim();
    return text === "little True 8" ? undefined : "python3 has other sizes";
  } catch {
    return "no python3";
  }
}

const missing = await whyNot();

Deno.test({
  name: "pack(), unpack() and calcsize() do what CPython does" +
    (missing === undefined ? "" : ` (skipped: ${missing})`),
  ignore: missing !== undefined,
  fn: () =>
    withSeed(ROUNDS, async (seed) => {
      const next = random(seed);
      const questions = Array.from({ length: QUESTIONS }, () => question(next));
      const answers = await ask(questions);
      for (const [i, question] of questions.entries()) {
        const expected = answers[i]!;
        const actual = answer(question, expected);
        assertEquals(actual, expected, JSON.stringify(question));
      }
      for (const key of ["size", "packed", "unpacked"] as const) {
        const refused = answers.filter((answer) => answer[key] === null).length;
        assert(refused > 0 && refused < QUESTIONS / 2, `${key}: ${refused}`);
      }
    }),
});
