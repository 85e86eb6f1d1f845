import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { HEAD, TAIL } from "../../sync/_pipe_memory.ts";
import { Lock } from "../../sync/lock.ts";
import { Pipe, PipeEnd, type PipeEndHandle } from "../../sync/pipe.ts";
import { threads } from "../../sync/threads.ts";
import { waitFor } from "../../sync/wait_options.ts";
import { LIMIT } from "./_doors.ts";
import { message, serialOf } from "./_pipe_bodies.ts";
import { how, howSync, turns } from "./_queue_ways.ts";
import { until } from "./_until.ts";

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

const bodies = threads<typeof import("./_pipe_bodies.ts")>(
  import.meta.resolve("./_pipe_bodies.ts"),
);

/** Much larger than the pipes here. */
const LARGE = message(200, 5000);

function pipe(): [PipeEnd<Uint8Array>, PipeEnd<Uint8Array>] {
  return Pipe<Uint8Array>({ byteCapacity: 256 });
}

/** Begins to send; some pieces are on their way when it returns. */
function begin(
  end: PipeEnd<Uint8Array>,
  signal?: AbortSignal,
): Promise<unknown> {
  const sent = how(() => end.send(LARGE, { signal }));
  assertEquals(end.waitingToSend, 1);
  return sent;
}

for (const seen of [false, true]) {
  const when = seen ? "after some pieces were received" : "before";

  Deno.test(`PipeEnd.send() aborted in the middle, ${when}, sent nothing`, async () => {
    const [a, b] = pipe();
    const controller = new AbortController();
    const sent = begin(a, controller.signal);
    if (seen) {
      assertEquals(b.tryReceive(), undefined);
      await turns();
    }
    controller.abort("gone");
    assertEquals(await waitFor(sent, LIMIT), "gone");
    const next = a.send(message(5, 20), LIMIT);
    assertEquals(serialOf((await b.receive(LIMIT))!), 5);
    await next;
    const large = a.send(message(6, 3000), LIMIT);
    assertEquals(serialOf((await b.receive(LIMIT))!), 6);
    await large;
    assertEquals([b.tryReceive(), a.waitingToSend], [undefined, 0]);
  });

  Deno.test(`PipeEnd.sendSync() timed out in the middle, ${when}, sent nothing`, () => {
    const [a, b] = pipe();
    assertEquals(
      howSync(() => a.sendSync(LARGE, { timeoutMs: 2 })),
      "TimeoutError",
    );
    if (seen) assertEquals(b.tryReceive(), undefined);
    assertEquals(
      howSync(() => a.sendSync(LARGE, { timeoutMs: 2 })),
      "TimeoutError",
    );
    assertEquals(b.tryReceive(), undefined);
    a.sendSync(message(5, 20), LIMIT);
    assertEquals(serialOf(b.receiveSync(LIMIT)!), 5);
    assertEquals(b.tryReceive(), undefined);
  });

  Deno.test(`PipeEnd.close() in the middle of a message, ${when}, ends the pipe without it`, async () => {
    const [a, b] = pipe();
    a.sendSync(message(1, 10));
    const sent = begin(a);
    if (seen) {
      assertEquals(serialOf(b.receiveSync()!), 1);
      assertEquals(b.tryReceive(), undefined);
    }
    a.close();
    assertEquals(await waitFor(sent, LIMIT), "Interrupted");
    if (!seen) assertEquals(serialOf(b.receiveSync()!), 1);
    assertEquals([b.tryReceive(), b.receiveSync(LIMIT)], [null, null]);
  });
}

Deno.test("PipeEnd.receive() aborted in the middle keeps what has arrived", async () => {
  const [a, b] = pipe();
  const sent = a.send(LARGE, LIMIT);
  for (let round = 0; round < 3; round++) {
    const controller = new AbortController();
    const received = how(() => b.receive({ signal: controller.signal }));
    controller.abort("gone");
    assertEquals(await received, "gone");
    assertEquals(
      howSync(() => b.receiveSync({ timeoutMs: 0 })),
      "TimeoutError",
    );
    assertEquals(await how(() => b.receive({ timeoutMs: 0 })), "TimeoutError");
    assertEquals(a.waitingToSend, 1);
    await turns();
  }
  assertEquals(await b.receive(LIMIT), LARGE);
  await sent;
});

Deno.test("PipeEnd.tryReceive() brings a large message along, piece by piece", async () => {
  const [a, b] = pipe();
  const sent = a.send(LARGE, LIMIT);
  let rounds = 0;
  let value: Uint8Array | null | undefined;
  await until(() => {
    if (rounds % 2 === 0) value = b.tryReceive();
    else value = b.tryReceiveMany(5)?.[0];
    rounds++;
    return value !== undefined;
  });
  assertEquals(value, LARGE);
  assert(rounds > 5000 / 256, `${rounds}`);
  await sent;
});

Deno.test("PipeEnd.receive() of others in the middle of a message drops it", async () => {
  const [a, b] = pipe();
  // 20 pieces each: the ring holds four.
  const sent = [1, 2].map((serial) => a.send(message(serial, 954)));
  assertEquals(b.tryReceive(), undefined); // has the beginning of the first
  const other = PipeEnd.attach<Uint8Array>(b.share());
  for (let look = 0; look < 5; look++) { // its rest, and as much of the second
    await turns();
    assertEquals(other.tryReceive(), undefined);
  }
  await turns();
  const next = a.send(message(7, 3000), LIMIT);
  assertEquals(serialOf((await b.receive(LIMIT))!), 7);
  await Promise.all([...sent, next]);
  assertEquals(b.tryReceive(), undefined);
});

Deno.test("PipeEnd.receive() sees no part of a message whose thread died", async () => {
  for (const seen of [false, true]) {
    const [here, there] = pipe();
    const thread = bodies.start("send", [there as never, LARGE]);
    const isStuck = () =>
      thread.state === "blocked" && there.waitingToSend === 1;
    await until(isStuck);
    if (seen) {
      assertEquals(here.tryReceive(), undefined); // the beginning
      await until(isStuck);
    }
    await thread.terminate(LIMIT);
    assertEquals(await here.receive(LIMIT), null);
    assertEquals(here.tryReceive(), null);
  }
});
