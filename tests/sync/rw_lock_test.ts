import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import type { Guard } from "../../sync/guard.ts";
import { RwLock } from "../../sync/rw_lock.ts";
import { until } from "./_until.ts";

/** So that a test that fails does not hang. */
const LIMIT = { timeoutMs: 10_000 };

/** Who reads, writes and waits. */
function stateOf(lock: RwLock): [number, boolean, number] {
  return [lock.readers, lock.writing, lock.waiting];
}

const FREE = [0, false, 0];

Deno.test("RwLock lets many read at once, and one write", async () => {
  const lock = new RwLock();
  const readers = await Promise.all([1, 2, 3].map(() => lock.read(LIMIT)));
  readers.push(lock.readSync(LIMIT), lock.tryRead()!);
  assertEquals(stateOf(lock), [5, false, 0]);
  assertEquals(lock.tryWrite(), undefined);
  for (const reader of readers) reader.release();
  assertEquals(stateOf(lock), FREE);
  using _writer = await lock.write(LIMIT);
  assertEquals(stateOf(lock), [0, true, 0]);
  assertEquals([lock.tryRead(), lock.tryWrite()], [undefined, undefined]);
});

Deno.test("RwLock gives guards that release once", async () => {
  const lock = new RwLock();
  const [first, second] = [await lock.read(LIMIT), lock.tryRead()!];
  first.release();
  first.release();
  first[Symbol.dispose]();
  assertEquals(lock.readers, 1);
  second[Symbol.dispose]();
  const writer = await lock.write(LIMIT);
  writer.release();
  const other = lock.tryWrite()!;
  writer.release(); // spent, whoever writes now
  assertEquals(lock.writing, true);
  other.release();
  for (const take of ["readSync", "writeSync"] as const) {
    {
      using guard = lock[take](LIMIT);
      guard.release();
    }
    assertEquals(stateOf(lock), FREE);
  }
});

Deno.test("RwLock.attach() uses the same lock", async () => {
  const lock = new RwLock();
  const same = RwLock.attach(structuredClone(lock.share()));
  using _reader = await lock.read(LIMIT);
  assertEquals([same.readers, same.tryWrite()], [1, undefined]);
});

Deno.test("RwLock.tryRead() and tryWrite() leave nothing behind if they fail", async () => {
  const lock = new RwLock();
  const reader = await lock.read(LIMIT);
  assertEquals(lock.tryWrite(), undefined);
  assertEquals(stateOf(lock), [1, false, 0]);
  lock.tryRead()!.release();
  reader.release();
  const writer = lock.tryWrite()!;
  assertEquals(lock.tryRead(), undefined);
  assertEquals(stateOf(lock), [0, true, 0]);
  writer.release();
  assertEquals(stateOf(lock), FREE);
  lock.tryWrite()!.release();
});

Deno.test("RwLock.write() waits for all readers, and keeps new ones out", async () => {
  const lock = new RwLock();
  const [first, second] = [await lock.read(LIMIT), await lock.read(LIMIT)];
  const order: string[] = [];
  const writer = lock.write(LIMIT);
  await until(() => lock.writing);
  const reader = lock.read(LIMIT);
  assertEquals([lock.tryRead(), lock.tryWrite()], [undefined, undefined]);
  await assertRejects(() => lock.read({ timeoutMs: 5 }), DOMException);
  writer.then(() => order.push("written"));
  reader.then(() => order.push("read"));
  await until(() => lock.waiting === 1);
  first.release();
  await new Promise((resolve) => setTimeout(resolve)); // a turn of the loop
  assertEquals([order, lock.readers], [[], 1]);
  second.release();
  const guard = await writer;
  assertEquals([order, lock.readers], [["written"], 0]);
  guard.release();
  (await reader).release();
  assertEquals([order, stateOf(lock)], [["written", "read"], FREE]);
});

Deno.test("RwLock lets all readers in that wait behind a writer", async () => {
  const lock = new RwLock();
  const writer = await lock.write(LIMIT);
  const waits = [1, 2, 3, 4, 5].map(() => lock.read(LIMIT));
  await until(() => lock.waiting === 5);
  writer.release();
  const readers = await Promise.all(waits); // though none has left
  assertEquals(stateOf(lock), [5, false, 0]);
  for (const reader of readers) reader.release();
});

Deno.test("RwLock lets writers in one after the other, in order", async () => {
  const lock = new RwLock();
  const log: number[] = [];
  const writer = await lock.write(LIMIT);
  const waits = [1, 2, 3, 4].map(async (me) => {
    using _writer = await lock.write(LIMIT);
    log.push(me);
    await new Promise((resolve) => setTimeout(resolve));
    log.push(me);
  });
  await until(() => lock.waiting === 4);
  writer.release();
  await Promise.all(waits);
  assertEquals(log, [1, 1, 2, 2, 3, 3, 4, 4]);
});

