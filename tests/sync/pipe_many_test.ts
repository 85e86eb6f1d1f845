import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Pipe } from "../../sync/pipe.ts";
import { LIMIT } from "./_doors.ts";
import { how, howSync, range } from "./_queue_ways.ts";

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
