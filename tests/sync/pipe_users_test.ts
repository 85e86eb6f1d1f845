import { assertEquals } from "@std/assert";
import { HEAD, TAIL } from "../../sync/_pipe_memory.ts";
import { Event } from "../../sync/event.ts";
import { Pipe, PipeEnd } from "../../sync/pipe.ts";
import { Thread } from "../../sync/thread.ts";
import { threads } from "../../sync/threads.ts";
import { waitFor } from "../../sync/wait_options.ts";
import { LIMIT } from "./_doors.ts";
import { Hands } from "./_hands.ts";
import { how, howSync, turns } from "./_queue_ways.ts";
import { until } from "./_until.ts";

const BODIES = import.meta.resolve("./_pipe_bodies.ts");
const hands = new Hands<typeof import("./_pipe_bodies.ts")>(BODIES, 1);
const bodies = threads<typeof import("./_pipe_bodies.ts")>(BODIES);

Deno.test("PipeEnd of a thread that has returned is as if closed", async () => {
  const [here, there] = Pipe();
  const thread = bodies.start("echoOnce", [there]);
  here.sendSync("echo");
  await thread.join(LIMIT);
  assertEquals(here.receiveSync(LIMIT), "echo");
  assertEquals([here.receiveSync(LIMIT), await here.receive(LIMIT)], [
    null,
    null,
  ]);
  assertEquals([here.tryReceive(), here.ready], [null, true]);
  const text = "BrokenPipe: Cannot send to the PipeEnd: " +
    "the thread that used the other end is gone";
  assertEquals(await here.send(1).catch(String), text);
  assertEquals(howSync(() => here.trySend(1)), "BrokenPipe");
  assertEquals([here.closed, there.closed], [false, false]);
});

Deno.test("PipeEnd of a thread that ends wakes whoever waits at the other", async () => {
  const [here, there] = Pipe();
  const [main, other] = Pipe();
  const held = new Event();
  const thread = bodies.start("hold", [[there, other], held]);
  await held.wait(LIMIT);
  const waiter = hands.start("receive", [main]);
  await until(() => main.waitingToReceive === 1);
  while (here.trySend("x".repeat(1000)));
  const waits = [
    here.send("x".repeat(1000)),
    here.receive(),
    here.whenReady(),
  ];
  const hows = waits.map((wait) => how(() => wait));
  await turns();
  assertEquals([here.waitingToSend, here.waitingToReceive], [1, 2]);
  await thread.terminate(LIMIT);
  assertEquals(await waiter.join(LIMIT), null);
  assertEquals(await waitFor(Promise.all(hows), LIMIT), [
    "BrokenPipe",
    null,
    undefined,
  ]);
});

Deno.test("PipeEnd that was given away is not gone with the giver", async () => {
  const maker = bodies.start("make", []);
  const end = await maker.join(LIMIT);
  await until(() => !maker.alive);
  assertEquals(end.receiveSync(LIMIT), 7);
  assertEquals(end.receiveSync(LIMIT), null); // the other one was not given away
});

Deno.test("PipeEnd that nobody has taken yet is not gone", async () => {
  const [here, there] = Pipe<number>();
  const handle = there.share();
  await Thread.fromFunction(() => {}, []).join(LIMIT);
  assertEquals([here.tryReceive(), here.trySend(1)], [undefined, true]);
  const same = PipeEnd.attach<number>(handle);
  assertEquals(same.receiveSync(), 1);
  same.sendSync(2);
  assertEquals(here.receiveSync(), 2);
});

Deno.test("PipeEnd can be taken back from a thread that has returned", async () => {
  const [here, there] = Pipe<number>();
  await bodies.start("send", [there as never, 1]).join(LIMIT);
  assertEquals([here.receiveSync(), here.receiveSync()], [1, null]);
  assertEquals(there.tryReceive(), undefined);
  assertEquals([here.tryReceive(), here.trySend(2)], [undefined, true]);
  assertEquals(there.receiveSync(), 2);
});

Deno.test("PipeEnd can be taken back after any amount of traffic", async () => {
  const [here, there] = Pipe<number>({ byteCapacity: 64 });
  await bodies.start("ignore", [there as never, set()]).join(LIMIT);
  const { buffer, incoming } = there.share();
  for (const memory of [buffer, incoming]) {
    const words = new Int32Array(memory);
    words[TAIL] = words[HEAD] = 2 ** 31 + 10; // 16 GiB later
  }
  const other = PipeEnd.attach<number>(here.share());
  assertEquals([there.tryReceive(), other.trySend(1)], [undefined, true]);
  assertEquals([there.tryReceive(), there.trySend(2)], [1, true]);
  assertEquals(other.tryReceive(), 2);
});

Deno.test("PipeEnd can be given to one thread after the other", async () => {
  const [here, there] = Pipe<number>();
  for (let round = 0; round < 2; round++) {
    const thread = bodies.start("echoOnce", [there as never]);
    here.sendSync(round);
    assertEquals(await here.receive(LIMIT), round);
    await thread.join(LIMIT);
    assertEquals(here.tryReceive(), null);
    const handle = there.share();
    assertEquals(here.tryReceive(), undefined); // somebody will take it
    assertEquals(handle.type, "PipeEnd");
  }
});

Deno.test("PipeEnd fails calls that wait when another thread takes it", async () => {
  const [here, there] = Pipe<number>();
  const wait = there.receive(LIMIT).catch(String);
  const thread = hands.start("receive", [there as never]);
  await until(() => there.waitingToReceive === 2);
  here.sendSync(5);
  const text = "TypeError: Cannot receive from the PipeEnd: " +
    "another thread uses it by now";
  assertEquals([await wait, await thread.join(LIMIT)], [text, 5]);
  assertEquals(there.waitingToReceive, 0);
});

Deno.test("PipeEnd of a thread that never made a call is gone with it, too", async () => {
  const [here, there] = Pipe();
  const go = new Event();
  const thread = bodies.start("ignore", [there, go]);
  assertEquals([here.tryReceive(), here.trySend(1)], [undefined, true]);
  go.set();
  await thread.join(LIMIT);
  assertEquals(await here.receive(LIMIT), null);
});

Deno.test("PipeEnd of a thread that ended before it began is gone with it", async () => {
  const [here, there] = Pipe<number>();
  const module = import.meta.resolve("./_queue_bodies.ts"); // it is quiet
  const thread = Thread.start(module, "missing", [there]);
  const received = here.receive(LIMIT);
  assertEquals(await how(() => thread.join(LIMIT)), "TypeError");
  assertEquals(await received, null);
  assertEquals(howSync(() => here.trySend(1)), "BrokenPipe");
});

Deno.test("PipeEnd that a thread uses is not given away by others", async () => {
  const [here, there] = Pipe();
  const held = new Event();
  const thread = bodies.start("hold", [[there], held]);
  await held.wait(LIMIT);
  there.share();
  await thread.terminate(LIMIT);
  assertEquals(await here.receive(LIMIT), null);
});

Deno.test("PipeEnd is not given away while calls of it wait", async () => {
  const [here, there] = Pipe();
  await bodies.start("shareAndWait", [there]).join(LIMIT);
  assertEquals(await here.receive(LIMIT), null);
});

/** An event that is set. */
function set(): Event {
  const event = new Event();
  event.set();
  return event;
}
