import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { registry } from "../../sync/_registry.ts";
import { Pipe, type PipeEnd } from "../../sync/pipe.ts";
import { threads } from "../../sync/threads.ts";
import { waitFor } from "../../sync/wait_options.ts";
import { LIMIT } from "./_doors.ts";
import { Hands } from "./_hands.ts";
import { how, howSync, turns } from "./_queue_ways.ts";
import { until } from "./_until.ts";

const BODIES = import.meta.resolve("./_pipe_bodies.ts");
const hands = new Hands<typeof import("./_pipe_bodies.ts")>(BODIES, 1);
const bodies = threads<typeof import("./_pipe_bodies.ts")>(BODIES);

/** Calls that send, and calls that receive. */
function callsOf(end: PipeEnd) {
  return {
    send: [
      () => end.send(1),
      () => end.sendSync(1),
      () => end.trySend(1),
      () => end.sendMany([1]),
      () => end.sendManySync([1]),
      () => end.trySendMany([1]),
    ],
    receive: [
      () => end.receive(),
      () => end.receiveSync(),
      () => end.tryReceive(),
      () => end.receiveMany(1),
      () => end.receiveManySync(1),
      () => end.tryReceiveMany(1),
    ],
  };
}

Deno.test("PipeEnd.close() lets the other end receive what was sent, then null", async () => {
  for (const call of callsOf(Pipe()[0]).receive.keys()) {
    const [a, b] = Pipe();
    const receive = callsOf(b).receive[call]!;
    a.sendManySync([1, "two"]);
    a.close();
    const isMany = call >= 3;
    assertEquals(await receive(), isMany ? [1] : 1);
    assertEquals(await receive(), isMany ? ["two"] : "two");
    assertEquals([await receive(), await receive()], [null, null]);
    assertEquals([a.closed, b.closed], [true, false]);
  }
});

Deno.test("PipeEnd.close() breaks the pipe for the other end", async () => {
  const [a, b] = Pipe();
  b.sendSync("lost");
  a.close();
  const text = "Cannot send to the PipeEnd: the other end is closed";
  for (const call of callsOf(b).send) {
    const error = await assertRejects(async () => await call());
    assertEquals((error as Error).name, "BrokenPipe");
    assertEquals((error as Error).message, text);
  }
  assertThrows(() => b.sendSync(1), Deno.errors.BrokenPipe, text);
});

Deno.test("PipeEnd.close() may be called again, and ends all calls of the end", async () => {
  const [a, b] = Pipe();
  b.sendSync("lost");
  a.close();
  a.close();
  a[Symbol.dispose]();
  const { send, receive } = callsOf(a);
  for (const call of [...send, ...receive, () => a.whenReady()]) {
    assertEquals(await how(call), "BadResource");
  }
  const text = "Cannot receive from the PipeEnd: it is closed";
  assertThrows(() => a.receiveSync(), Deno.errors.BadResource, text);
  b.close();
  assertEquals([a.closed, b.closed], [true, true]);
});

Deno.test("PipeEnd is closed at the end of the block of using", () => {
  const [a, b] = Pipe();
  {
    using end = a;
    end.sendSync(5);
  }
  assertEquals([a.closed, b.receiveSync(), b.receiveSync()], [true, 5, null]);
});

Deno.test("PipeEnd.close() ends the calls of this end that wait", async () => {
  const [a, b] = Pipe({ byteCapacity: 64 });
  while (a.trySend(1));
  const { send, receive } = callsOf(a);
  const calls = [send[0], send[3], receive[0], receive[3], () => a.whenReady()];
  const waits = calls.map((call) => how(call!));
  await turns();
  assertEquals([a.waitingToSend, a.waitingToReceive], [2, 3]);
  a.close();
  assertEquals(
    await waitFor(Promise.all(waits), LIMIT),
    Array(5).fill("Interrupted"),
  );
  assertEquals([a.waitingToSend, a.waitingToReceive], [0, 0]);
  assertEquals(b.receiveManySync(100)?.length, 8);
  assertEquals(b.receiveSync(), null);
});

