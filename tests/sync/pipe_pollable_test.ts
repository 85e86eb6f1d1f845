import { assert, assertEquals, assertRejects } from "@std/assert";
import { Pipe } from "../../sync/pipe.ts";
import { threads } from "../../sync/threads.ts";
import { isTimeout } from "../../sync/wait_options.ts";
import { LIMIT } from "./_doors.ts";
import { how, turns } from "./_queue_ways.ts";

const bodies = threads<typeof import("./_pipe_bodies.ts")>(
  import.meta.resolve("./_pipe_bodies.ts"),
);

Deno.test("PipeEnd.ready says whether there is something to receive", () => {
  const [a, b] = Pipe();
  assertEquals([a.ready, b.ready], [false, false]);
  a.sendSync(1);
  assertEquals([a.ready, b.ready], [false, true]);
  b.receiveSync();
  assertEquals(b.ready, false);
  a.close();
  assertEquals([a.ready, b.ready], [true, true]); // fails, the end
});

Deno.test("PipeEnd.whenReady() waits for a message, and takes none", async () => {
  const [a, b] = Pipe();
  let polls = 0;
  const all = [undefined, LIMIT, { signal: new AbortController().signal }]
    .map((options) => b.whenReady(options).then(() => polls++));
  await turns();
  assertEquals([polls, b.waitingToReceive], [0, 3]);
  a.sendSync(1);
  await Promise.all(all);
  await b.whenReady({ timeoutMs: 0 });
  assertEquals([b.ready, b.tryReceive(), b.ready], [true, 1, false]);
});

Deno.test("PipeEnd.whenReady() sees what a thread sends, and that it is gone", async () => {
  const [here, there] = Pipe();
  const thread = bodies.start("send", [there, "message"]);
  await here.whenReady(LIMIT);
  assertEquals(here.tryReceive(), "message");
  await here.whenReady(LIMIT);
  assertEquals(here.tryReceive(), null);
  await thread.join(LIMIT);
});

Deno.test("PipeEnd.whenReady() steals no message from those who receive", async () => {
  const [a, b] = Pipe();
  const polls = [b.whenReady(LIMIT), b.whenReady(LIMIT)];
  const received = b.receive(LIMIT);
  await turns();
  a.sendSync(1);
  assertEquals(await received, 1);
  a.sendSync(2);
  await Promise.all(polls);
  assertEquals(b.tryReceive(), 2);
});

Deno.test("PipeEnd.whenReady() and tryReceive() bring a large message along", async () => {
  const [a, b] = Pipe<Uint8Array>({ byteCapacity: 64 });
  const sent = a.send(new Uint8Array(1000), LIMIT);
  let value: Uint8Array | null | undefined;
  while (value === undefined) {
    await b.whenReady(LIMIT);
    value = b.tryReceive();
  }
  assertEquals(value?.length, 1000);
  await sent;
  assertEquals(b.ready, false);
});

Deno.test("PipeEnd.whenReady() can be aborted before, while and after it waits", async () => {
  const [a, b] = Pipe();
  const gone = { signal: AbortSignal.abort("gone") };
  assertEquals(await how(() => b.whenReady(gone)), "gone");
  const controller = new AbortController();
  const poll = how(() => b.whenReady({ signal: controller.signal }));
  await turns();
  controller.abort("gone");
  assertEquals([await poll, b.waitingToReceive], ["gone", 0]);
  a.sendSync(1);
  assertEquals(await how(() => b.whenReady(gone)), "gone");
  const late = new AbortController();
  await b.whenReady({ signal: late.signal });
  late.abort("late");
  assertEquals(b.tryReceive(), 1);
});

Deno.test("PipeEnd.whenReady() times out, and refuses a bad timeoutMs", async () => {
  const [, b] = Pipe();
  for (const timeoutMs of [0, 0.5, 5]) {
    const poll = () => b.whenReady({ timeoutMs });
    assert(isTimeout(await assertRejects(poll, DOMException)));
    assertEquals(b.waitingToReceive, 0);
  }
  for (const timeoutMs of [-1, NaN]) {
    await assertRejects(() => b.whenReady({ timeoutMs }), RangeError);
  }
});
