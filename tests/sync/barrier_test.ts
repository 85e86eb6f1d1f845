import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Barrier } from "../../sync/barrier.ts";
import { BrokenBarrierError } from "../../sync/broken_barrier.ts";
import { until } from "./_until.ts";

/** So that a test that fails does not hang. */
const LIMIT = { timeoutMs: 10_000 };

/** Waits to be refused; answers why. */
async function refused(wait: Promise<number>): Promise<unknown> {
  const error = await assertRejects(() => wait, BrokenBarrierError);
  assertEquals(error.code, "broken-barrier");
  return error.cause;
}

/** Lets tasks wait beside each other. */
function enter(barrier: Barrier, count: number): Promise<number>[] {
  return Array.from({ length: count }, () => barrier.wait(LIMIT));
}

/** Whether the barrier works. */
async function works(barrier: Barrier): Promise<boolean> {
  const order = await Promise.all(enter(barrier, barrier.parties));
  return order.every((place, index) => place === index) && !barrier.broken;
}

Deno.test("Barrier.wait() lets nobody pass until all have arrived, in their order", async () => {
  const barrier = new Barrier(5);
  let passed = 0;
  const waits: Promise<number>[] = [];
  for (let arrived = 0; arrived < 5; arrived++) {
    assertEquals([barrier.waiting, passed], [arrived, 0]);
    const wait = barrier.wait(LIMIT);
    wait.then(() => passed++);
    waits.push(wait);
    // A turn of the event loop in which nobody may pass.
    await new Promise((resolve) => setTimeout(resolve));
  }
  assertEquals(await Promise.all(waits), [0, 1, 2, 3, 4]);
  assertEquals([barrier.waiting, barrier.broken, barrier.parties], [
    0,
    false,
    5,
  ]);
});

Deno.test("Barrier.wait() keeps the odd one until the next group is complete", async () => {
  const barrier = new Barrier(2);
  const [first, second, third] = enter(barrier, 3);
  assertEquals(await Promise.all([first, second]), [0, 1]);
  assertEquals(barrier.waiting, 1);
  assertEquals(await barrier.wait(LIMIT), 1);
  assertEquals([await third, barrier.waiting], [0, 0]);
});

Deno.test("Barrier can be used again at once, for 1000 rounds of 3 tasks", async () => {
  const barrier = new Barrier(3);
  const places: number[][] = [];
  await Promise.all([0, 1, 2].map(async () => {
    for (let round = 0; round < 1000; round++) {
      const place = await barrier.wait(LIMIT);
      (places[round] ??= []).push(place);
    }
  }));
  for (const round of places) assertEquals(round.sort(), [0, 1, 2]);
  assertEquals([places.length, barrier.waiting], [1000, 0]);
});

Deno.test("Barrier for one party lets it pass at once", async () => {
  let groups = 0;
  const barrier = new Barrier(1, { action: () => groups++ });
  assertEquals(barrier.waitSync({ timeoutMs: 0 }), 0);
  assertEquals(await barrier.wait({ timeoutMs: 0 }), 0);
  assertEquals([groups, barrier.waiting, barrier.broken], [2, 0, false]);
});

Deno.test("Barrier refuses what is no number of parties, and no time", async () => {
  for (const parties of [0, -1, 1.5, NaN, Infinity, 4096]) {
    assertThrows(() => new Barrier(parties), RangeError, `for ${parties} par`);
  }
  assertEquals(new Barrier(4095).parties, 4095);
  for (const timeoutMs of [-1, NaN]) {
    assertThrows(() => new Barrier(2, { timeoutMs }), RangeError);
    const barrier = new Barrier(2);
    await assertRejects(() => barrier.wait({ timeoutMs }), RangeError);
    assertThrows(() => barrier.waitSync({ timeoutMs }), RangeError);
    assertEquals([barrier.waiting, barrier.broken], [0, false]);
  }
});

Deno.test("Barrier.attach() uses the same barrier, with its timeout", async () => {
  const barrier = new Barrier(2, { timeoutMs: 5 });
  const same = Barrier.attach(structuredClone(barrier.share()));
  assertEquals(same.parties, 2);
  const [first] = enter(barrier, 1);
  assertEquals([same.waiting, await same.wait(), await first], [1, 1, 0]);
  const cause = await refused(same.wait()) as DOMException;
  assertEquals([cause.name, barrier.broken], ["TimeoutError", true]);
});

Deno.test("Barrier calls its action once for each group, before anybody passes", async () => {
  const events: string[] = [];
  const barrier = new Barrier(3, { action: () => events.push("action") });
  for (let group = 0; group < 2; group++) {
    const waits = enter(barrier, 3);
    for (const wait of waits) wait.then((place) => events.push(`${place}`));
    assertEquals(await Promise.all(waits), [0, 1, 2]);
    assertEquals(events.splice(0)[0], "action");
    assertEquals(events.includes("action"), false);
  }
});

Deno.test("Barrier whose action throws is broken until it is reset", async () => {
  const failure = new Error("not today");
  let fails = true;
  const action = () => {
    if (fails) throw failure;
  };
  const barrier = new Barrier(3, { action });
  const waits = enter(barrier, 2);
  const last = await assertRejects(() => barrier.wait(LIMIT));
  assertStrictEquals(last, failure);
  for (const wait of waits) assertEquals(await refused(wait), undefined);
  assertEquals([barrier.broken, barrier.waiting], [true, 0]);
  assertEquals(await refused(barrier.wait(LIMIT)), undefined);
  barrier.reset();
  fails = false;
  assertEquals(await works(barrier), true);
});