Deno.test("RwLock.write() that gives up lets readers in again", async () => {
  const lock = new RwLock();
  const first = await lock.read(LIMIT);
  const reason = new Error("enough");
  const stop = new AbortController();
  const endings: [() => Promise<Guard>, (error: unknown) => void][] = [
    [() => lock.write({ timeoutMs: 20 }), (error) => {
      assertEquals((error as DOMException).name, "TimeoutError");
    }],
    [() => lock.write({ ...LIMIT, signal: stop.signal }), (error) => {
      assertStrictEquals(error, reason);
    }],
  ];
  for (const [write, check] of endings) {
    let over = false;
    const failed = write().catch((error) => error).finally(() => over = true);
    await until(() => lock.writing || over);
    const waiting = lock.read(LIMIT);
    await until(() => lock.waiting === 1 || over);
    if (write === endings[1]![0]) stop.abort(reason);
    check(await failed);
    const reader = await waiting;
    assertEquals(stateOf(lock), [2, false, 0]);
    reader.release();
    lock.tryRead()!.release();
  }
  assertEquals(lock.tryWrite(), undefined);
  first.release();
  lock.tryWrite()!.release();
});

Deno.test("RwLock.write() with no time fails at once if somebody reads", async () => {
  const lock = new RwLock();
  (await lock.write({ timeoutMs: 0 })).release();
  (await lock.read({ timeoutMs: 0 })).release();
  const reader = await lock.read(LIMIT);
  await assertRejects(() => lock.write({ timeoutMs: 0 }), DOMException);
  assertEquals(stateOf(lock), [1, false, 0]);
  reader.release();
  using _writer = lock.writeSync({ timeoutMs: 0 });
  await assertRejects(() => lock.read({ timeoutMs: 0 }), DOMException);
  await assertRejects(() => lock.write({ timeoutMs: 0 }), DOMException);
  assertEquals(stateOf(lock), [0, true, 0]);
});

Deno.test("RwLock.read() that gives up behind a writer holds nothing", async () => {
  const lock = new RwLock();
  const writer = await lock.write(LIMIT);
  const stop = new AbortController();
  const aborted = lock.read({ ...LIMIT, signal: stop.signal });
  const late = lock.read({ timeoutMs: 5 });
  const writers = lock.write({ timeoutMs: 5 });
  stop.abort(new Error("enough"));
  await assertRejects(() => aborted, Error, "enough");
  await assertRejects(() => late, DOMException, "within 5 ms");
  await assertRejects(() => writers, DOMException, "within 5 ms");
  assertEquals(stateOf(lock), [0, true, 0]);
  writer.release();
  assertEquals(stateOf(lock), FREE);
});

Deno.test("RwLock takes nothing if it was aborted before, or by a bad timeout", async () => {
  const lock = new RwLock();
  const options = { signal: AbortSignal.abort(new Error("too late")) };
  for (const take of ["read", "write"] as const) {
    await assertRejects(() => lock[take](options), Error, "too late");
    for (const timeoutMs of [-1, NaN]) {
      await assertRejects(() => lock[take]({ timeoutMs }), RangeError);
      const block = () => lock[`${take}Sync`]({ timeoutMs });
      assertThrows(block, RangeError);
    }
  }
  assertEquals(stateOf(lock), FREE);
});

Deno.test("RwLock.writeSync() is refused while this thread reads or writes", async () => {
  const lock = new RwLock();
  const guards = [lock.readSync(LIMIT), await lock.read(LIMIT)];
  for (const guard of guards) {
    assertThrows(() => lock.writeSync(LIMIT), TypeError, "this thread reads");
    guard.release();
  }
  using _writer = lock.writeSync(LIMIT);
  const again = () => lock.writeSync({ timeoutMs: 5 });
  assertThrows(again, TypeError, "this thread writes");
  assertEquals(stateOf(lock), [0, true, 0]);
});

Deno.test("RwLock.readSync() is refused while this thread writes", async () => {
  const lock = new RwLock();
  const writes = [() => lock.writeSync(LIMIT), () => lock.write(LIMIT)];
  for (const write of writes) {
    const writer = await write();
    assertThrows(() => lock.readSync(LIMIT), TypeError, "this thread writes");
    assertEquals(stateOf(lock), [0, true, 0]);
    writer.release();
    lock.readSync(LIMIT).release();
  }
});

Deno.test("RwLock.readSync() reads once more while a writer waits for this thread", async () => {
  const lock = new RwLock();
  const outer = lock.readSync(LIMIT);
  const writer = lock.write(LIMIT);
  await until(() => lock.writing);
  const inner = lock.readSync(LIMIT);
  assertEquals(lock.readers, 2);
  outer.release();
  assertEquals(lock.readers, 1);
  inner.release();
  (await writer).release();
  assertEquals(stateOf(lock), FREE);
});

Deno.test("RwLock.markConsistent() is refused unless this thread writes", async () => {
  const lock = new RwLock();
  assertThrows(() => lock.markConsistent(), TypeError);
  using _reader = await lock.read(LIMIT);
  assertThrows(() => lock.markConsistent(), TypeError);
  assertEquals(lock.ownerDied, false);
});

Deno.test("RwLock keeps tasks that read and write apart", async () => {
  const lock = new RwLock();
  let [left, right] = [0, 0];
  const turn = () => new Promise((resolve) => setTimeout(resolve));
  await Promise.all(Array.from({ length: 12 }, async (_, me) => {
    for (let round = 0; round < 10; round++) {
      if ((me + round) % 4 > 0) {
        using _reader = await lock.read(LIMIT);
        const seen = left;
        await turn();
        assertEquals([left, right], [seen, seen]);
      } else {
        using _writer = await lock.write(LIMIT);
        left++;
        await turn();
        assertEquals(left, ++right);
      }
    }
  }));
  assertEquals([left, right], [30, 30]);
  assert(!lock.writing);
  assertEquals(stateOf(lock), FREE);
});
