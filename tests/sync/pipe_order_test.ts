import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { WANTED } from "../../sync/_pipe_memory.ts";
import { Pipe } from "../../sync/pipe.ts";
import { isTimeout } from "../../sync/wait_options.ts";
import { LIMIT } from "./_doors.ts";
import { how, howSync, range, turns } from "./_queue_ways.ts";

Deno.test("PipeEnd.receive() gives messages to calls in their order", async () => {
  const [a, b] = Pipe<number>();
  const calls = range(0, 50).map(() => b.receive(LIMIT));
  await turns();
  assertEquals(b.waitingToReceive, 50);
  for (const n of range(0, 50)) {
    if (n % 2 === 0) a.sendSync(n);
    else await a.send(n);
  }
  assertEquals(await Promise.all(calls), range(0, 50));
  assertEquals(b.waitingToReceive, 0);
});

Deno.test("PipeEnd.receiveSync() comes after calls that wait already", async () => {
  const [a, b] = Pipe<number>();
  const first = b.receive(LIMIT);
  const many = b.receiveMany(2, LIMIT);
  a.sendManySync([1, 2, 3, 4, 5]);
  assertEquals(b.receiveSync(LIMIT), 4);
  assertEquals(b.tryReceive(), 5);
  assertEquals([await first, await many], [1, [2, 3]]);
});

Deno.test("PipeEnd.tryReceive() takes nothing that others wait for", async () => {
  const [a, b] = Pipe<number>();
  const first = b.receive(LIMIT);
  assertEquals(b.tryReceive(), undefined);
  a.sendSync(1);
  assertEquals(b.tryReceive(), undefined);
  assertEquals(b.tryReceiveMany(5), undefined);
  a.sendSync(2);
  assertEquals(b.tryReceive(), 2);
  assertEquals(await first, 1);
});

Deno.test("PipeEnd.receive() is not undone by an abort once it has a message", async () => {
  const [a, b] = Pipe<number>();
  const controller = new AbortController();
  const first = b.receive({ signal: controller.signal });
  a.sendSync(1);
  assertEquals(b.tryReceive(), undefined); // the first has it by now
  controller.abort("late");
  assertEquals(await first, 1);
});

Deno.test("PipeEnd.receive() that is aborted leaves its message to the next", async () => {
  const [a, b] = Pipe<number>();
  const controller = new AbortController();
  const { signal } = controller;
  const calls = [b.receive({ signal }), b.receive(LIMIT), b.receive(LIMIT)];
  calls[0]!.catch(() => {});
  controller.abort("gone");
  a.sendManySync([1, 2]);
  assertEquals(await calls[0]!.catch((reason) => reason), "gone");
  assertEquals(await Promise.all(calls.slice(1)), [1, 2]);
});

Deno.test("PipeEnd.send() sends in the order of the calls, whichever wait", async () => {
  const [a, b] = Pipe<number | string>({ byteCapacity: 64 });
  const calls: Promise<void>[] = [];
  for (let n = 0; n < 60; n += 3) {
    calls.push(a.send(n, LIMIT), a.sendMany([n + 1, n + 2], LIMIT));
  }
  assertEquals([a.trySend("now"), a.trySendMany(["now"])], [false, 0]);
  for (let n = 0; n < 60; n++) assertEquals(await b.receive(LIMIT), n);
  await Promise.all(calls);
  assertEquals(b.tryReceive(), undefined);
});

Deno.test("PipeEnd.sendSync() sends first what waits already", async () => {
  const [a, b] = Pipe<number | string>({ byteCapacity: 64 });
  a.sendSync("x".repeat(50));
  const first = a.send(1, LIMIT);
  const late = a.send(2, { timeoutMs: 1 });
  assertEquals(isTimeout(await assertRejects(() => late)), true);
  b.receiveSync();
  a.sendSync(3, LIMIT); // without a turn of the event loop
  assertEquals([b.tryReceive(), b.tryReceive()], [1, 3]);
  await first;
  assertEquals([b.tryReceive(), a.waitingToSend], [undefined, 0]);
});

Deno.test("PipeEnd.send() is not undone by an abort once another call has sent it", async () => {
  const [a, b] = Pipe<number | string>({ byteCapacity: 64 });
  a.sendSync("x".repeat(50));
  const controller = new AbortController();
  const first = a.send(1, { signal: controller.signal });
  b.receiveSync();
  assertEquals(a.trySend(2), true); // and the first before it
  controller.abort("late");
  await first;
  assertEquals([b.tryReceive(), b.tryReceive()], [1, 2]);
});

Deno.test("PipeEnd.send() that is aborted makes way for those that need less room", async () => {
  const [a, b] = Pipe<number | string>({ byteCapacity: 64 });
  for (const n of range(0, 6)) a.sendSync(n); // 2 of 8 steps are left
  const controller = new AbortController();
  const { signal } = controller;
  const first = a.send("x".repeat(40), { signal }).catch((reason) => reason);
  const second = a.send(6, LIMIT);
  await turns();
  assertEquals(a.waitingToSend, 2);
  controller.abort("gone");
  assertEquals(await first, "gone");
  await second;
  assertEquals(b.receiveManySync(100), range(0, 7));
});