Deno.test("Barrier whose action calls abort() lets nobody pass", async () => {
  const barrier: Barrier = new Barrier(2, { action: () => barrier.abort() });
  for (const wait of enter(barrier, 2)) await refused(wait);
  assertEquals(barrier.broken, true);
});

Deno.test("Barrier.wait() that times out breaks it for all", async () => {
  const barrier = new Barrier(4);
  const others = enter(barrier, 2);
  const cause = await refused(barrier.wait({ timeoutMs: 5 })) as DOMException;
  assertEquals([cause instanceof DOMException, cause.name], [
    true,
    "TimeoutError",
  ]);
  for (const wait of others) assertEquals(await refused(wait), undefined);
  assertEquals([barrier.broken, barrier.waiting], [true, 0]);
  assertEquals(await refused(barrier.wait(LIMIT)), undefined); // at once
  assertThrows(() => barrier.waitSync(LIMIT), BrokenBarrierError);
});

Deno.test("Barrier.wait() that is aborted breaks it for all", async () => {
  const barrier = new Barrier(3);
  const [other] = enter(barrier, 1);
  const stop = new AbortController();
  const wait = barrier.wait({ ...LIMIT, signal: stop.signal });
  assertEquals(barrier.waiting, 2);
  const reason = new Error("enough");
  stop.abort(reason);
  assertStrictEquals(await refused(wait), reason);
  assertEquals([await refused(other!), barrier.broken], [undefined, true]);
});

Deno.test("Barrier.wait() that was aborted before leaves it untouched", async () => {
  const barrier = new Barrier(2);
  const [other] = enter(barrier, 1);
  const reason = new Error("too late");
  const options = { signal: AbortSignal.abort(reason) };
  assertStrictEquals(
    await assertRejects(() => barrier.wait(options)),
    reason,
  );
  assertEquals([barrier.waiting, barrier.broken], [1, false]);
  assertEquals([await barrier.wait(LIMIT), await other], [1, 0]);
});

Deno.test("Barrier.wait() passes by an abort that comes after the last", async () => {
  const barrier = new Barrier(2);
  const stop = new AbortController();
  const wait = barrier.wait({ ...LIMIT, signal: stop.signal });
  const last = barrier.wait(LIMIT);
  stop.abort(); // the first has not seen yet that it may pass
  assertEquals([await wait, await last, barrier.broken], [0, 1, false]);
});

Deno.test("Barrier.wait() with no time passes as the last, or breaks it", async () => {
  const barrier = new Barrier(2);
  const [other] = enter(barrier, 1);
  assertEquals(await barrier.wait({ timeoutMs: 0 }), 1);
  assertEquals(await other, 0);
  await refused(barrier.wait({ timeoutMs: 0 }));
  assertEquals(barrier.broken, true);
});

Deno.test("Barrier has a timeout for the waits that have none of their own", async () => {
  const barrier = new Barrier(2, { timeoutMs: 5 });
  const wait = barrier.wait(LIMIT);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals([await barrier.wait(), await wait], [1, 0]);
  const cause = await refused(barrier.wait({ timeoutMs: undefined }));
  assertEquals((cause as DOMException).name, "TimeoutError");
  barrier.reset();
  assertThrows(() => barrier.waitSync(), BrokenBarrierError);
});

Deno.test("Barrier.reset() refuses those who wait, and lets others begin again", async () => {
  const barrier = new Barrier(3);
  const waits = enter(barrier, 2);
  barrier.reset();
  assertEquals([barrier.waiting, barrier.broken], [0, false]);
  const next = enter(barrier, 3); // before the first have seen it
  for (const wait of waits) assertEquals(await refused(wait), undefined);
  assertEquals(await Promise.all(next), [0, 1, 2]);
  barrier.reset(); // of one that is whole
  assertEquals(await works(barrier), true);
});

Deno.test("Barrier.reset() lets nobody pass, however often it is called", async () => {
  for (let times = 1; times <= 20; times++) {
    const barrier = new Barrier(2);
    const [wait] = enter(barrier, 1);
    for (let reset = 0; reset < times; reset++) barrier.reset();
    await refused(wait!);
  }
});

Deno.test("Barrier.reset() stops nobody who was to pass", async () => {
  const barrier = new Barrier(2);
  const waits = enter(barrier, 2);
  barrier.reset();
  assertEquals(await Promise.all(waits), [0, 1]);
});

Deno.test("Barrier.abort() refuses those who wait and all who come, until a reset", async () => {
  const barrier = new Barrier(3);
  const passing = enter(barrier, 3);
  const waits = enter(barrier, 2);
  barrier.abort();
  assertEquals([barrier.broken, barrier.waiting], [true, 0]);
  assertEquals(await Promise.all(passing), [0, 1, 2]);
  for (const wait of waits) assertEquals(await refused(wait), undefined);
  await refused(barrier.wait(LIMIT));
  assertThrows(() => barrier.waitSync(LIMIT), BrokenBarrierError);
  barrier.reset();
  assertEquals(await works(barrier), true);

  const [early] = enter(barrier, 1);
  barrier.abort();
  barrier.reset(); // before it has seen that it is broken
  await refused(early!);
  await until(() => barrier.waiting === 0);
  assertEquals(await works(barrier), true);
});
