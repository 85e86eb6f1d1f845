import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { collect, deposit } from "../../sync/_parcels.ts";
import { Lock } from "../../sync/lock.ts";
import { Pipe } from "../../sync/pipe.ts";
import { isTimeout } from "../../sync/wait_options.ts";
import { LIMIT } from "./_doors.ts";
import { message, serialOf } from "./_pipe_bodies.ts";
import { how, howSync } from "./_queue_ways.ts";

/** What a message takes besides the octets of an array: its head, and tags. */
const HEAD = 8 + 6;

/** Sizes around those at which a pipe changes its ways. */
function sizesFor(capacity: number): number[] {
  const around = [0, HEAD, capacity / 4, capacity / 2, capacity, 2 * capacity];
  const near = [-HEAD - 1, -HEAD, -9, -8, -7, -1, 0, 1, 7, 8, 9];
  const sizes = around.flatMap((size) => near.map((by) => size + by));
  return [...new Set(sizes.filter((size) => size >= 0))];
}

for (const capacity of [64, 128, 1024]) {
  Deno.test(`PipeEnd.send() of any size goes through ${capacity} octets, from anywhere in the ring`, async () => {
    const [a, b] = Pipe<Uint8Array | number>({ byteCapacity: capacity });
    for (const size of sizesFor(capacity)) {
      const value = message(size, size);
      for (let shift = 0; shift < 3; shift++) {
        a.sendSync(shift); // so that the next message begins elsewhere
        assertEquals(b.receiveSync(), shift);
        const sent = a.send(value, LIMIT);
        assertEquals(await b.receive(LIMIT), value, `${size}`);
        await sent;
      }
    }
    assertEquals(b.tryReceive(), undefined);
  });
}

Deno.test("PipeEnd.trySend() sends the whole of a message, or nothing", () => {
  const [a, b] = Pipe<Uint8Array>({ byteCapacity: 1024 });
  const largest = new Uint8Array(1024 - HEAD).fill(1);
  assertEquals(a.trySend(largest), true);
  assertEquals(a.trySend(new Uint8Array(0)), false);
  assertEquals(b.tryReceive(), largest);
  assertEquals(a.trySend(new Uint8Array(500)), true);
  assertEquals(a.trySend(largest), false);
  assertEquals(b.tryReceive()?.length, 500);
  assertEquals(a.trySend(largest), true);
  const tooLarge = new Uint8Array(1024 - HEAD + 1);
  for (let round = 0; round < 2; round++) { // full, then empty
    assertThrows(() => a.trySend(tooLarge), RangeError, "without waiting");
    assertThrows(() => a.trySendMany([tooLarge]), RangeError);
    if (round === 0) assertEquals(b.tryReceive(), largest);
  }
  assertEquals(b.tryReceive(), undefined);
});

Deno.test("PipeEnd.send() with timeoutMs 0 sends what there is room for now", async () => {
  const [a, b] = Pipe<Uint8Array>({ byteCapacity: 64 });
  const now = { timeoutMs: 0 };
  a.sendSync(new Uint8Array(20), now);
  await a.send(new Uint8Array(5), now);
  for (const size of [20, 1000]) {
    const value = new Uint8Array(size);
    const error = assertThrows(() => a.sendSync(value, now), DOMException);
    assertEquals(isTimeout(error), true);
    const late = await assertRejects(() => a.send(value, now), DOMException);
    assertEquals(isTimeout(late), true);
  }
  assertEquals([b.receiveSync()?.length, b.receiveSync()?.length], [20, 5]);
  assertEquals(b.tryReceive(), undefined);
});

Deno.test("PipeEnd.send() keeps order among large and small messages", async () => {
  const [a, b] = Pipe<Uint8Array>({ byteCapacity: 256 });
  const sizes = Array.from({ length: 100 }, (_, i) => i * 37 % 11 * 60);
  const sent = sizes.map((size, serial) => a.send(message(serial, size)));
  for (const serial of sizes.keys()) {
    assertEquals(serialOf((await b.receive(LIMIT))!), serial);
  }
  await Promise.all(sent);
  assertEquals([a.waitingToSend, b.waitingToReceive], [0, 0]);
});

/** Keys of what the host is to keep next: those of one thread count up. */
function nextKeys(count: number): Uint8Array[] {
  const key = deposit(0, []);
  collect(key);
  return Array.from({ length: count }, (_, index) => {
    const [thread, last] = new Int32Array(key.slice().buffer);
    return new Uint8Array(Int32Array.of(thread!, last! + 1 + index).buffer);
  });
}

/** Fails if the host keeps something under one of these keys. */
function assertForgotten(keys: readonly Uint8Array[]): void {
  for (const key of keys) assertThrows(() => collect(key), TypeError);
}

Deno.test("PipeEnd.send() leaves nothing with the host that was not sent", async () => {
  const [a, b] = Pipe<Lock | number>({ byteCapacity: 64 });
  const lock = new Lock();
  while (a.trySend(0));
  const keys = nextKeys(9);
  const late = { timeoutMs: 1 };
  assertEquals(a.trySend(lock), false);
  assertEquals(a.trySendMany([lock, lock]), 0);
  assertEquals(howSync(() => a.sendSync(lock, late)), "TimeoutError");
  assertEquals(howSync(() => a.sendManySync([1, lock], late)), "TimeoutError");
  assertEquals(await how(() => a.send(lock, late)), "TimeoutError");
  assertEquals(await how(() => a.sendMany([lock], late)), "TimeoutError");
  const values = [lock, () => {}] as unknown as Lock[];
  assertEquals(howSync(() => a.sendManySync(values)), "TypeError");
  const last = how(() => a.send(lock));
  a.close();
  assertEquals(await last, "Interrupted");
  assertEquals(b.receiveManySync(100)?.length, 8);
  assertForgotten(keys);
});

Deno.test("PipeEnd.close() leaves nothing with the host that is not received", () => {
  const [a, b] = Pipe<Lock>();
  const keys = nextKeys(3);
  a.sendManySync([new Lock(), new Lock(), new Lock()]);
  assert(b.receiveSync() instanceof Lock);
  b.close();
  assertForgotten(keys);
});

Deno.test("PipeEnd.receive() fails for a message that cannot be made again, and goes on", async () => {
  const [a, b] = Pipe<Lock | number>();
  const lock = new Lock();
  for (const way of ["many", "one", "waiting"]) {
    const [key] = nextKeys(1);
    const wait = way === "waiting" ? how(() => b.receive()) : undefined;
    a.sendManySync(way === "many" ? [1, lock, 2] : [lock, 2]);
    collect(key!);
    if (way === "many") {
      assertEquals(b.receiveManySync(9), [1]);
      assertEquals(howSync(() => b.receiveManySync(9)), "TypeError");
      assertEquals(b.receiveManySync(9), [2]);
    } else {
      assertEquals(await (wait ?? how(() => b.receive())), "TypeError");
      assertEquals(b.tryReceive(), 2);
    }
    assertEquals(b.tryReceive(), undefined);
  }
});
