import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Guard } from "../../sync/guard.ts";
import { Pipe } from "../../sync/pipe.ts";
import type { Semaphore } from "../../sync/semaphore.ts";
import { threads } from "../../sync/threads.ts";
import { isTimeout, type WaitOptions } from "../../sync/wait_options.ts";
import { LIMIT, type Primitive } from "./_doors.ts";
import { Hands } from "./_hands.ts";
import { how, turns } from "./_queue_ways.ts";
import { until } from "./_until.ts";
import { waitClaims } from "./_wait_claims.ts";

const BODIES = import.meta.resolve("./_pipe_bodies.ts");
const hands = new Hands<typeof import("./_pipe_bodies.ts")>(BODIES, 1);
const mortals = threads<typeof import("./_pipe_bodies.ts")>(BODIES);

/** As long as a message can be that travels as a whole through 64 octets. */
const FULL = "x".repeat(50);

/** How to wait for something with a pipe. */
interface Ways {
  readonly waiting: () => number;
  readonly wait: (options?: WaitOptions) => Promise<unknown>;
  readonly waitSync: (options?: Pick<WaitOptions, "timeoutMs">) => unknown;
  /** Whether it need not wait. */
  readonly tryNow: () => boolean;
  readonly undo: () => void;
}

/** In the words of a semaphore with one permit. */
function doorway(ways: Ways): Primitive {
  const guard = (): Guard => {
    let isSpent = false;
    const release = () => {
      if (!isSpent) ways.undo();
      isSpent = true;
    };
    return { release, [Symbol.dispose]: release };
  };
  const same = {
    acquire: (options?: WaitOptions) => ways.wait(options).then(guard),
    acquireSync(options?: WaitOptions): Guard {
      ways.waitSync(options);
      return guard();
    },
    tryAcquire: () => ways.tryNow() ? guard() : undefined,
    get waiting() {
      return ways.waiting();
    },
  };
  return same as unknown as Semaphore;
}

waitClaims("PipeEnd.receive()", () => {
  const [a, b] = Pipe<string>();
  a.sendSync("message");
  return doorway({
    waiting: () => b.waitingToReceive,
    wait: (options) => b.receive(options),
    waitSync: (options) => b.receiveSync(options),
    tryNow: () => b.tryReceive() !== undefined,
    undo: () => a.sendSync("message", { timeoutMs: 0 }),
  });
});

waitClaims("PipeEnd.receiveMany()", () => {
  const [a, b] = Pipe<string>();
  a.sendSync("message");
  return doorway({
    waiting: () => b.waitingToReceive,
    wait: (options) => b.receiveMany(1, options),
    waitSync: (options) => b.receiveManySync(1, options),
    tryNow: () => b.tryReceiveMany(1) !== undefined,
    undo: () => a.sendManySync(["message"], { timeoutMs: 0 }),
  });
});

waitClaims("PipeEnd.send()", () => {
  const [a, b] = Pipe<string>({ byteCapacity: 64 });
  return doorway({
    waiting: () => a.waitingToSend,
    wait: (options) => a.send(FULL, options),
    waitSync: (options) => a.sendSync(FULL, options),
    tryNow: () => a.trySend(FULL),
    undo: () => b.receiveSync({ timeoutMs: 0 }),
  });
});

waitClaims("PipeEnd.sendMany() of one", () => {
  const [a, b] = Pipe<string>({ byteCapacity: 64 });
  return doorway({
    waiting: () => a.waitingToSend,
    wait: (options) => a.sendMany([FULL], options),
    waitSync: (options) => a.sendManySync([FULL], options),
    tryNow: () => a.trySendMany([FULL]) === 1,
    undo: () => b.receiveManySync(1, { timeoutMs: 0 }),
  });
});

Deno.test("PipeEnd says what it could not do in time", async () => {
  const [a, b] = Pipe<string>({ byteCapacity: 64 });
  const receive = "Cannot receive from the PipeEnd: not possible within 1 ms";
  const timeoutMs = 1;
  assertThrows(() => b.receiveSync({ timeoutMs }), DOMException, receive);
  await assertRejects(() => b.receive({ timeoutMs }), DOMException, receive);
  a.sendSync(FULL);
  const send = "Cannot send to the PipeEnd: not possible within 1 ms";
  assertThrows(() => a.sendSync("", { timeoutMs }), DOMException, send);
  await assertRejects(() => a.send("", { timeoutMs }), DOMException, send);
  assertEquals([b.tryReceive(), b.tryReceive()], [FULL, undefined]);
});

Deno.test("PipeEnd.receiveSync() blocks until another thread sends", async () => {
  const [here, there] = Pipe<number>();
  const thread = hands.start("receive", [there as never]);
  await until(() => thread.state === "blocked" && there.waitingToReceive === 1);
  here.sendSync(5);
  assertEquals(await thread.join(LIMIT), 5);
});

Deno.test("PipeEnd.receiveSync() of a thread times out, and takes nothing", async () => {
  const [here, there] = Pipe<number>();
  for (const timeoutMs of [0, 0.5, 5, -1, NaN]) {
    const thread = hands.start("receiveWithin", [there as never, timeoutMs]);
    const expected = timeoutMs >= 0 ? "TimeoutError" : "RangeError";
    assertEquals(await thread.join(LIMIT), expected);
  }
  assertEquals(there.waitingToReceive, 0);
  here.close();
});

Deno.test("PipeEnd.sendSync() blocks until another thread receives", async () => {
  const [here, there] = Pipe<string>({ byteCapacity: 64 });
  there.sendSync(FULL);
  const thread = hands.start("send", [there as never, "second"]);
  await until(() => thread.state === "blocked" && there.waitingToSend === 1);
  assertEquals(here.receiveSync(LIMIT), FULL);
  assertEquals(here.receiveSync(LIMIT), "second");
  await thread.join(LIMIT);
  assertEquals(there.waitingToSend, 0);
});

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
  const thread = mortals.start("send", [there, "message"]);
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
