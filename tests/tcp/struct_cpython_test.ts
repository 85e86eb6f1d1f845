import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { calcsize, pack, type StructValue, unpack } from "../../tcp/struct.ts";
import { type Next, random, STRESS, withSeed } from "../sync/_random.ts";

const ROUNDS = STRESS ? 100 : 1;
const QUESTIONS = 2000;
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

function octets(next: Next, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => next(256));
}

/** One that the letter holds; or about the limit of any letter. */
function integer(next: Next, letter: string): bigint {
  if (next(8) > 0) {
    const fits = /[a-z]/.test(letter) ? BigInt.asIntN : BigInt.asUintN;
    const bits = { b: 8, h: 16, i: 32, l: 32 }[letter.toLowerCase()] ?? 64;
    return fits(bits, BigInt(`0x${octets(next, 8).toHex()}`));
  }
  const limit = 1n << BigInt([0, 7, 8, 15, 16, 31, 32, 63, 64][next(9)]!);
  return (next(2) === 0 ? limit : -limit) + BigInt(next(3) - 1);
}

/** Of any size; or one that a half holds, more or less. */
function float(next: Next): number {
  const any = new DataView(octets(next, 8).buffer);
  if (next(2) === 0) return any.getFloat64(0);
  return any.getFloat16(0) * (1 + (next(5) - 2) * 2 ** -(8 + next(45)));
}

function value(next: Next, letter: string, isNative: boolean): StructValue {
  if (letter === "?") return next(2) === 0;
  // There CPython packs as infinite what is too large.
  if (letter === "f" && isNative) return Math.fround(float(next));
  if (letter === "c") return octets(next, next(20) === 0 ? next(3) : 1);
  if (/[sp]/.test(letter)) return octets(next, next(12));
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
  if (next(30) === 0) values.push(octets(next, 1));
  const size = attempt(() => calcsize(format)) ?? 0;
  const bytes = octets(next, size + (next(30) === 0 ? 1 : 0));
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
