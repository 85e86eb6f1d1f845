import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { delimited } from "../../tcp/delimited.ts";
import { FrameBudget } from "../../tcp/frame_budget.ts";
import { FrameError } from "../../tcp/frame_error.ts";
import { FrameReader } from "../../tcp/frame_reader.ts";
import type { FrameDecoding } from "../../tcp/framing.ts";
import { jsonHeader } from "../../tcp/json_header.ts";
import { lengthPrefixed } from "../../tcp/length_prefixed.ts";
import { collected } from "./_collected.ts";
import { ascii, bytes } from "./_framing.ts";
import { memoryStream } from "./_memory_stream.ts";

/** A reader on a budget, and who sends to it. */
function stream<T>(codec: FrameDecoding<T>, budget: FrameBudget) {
  const [far, near] = memoryStream({ capacity: 200_000 });
  return { far, reader: new FrameReader(near, codec, { budget }) };
}

/** Reads, and requires that it takes too long. */
async function assertLate(reader: FrameReader<unknown>): Promise<void> {
  const error = await assertRejects(() => reader.read({ timeoutMs: 2 }));
  assertEquals((error as Error).name, "TimeoutError");
}

/** Requires the error of a budget that is used up. */
async function assertOver(reader: FrameReader<unknown>): Promise<FrameError> {
  const error = await assertRejects(() => reader.read(), FrameError);
  assertEquals(error.code, "over-budget");
  return error;
}

Deno.test("FrameBudget refuses who wants more than is left, and nobody else", async () => {
  const budget = new FrameBudget(250);
  const one = stream(lengthPrefixed(), budget);
  const two = stream(lengthPrefixed(), budget);
  const three = stream(lengthPrefixed(), budget);
  const streams = [one, two, three];
  for (const { far } of streams) {
    await far.sendAll(bytes(0, 0, 0, 200, ...new Uint8Array(100)));
  }
  await assertLate(one.reader);
  await assertLate(two.reader);
  assertEquals(budget.usedBytes, 200);
  const error = await assertOver(three.reader);
  assertEquals(
    error.message,
    "Cannot read a frame: all that are unfinished take 300 octets, more than 250",
  );
  assertEquals([budget.usedBytes, three.reader.pending], [200, 0]);
  assertEquals(await assertOver(three.reader), error); // for good
  for (const { far } of streams) await far.sendAll(new Uint8Array(100));
  assertEquals((await one.reader.read())?.length, 200);
  assertEquals((await two.reader.read())?.length, 200);
  assertEquals(budget.usedBytes, 0);
});

Deno.test("FrameBudget does not count frames that are here as a whole", async () => {
  const budget = new FrameBudget(10);
  const { far, reader } = stream(lengthPrefixed(), budget);
  await far.sendAll(bytes(0, 0, 0, 100, ...new Uint8Array(100), 0, 0));
  assertEquals((await reader.read())?.length, 100);
  await assertLate(reader);
  assertEquals(budget.usedBytes, 2); // of the next one
  await far.sendAll(bytes(0, 1, 7));
  assertEquals(await reader.read(), bytes(7));
  assertEquals(budget.usedBytes, 0);
});

Deno.test("FrameBudget does not count what is skipped", async () => {
  const budget = new FrameBudget(10);
  const codec = lengthPrefixed({ maxFrameBytes: 5, oversize: "skip" });
  const { far, reader } = stream(codec, budget);
  await far.sendAll(bytes(0, 0, 0, 100, ...new Uint8Array(90)));
  await assertLate(reader);
  assertEquals([budget.usedBytes, reader.pending], [0, 94]);
});

Deno.test("FrameBudget does not count bodies, which nobody holds", async () => {
  const budget = new FrameBudget(30);
  const { far, reader } = stream(jsonHeader(), budget);
  const header = '{"bodyBytes":100000}';
  await far.sendAll(bytes(0, 0, 0, header.length));
  await far.sendAll(ascii(header.slice(0, 9)));
  await assertLate(reader);
  assertEquals(budget.usedBytes, 9);
  await far.sendAll(ascii(header.slice(9)));
  await far.sendAll(new Uint8Array(100_000));
  const frame = await reader.read();
  assertEquals((await new Response(frame?.body).bytes()).length, 100_000);
  assertEquals(budget.usedBytes, 0);
});

Deno.test("FrameBudget counts lines that do not end", async () => {
  const budget = new FrameBudget(1_000);
  const { far, reader } = stream(delimited(), budget);
  await far.sendAll(ascii("x".repeat(1_000)));
  await assertLate(reader);
  assertEquals(budget.usedBytes, 1_000);
  await far.sendAll(ascii("x"));
  await assertOver(reader);
  assertEquals(budget.usedBytes, 0);
});

Deno.test("FrameBudget gets back what a reader held that is used no more", async () => {
  const used = await collected(`
    import { FrameBudget } from "./tcp/frame_budget.ts";
    import { FrameReader } from "./tcp/frame_reader.ts";
    import { lengthPrefixed } from "./tcp/length_prefixed.ts";
    const budget = new FrameBudget(1_000);
    async function leave() {
      const half = new Uint8Array([0, 0, 0, 100, 1, 2, 3]);
      const pieces = [Promise.resolve(half), Promise.reject(new Error("gone"))];
      const receive = () => pieces.shift();
      const reader = new FrameReader({ receive }, lengthPrefixed(), { budget });
      await reader.read().catch(() => {});
      return budget.usedBytes;
    }
    const used = [await leave()];
    await collect();
    console.log(JSON.stringify([...used, budget.usedBytes]));
  `);
  assertEquals(used, [3, 0]);
});

Deno.test("FrameBudget refuses a size that makes no sense", () => {
  for (const size of [-1, 1.5, NaN, Infinity]) {
    assertThrows(
      () => new FrameBudget(size),
      RangeError,
      `Cannot make a FrameBudget: maxBytes must be a whole number of at least 0, got ${size}`,
    );
  }
});