Deno.test("PipeEnd.send() asks for as much room as the next message needs", async () => {
  const [a, b] = Pipe<number | string>({ byteCapacity: 64 });
  for (const n of range(0, 8)) a.sendSync(n);
  const { store } = Atomics;
  const asked: number[] = [];
  Atomics.store = ((words: Int32Array, index: number, value: number) => {
    if (index !== WANTED) return store(words, index, value);
    asked.push(value);
    if (asked.length === 1) b.receiveManySync(7); // sees nobody waiting yet
    return store(words, index, value);
  }) as typeof store;
  const sent = a.sendMany(["x".repeat(40), "y".repeat(10)], LIMIT);
  Atomics.store = store;
  assertEquals(asked, [7, 3]);
  assertEquals([b.receiveSync(), b.receiveSync()], [7, "x".repeat(40)]);
  await sent;
  assertEquals(b.receiveSync(), "y".repeat(10));
});

Deno.test("PipeEnd.sendMany() sends all, in order", async () => {
  const [a, b] = Pipe<number>({ byteCapacity: 64 });
  for (const count of [0, 1, 7, 8, 9, 100]) {
    const sent = a.sendMany(range(0, count), LIMIT);
    for (const n of range(0, count)) assertEquals(await b.receive(LIMIT), n);
    await sent;
    assertEquals(b.tryReceive(), undefined);
  }
  a.sendManySync(new Set([1, 2, 3]));
  assertEquals(b.receiveManySync(5), [1, 2, 3]);
});

Deno.test("PipeEnd.sendMany() lets the other end see all at once", async () => {
  const [a, b] = Pipe<number>();
  const received = b.receiveMany(10);
  a.sendManySync(range(0, 5));
  assertEquals(await received, range(0, 5));
});

Deno.test("PipeEnd.trySendMany() tells how many there was room for", () => {
  const [a, b] = Pipe<number | string>({ byteCapacity: 64 });
  assertEquals(a.trySendMany([]), 0);
  assertEquals(a.trySendMany(range(0, 5)), 5);
  assertEquals(a.trySendMany(["x".repeat(40), 5]), 0); // in order
  assertEquals(a.trySendMany(range(5, 100)), 3);
  assertEquals(a.trySendMany([1]), 0);
  assertEquals(b.tryReceiveMany(100), range(0, 8));
});

Deno.test("PipeEnd.sendMany() of nothing does not wait", async () => {
  const [a, b] = Pipe<number>({ byteCapacity: 64 });
  const sent = a.sendMany(range(0, 9), LIMIT);
  await a.sendMany([], { timeoutMs: 0 });
  a.sendManySync([], { timeoutMs: 0 });
  assertEquals(await b.receiveMany(100), range(0, 8));
  assertEquals(await b.receive(LIMIT), 8);
  await sent;
});

Deno.test("PipeEnd.sendMany() given up has sent the first of them, each as a whole", async () => {
  for (const blocking of [true, false]) {
    const [a, b] = Pipe<number | string>({ byteCapacity: 64 });
    const values = [...range(0, 5), "x".repeat(500), 5];
    const late = { timeoutMs: 1 };
    const error = blocking
      ? howSync(() => a.sendManySync(values, late))
      : await how(() => a.sendMany(values, late));
    assertEquals(error, "TimeoutError");
    const controller = new AbortController();
    const sent = how(() => a.sendMany([6], { signal: controller.signal }));
    assertEquals(b.tryReceiveMany(100), range(0, 5));
    controller.abort("gone");
    if (await sent === "gone") a.sendSync(6);
    assertEquals([b.tryReceive(), b.tryReceive()], [6, undefined]);
  }
});

Deno.test("PipeEnd.receiveMany() receives what is there, at most so many", async () => {
  const [a, b] = Pipe<number>();
  assertEquals(b.tryReceiveMany(3), undefined);
  a.sendManySync(range(0, 10));
  assertEquals(b.tryReceiveMany(3), [0, 1, 2]);
  assertEquals(b.receiveManySync(1), [3]);
  assertEquals(await b.receiveMany(4), [4, 5, 6, 7]);
  assertEquals(await b.receiveMany(Number.MAX_SAFE_INTEGER), [8, 9]);
  assertEquals(b.tryReceiveMany(1), undefined);
  a.close();
  assertEquals([b.tryReceiveMany(1), b.receiveManySync(1)], [null, null]);
  assertEquals(await b.receiveMany(1), null);
});

Deno.test("PipeEnd.receiveMany() refuses what is no number of messages", async () => {
  const [a, b] = Pipe<number>();
  a.sendSync(1);
  for (const max of [0, -1, 1.5, NaN, Infinity]) {
    const text = `Cannot receive ${max} messages`;
    assertThrows(() => b.receiveManySync(max), RangeError, text);
    assertThrows(() => b.tryReceiveMany(max), RangeError, text);
    await assertRejects(() => b.receiveMany(max), RangeError, text);
  }
  assertEquals(b.receiveManySync(1), [1]);
});

Deno.test("PipeEnd.receiveMany() makes room for whoever waits to send", async () => {
  const [a, b] = Pipe<number | string>({ byteCapacity: 64 });
  const sent = a.sendMany([...range(0, 20), "x".repeat(300), 20], LIMIT);
  const got: unknown[] = [];
  while (got.length < 22) got.push(...(await b.receiveMany(3, LIMIT))!);
  assertEquals(got, [...range(0, 20), "x".repeat(300), 20]);
  await sent;
});
