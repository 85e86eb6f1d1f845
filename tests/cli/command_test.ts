import { assertEquals, assertThrows } from "@std/assert";
import { Arguments, type Flag, UsageError } from "../../cli/command.ts";

const FLAGS: Readonly<Record<string, Flag>> = {
  port: { value: "PORT", description: "A number" },
  name: { value: "NAME", short: "n", description: "A text" },
  quiet: { short: "q", description: "A switch" },
};

function read(...args: string[]): Arguments {
  return new Arguments(args, FLAGS);
}

function assertUsage(work: () => unknown, message: string): void {
  assertThrows(work, UsageError, message);
}

Deno.test("Arguments sorts words from options, wherever they stand", () => {
  const args = read("a", "--port", "69", "b", "-q", "--name=x y");
  assertEquals(args.words, ["a", "b"]);
  assertEquals(args.text("port"), "69");
  assertEquals(args.text("name"), "x y");
  assertEquals(args.has("quiet"), true);
});

Deno.test("Arguments keeps words as they were typed", () => {
  assertEquals(read("007", "1e3", "-", "").words, ["007", "1e3", "-", ""]);
});

Deno.test("Arguments takes all behind -- for words", () => {
  const args = read("a", "--", "--port", "-q");
  assertEquals(args.words, ["a", "--port", "-q"]);
  assertEquals(args.has("quiet"), false);
  assertEquals(args.text("port"), undefined);
});

Deno.test("Arguments knows the short form of a value", () => {
  assertEquals(read("-n", "x").text("name"), "x");
});

Deno.test("Arguments refuses an option that the command lacks", () => {
  for (const option of ["--nope", "-x", "--prot"]) {
    assertUsage(() => read(option), `Unknown option ${option}`);
  }
  for (const option of ["--toString", "--constructor"]) {
    assertUsage(() => read(option), `Unknown option ${option}`);
  }
});

Deno.test("Arguments refuses an option without its value", () => {
  assertUsage(() => read("--port"), "Option --port needs a value");
  assertUsage(() => read("-n"), "Option --name needs a value");
});

Deno.test("Arguments refuses an option whose value is empty", () => {
  assertUsage(() => read("--port", ""), "Option --port needs a value");
  assertUsage(() => read("--port="), "Option --port needs a value");
});

Deno.test("Arguments refuses an option that is named as its list of words", () => {
  assertUsage(() => read("--_", "x"), "Unknown option --_");
});

Deno.test("Arguments refuses an option given twice", () => {
  const twice = () => read("--port", "1", "--port", "2");
  assertUsage(twice, "Option --port is given twice");
});

Deno.test("Arguments refuses a value for a switch", () => {
  assertUsage(() => read("-q=x"), "Option --quiet takes no value");
});

Deno.test("Arguments.has() and text() tell that an option was not given", () => {
  const args = read();
  assertEquals(args.has("quiet"), false);
  assertEquals(args.text("port"), undefined);
  assertEquals(args.number("port", { min: 0, max: 1 }), undefined);
});

Deno.test("Arguments.number() takes the ends of its range", () => {
  const range = { min: 1, max: 65_535 };
  assertEquals(read("--port", "1").number("port", range), 1);
  assertEquals(read("--port", "65535").number("port", range), 65_535);
});

Deno.test("Arguments.number() refuses what is outside, or no whole number", () => {
  const range = { min: 1, max: 65_535 };
  for (const text of ["0", "65536", "1.5", "abc", "1e3", "0x10", " 1", "+1"]) {
    assertUsage(
      () => read("--port", text).number("port", range),
      `Cannot use --port ${text}: it must be a whole number from 1 to 65535`,
    );
  }
  assertUsage(() => read("--port=-1").number("port", range), "--port -1");
});

Deno.test("Arguments.number() takes a fraction where one is allowed", () => {
  const range = { min: 0.001, max: Infinity, fraction: true };
  assertEquals(read("--port", "0.25").number("port", range), 0.25);
  assertEquals(read("--port", "3").number("port", range), 3);
  for (const text of ["0.0001", ".5", "1.", "1.2.3", "Infinity", "NaN"]) {
    assertUsage(
      () => read("--port", text).number("port", range),
      `Cannot use --port ${text}: it must be a number from 0.001`,
    );
  }
});

Deno.test("Arguments.expect() returns the words, undefined for a missing one", () => {
  assertEquals(read("a", "b").expect("FROM", "[TO]"), ["a", "b"]);
  assertEquals(read("a").expect("FROM", "[TO]"), ["a", undefined]);
  assertEquals(read().expect("[TO]"), [undefined]);
});

Deno.test("Arguments.expect() refuses words that are missing or too many", () => {
  assertUsage(() => read().expect("FROM", "[TO]"), "Missing FROM");
  assertUsage(() => read("a").expect("FROM", "TO"), "Missing TO");
  assertUsage(() => read("a", "b", "c").expect("FROM", "TO"), 'Unexpected "c"');
  assertUsage(() => read("a").expect(), 'Unexpected "a"');
});
