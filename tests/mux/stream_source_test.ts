import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import { select } from "../../mux/select.ts";
import { StreamSource } from "../../mux/stream_source.ts";
import { octets, text } from "../tcp/_pair.ts";
import { LIMIT } from "./_fake.ts";
import { ManualInflow } from "./_inflow.ts";

const NOW = { timeoutMs: 0 };

/** A stream, and how the test feeds it. */
function stream() {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let cancelled = false;
  const readable = new ReadableStream<Uint8Array>({
    start: (it) => void (controller = it),
    cancel: () => void (cancelled = true),
  });
  return { readable, controller, isCancelled: () => cancelled };
}

Deno.test("StreamSource is readable when something comes, and at the end", async () => {
  const { readable, controller } = stream();
  using source = new StreamSource(readable);
  assertEquals(await select([source], [], [], NOW), [[], [], []]);
  controller.enqueue(octets("hello"));
  assertEquals(await select([source], [], [], LIMIT), [[source], [], []]);
  assertEquals(text(source.tryReceive(2)), "he");
  assertEquals(text(await source.receive()), "llo");
  controller.close();
  assertEquals(await select([source], [], [], LIMIT), [[source], [], []]);
  assertEquals([source.tryReceive(), source.tryReadLine()], [null, null]);
});

Deno.test("StreamSource keeps what does not fit into its buffer", async () => {
  const { readable, controller } = stream();
  using source = new StreamSource(readable);
  controller.enqueue(new Uint8Array()); // nothing, which is not the end
  controller.enqueue(Uint8Array.from({ length: 100_000 }, (_, i) => i));
  controller.close();
  let count = 0;
  for (let piece; (piece = await source.receive()) !== null;) {
    for (const octet of piece) assertEquals(octet, count++ & 0xff);
  }
  assertEquals(count, 100_000);
});

Deno.test("StreamSource.readLine() that timed out loses nothing", async () => {
  const { readable, controller } = stream();
  using source = new StreamSource(readable);
  controller.enqueue(octets("ha"));
  const late = () => source.readLine({ timeoutMs: 1 });
  assertEquals((await assertRejects(late, DOMException)).name, "TimeoutError");
  controller.enqueue(octets("lf\nnext\n"));
  assertEquals(await source.readLine(LIMIT), "half");
  assertEquals(source.tryReadLine(), "next");
  assertEquals(source.tryReadLine(), undefined);
});

Deno.test("StreamSource passes the error of its stream on", async () => {
  const { readable, controller } = stream();
  using source = new StreamSource(readable);
  const receiving = assertRejects(() => source.receive(), Error, "torn");
  controller.error(new Error("torn"));
  await receiving;
  assertEquals(await select([source], [], [source]), [[source], [], [source]]);
  assertThrows(() => source.tryReceive(), Error, "torn");
});

Deno.test("StreamSource.close() cancels the stream, and rejects those who wait", async () => {
  const { readable, isCancelled } = stream();
  const source = new StreamSource(readable);
  const receiving = source.receive();
  source.close();
  source.close();
  await assertRejects(() => receiving, Deno.errors.Interrupted);
  await assertRejects(() => source.receive(), Deno.errors.BadResource);
  assertEquals([source.closed, isCancelled()], [true, true]);
});

Deno.test("StreamSource reads what is no stream, one read at a time", async () => {
  const flow = new ManualInflow();
  using source = new StreamSource(flow);
  const late = await select([source], [], [], { timeoutMs: 1 });
  assertEquals(late, [[], [], []]);
  await flow.brings("one\n");
  assertEquals(await source.readLine(), "one");
  assertEquals(flow.reads, 1);
});

Deno.test("StreamSource.close() closes what is no stream", async () => {
  const path = fileURLToPath(import.meta.resolve("../../deno.json"));
  const file = await Deno.open(path);
  const source = new StreamSource(file);
  assertEquals(await source.readLine(), "{");
  source.close();
  assertThrows(() => file.close(), Deno.errors.BadResource);
});

Deno.test("StreamSource.receive() refuses to take nothing", async () => {
  using source = new StreamSource(new ManualInflow());
  await assertRejects(() => source.receive(0), RangeError);
  assertThrows(() => source.tryReceive(0), RangeError);
});

Deno.test("StreamSource takes the output of a process, and select() its input line by line", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-read", "tests/mux/_typist.ts"],
    cwd: fileURLToPath(import.meta.resolve("../../")),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  using output = new StreamSource(child.stdout);
  const keyboard = child.stdin.getWriter();
  const hears = async (line: string) =>
    assertEquals(await output.readLine(LIMIT), line);
  await hears("nothing yet"); // its wait timed out, its read goes on
  await keyboard.write(octets("one\n"));
  await hears("heard one");
  await hears("nothing yet");
  await keyboard.write(octets("tw"));
  await hears("half a line");
  await keyboard.write(octets("o\nthree\n"));
  await hears("heard two");
  await hears("heard three");
  await keyboard.write(octets("quit\n"));
  await hears("heard quit");
  assertEquals(await output.readLine(LIMIT), null);
  assertEquals((await child.status).code, 0); // though nobody closed its input
  await keyboard.close().catch(() => {}); // it is gone
});
