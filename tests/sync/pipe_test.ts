import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { HEAD, TAIL } from "../../sync/_pipe_memory.ts";
import { Lock } from "../../sync/lock.ts";
import { Pipe, PipeEnd, type PipeEndHandle } from "../../sync/pipe.ts";
import { LIMIT } from "./_doors.ts";

Deno.test("Pipe() gives two ends, each of which sends to the other", async () => {
  const [a, b] = Pipe();
  a.sendSync("to b");
  b.sendSync("to a");
  assertEquals([a.receiveSync(), b.receiveSync()], ["to a", "to b"]);
  await a.send("to b");
  assertEquals(b.trySend("to a"), true);
  assertEquals([await b.receive(), a.tryReceive()], ["to b", "to a"]);
  assertEquals([a.tryReceive(), b.tryReceive()], [undefined, undefined]);
  assertEquals([a.closed, b.closed], [false, false]);
  assertEquals([a.waitingToSend, a.waitingToReceive], [0, 0]);
});

Deno.test("Pipe() holds what it is told, rounded up to a power of 2", () => {
  assertEquals(Pipe()[0].byteCapacity, 65_536);
  const rounded = [[1, 64], [64, 64], [65, 128], [1000, 1024], [4096, 4096]];
  for (const [byteCapacity, expected] of rounded) {
    const [a, b] = Pipe<number>({ byteCapacity });
    assertEquals([a.byteCapacity, b.byteCapacity], [expected, expected]);
    let count = 0;
    while (a.trySend(count)) count++;
    assertEquals(count, expected! / 8);
  }
  for (const byteCapacity of [0, -1, 1.5, NaN, Infinity, 2 ** 28 + 1]) {
    assertThrows(
      () => Pipe({ byteCapacity }),
      RangeError,
      `got ${byteCapacity}`,
    );
  }
});

Deno.test("PipeEnd.send() keeps every kind of value", async () => {
  const [a, b] = Pipe();
  const values: NonNullable<unknown>[] = [
    ...[0, -0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 0.5, NaN, -Infinity],
    ...["", "text", "x".repeat(500), "\u{1f40c}", "\ud800"],
    ...[true, false, 0n, -1n, 2n ** 63n, 2n ** 64n],
    ...[[], [1, 2, 3], [null, undefined, [0.5]], {}, { a: { b: [1] } }],
    new Uint8Array([1, 2, 3]),
    new Float64Array([0.5, NaN]),
    new ArrayBuffer(5),
    new Map<unknown, unknown>([[1, "one"], ["two", { n: 2 }]]),
    new Set([1, "two"]),
    new Date(5),
    /x+/gi,
  ];
  for (const value of values) {
    a.sendSync(value);
    const same = await b.receive(LIMIT);
    assertEquals(same, value);
    assert(typeof value !== "number" || Object.is(same, value));
  }
  a.sendManySync(values);
  assertEquals(b.receiveManySync(values.length), values);
  a.sendSync(new RangeError("too far", { cause: 5 }));
  const error = b.receiveSync();
  assert(error instanceof RangeError);
  assertEquals([error.message, error.cause], ["too far", 5]);
});

Deno.test("PipeEnd.send() copies the value at once", async () => {
  const [a, b] = Pipe<number[]>({ byteCapacity: 64 });
  const value = [1, 2];
  const sent = Array.from({ length: 20 }, () => a.send(value));
  sent.push(a.sendMany([value, value]));
  value[0] = 99;
  for (let i = 0; i < 22; i++) assertEquals(await b.receive(LIMIT), [1, 2]);
  await Promise.all(sent);
});

Deno.test("PipeEnd.send() refuses what means something else to the receiver", async () => {
  const [a, b] = Pipe();
  for (const value of [null, undefined] as never[]) {
    const why = value === null ? "the end of the pipe" : "there is nothing";
    assertThrows(() => a.sendSync(value), TypeError, why);
    assertThrows(() => a.trySend(value), TypeError, why);
    await assertRejects(() => a.send(value), TypeError, why);
    assertThrows(() => a.sendManySync([1, value]), TypeError, why);
    assertThrows(() => a.trySendMany([1, value]), TypeError, why);
    await assertRejects(() => a.sendMany([1, value]), TypeError, why);
  }
  assertEquals(b.tryReceive(), undefined);
});

Deno.test("PipeEnd.send() refuses what cannot go to another thread", async () => {
  const [a, b] = Pipe();
  for (const value of [() => {}, Symbol(), { deep: [() => {}] }]) {
    assertThrows(() => a.sendSync(value), TypeError, "belongs to its thread");
    await assertRejects(() => a.send(value), TypeError);
    assertThrows(() => a.trySend(value), TypeError);
    assertThrows(() => a.sendManySync([1, value, 2]), TypeError);
  }
  assertEquals(b.tryReceive(), undefined);
});

Deno.test("PipeEnd.attach() takes a handle of a PipeEnd only", () => {
  const [a, b] = Pipe<number>();
  const same = PipeEnd.attach<number>(structuredClone(a.share()));
  same.sendSync(5);
  assertEquals(b.receiveSync(), 5);
  const lock = new Lock().share();
  const { incoming: _, ...half } = a.share();
  const wrong: unknown[] = [
    lock,
    { ...a.share(), incoming: lock.buffer },
    { ...a.share(), buffer: lock.buffer },
    half,
    { type: "PipeEnd" },
    {},
    5,
    undefined,
  ];
  for (const handle of wrong) {
    const attaching = () => PipeEnd.attach(handle as PipeEndHandle);
    assertThrows(attaching, TypeError, "Cannot attach a PipeEnd");
  }
});

Deno.test("Pipe() goes on when its positions wrap around", () => {
  for (const start of [2 ** 31 - 1, 2 ** 31 - 7, 2 ** 31 - 64, -1, -7, -64]) {
    const [first, second] = Pipe<number | string>({ byteCapacity: 64 });
    const words = new Int32Array(first.share().buffer);
    words[TAIL] = words[HEAD] = start;
    const sender = PipeEnd.attach<number | string>(first.share());
    const receiver = PipeEnd.attach<number | string>(second.share());
    for (let i = 0; i < 100; i++) {
      const value = i % 3 === 0 ? `text ${i}` : i;
      assertEquals([sender.trySend(value), receiver.tryReceive()], [
        true,
        value,
      ]);
    }
    assertEquals(words[TAIL], words[HEAD]);
    assert((words[TAIL]! - start | 0) >= 100);
    while (sender.trySend(0));
    assertEquals(receiver.tryReceiveMany(100), Array(8).fill(0));
  }
});
