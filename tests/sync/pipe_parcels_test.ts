import { assert, assertEquals, assertThrows } from "@std/assert";
import { collect, deposit } from "../../sync/_parcels.ts";
import { Lock } from "../../sync/lock.ts";
import { Pipe } from "../../sync/pipe.ts";
import { how, howSync } from "./_queue_ways.ts";

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