Deno.test("PipeEnd.close() ends the calls of the other end that wait", async () => {
  const [a, b] = Pipe({ byteCapacity: 64 });
  while (b.trySend(1));
  const { send, receive } = callsOf(b);
  const calls = [send[0], send[3], receive[0], receive[3], () => b.whenReady()];
  const waits = calls.map((call) => how(call!));
  await turns();
  assertEquals([b.waitingToSend, b.waitingToReceive], [2, 3]);
  a.close();
  const broken = "BrokenPipe";
  assertEquals(await waitFor(Promise.all(waits), LIMIT), [
    broken,
    broken,
    null,
    null,
    undefined,
  ]);
  assertEquals([b.waitingToSend, b.waitingToReceive], [0, 0]);
});

Deno.test("PipeEnd.close() ends a thread that blocks at the other end", async () => {
  for (const name of ["receive", "sendForEver"] as const) {
    const [here, there] = Pipe({ byteCapacity: 64 });
    const thread = hands.start(name, [there]);
    await until(() =>
      thread.state === "blocked" &&
      there.waitingToReceive + there.waitingToSend === 1
    );
    here.close();
    const expected = name === "receive" ? null : "BrokenPipe";
    assertEquals(await thread.join(LIMIT), expected);
  }
});

Deno.test("PipeEnd.close() of an end that was given away leaves it to its user", async () => {
  const [here, there] = Pipe();
  const thread = bodies.start("echoOnce", [there]);
  there.close();
  assertEquals([there.closed, howSync(() => there.trySend(1))], [
    true,
    "BadResource",
  ]);
  here.sendSync("still there");
  assertEquals(await here.receive(LIMIT), "still there");
  await thread.join(LIMIT);
  assertEquals(await here.receive(LIMIT), null);
});

Deno.test("PipeEnd.close() right after a message does not hide it", () => {
  const [a, b] = Pipe();
  const table = registry();
  const { isAlive } = table;
  table.isAlive = (id) => { // asked for when there was nothing to receive
    table.isAlive = isAlive;
    a.sendSync("last");
    a.close();
    return table.isAlive(id) && false;
  };
  assertEquals([b.tryReceive(), b.tryReceive()], ["last", null]);
});

Deno.test("PipeEnd can be iterated until the end of the pipe", async () => {
  const [a, b] = Pipe<number>({ byteCapacity: 64 });
  const sent = a.sendMany(Array(20).keys()).then(() => a.close());
  const got: number[] = [];
  for await (const n of b) got.push(n);
  assertEquals(got, [...Array(20).keys()]);
  await sent;
  for await (const _ of b) throw new Error("not at the end");
});

Deno.test("PipeEnd can be iterated until it is closed, also while it waits", async () => {
  const [a, b] = Pipe<number>();
  a.sendManySync([1, 2, 3]);
  for await (const n of b) if (n === 2) break;
  assertEquals(b.tryReceive(), 3);
  for (const when of ["inside", "while it waits"]) {
    const [a, b] = Pipe<number>();
    a.sendManySync([1, 2]);
    const got: number[] = [];
    if (when !== "inside") turns().then(() => b.close());
    for await (const n of b) {
      got.push(n);
      if (when === "inside") b.close();
    }
    assertEquals(got, when === "inside" ? [1] : [1, 2]);
  }
});

Deno.test("PipeEnd that is left by return() while a loop waits keeps what comes", async () => {
  const [a, b] = Pipe<number>();
  const messages = b[Symbol.asyncIterator]();
  const next = messages.next();
  await turns();
  const done = { done: true, value: undefined } as const;
  assertEquals(await messages.return!(), done);
  assertEquals(await next, done);
  a.sendSync(5);
  assertEquals([await messages.next(), b.tryReceive()], [done, 5]);
});
