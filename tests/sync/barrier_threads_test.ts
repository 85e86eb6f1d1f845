import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Barrier } from "../../sync/barrier.ts";
import { BrokenBarrierError } from "../../sync/broken_barrier.ts";
import { Event } from "../../sync/event.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { threads } from "../../sync/threads.ts";
import * as here from "./_barrier_bodies.ts";
import { Hands } from "./_hands.ts";
import { until } from "./_until.ts";

/** So that a test that fails does not hang. */
const LIMIT = { timeoutMs: 10_000 };
const MS = 10_000;

const BROKEN: here.Ended = { how: "BrokenBarrierError" };
const LATE: here.Ended = { ...BROKEN, cause: "TimeoutError" };

const BODIES = import.meta.resolve("./_barrier_bodies.ts");
const hands = new Hands<typeof here>(BODIES, 3);
const mortals = threads<typeof here>(BODIES);

/** Each round must have had each place once, and nobody who passed early. */
function assertRounds(parties: here.Rounds[], rounds: number): void {
  const expected = parties.map((_, place) => place);
  for (let round = 0; round < rounds; round++) {
    const places = parties.map((party) => party.places[round]);
    assertEquals(places.sort(), expected);
  }
  assertEquals(parties.map(({ early }) => early), parties.map(() => 0));
}

Deno.test("Barrier.waitSync() lets 3 threads pass together, for 200 rounds", async () => {
  const barrier = new Barrier(3);
  const arrived = new SharedArray("i32", 200);
  const started = [1, 2, 3].map(() => hands.start("pass", [barrier, arrived]));
  const parties = await Promise.all(started.map((one) => one.join(LIMIT)));
  assertRounds(parties, 200);
  assertEquals([barrier.waiting, barrier.broken], [0, false]);
});

Deno.test("Barrier.wait() lets a task pass with 2 threads that block, for 200 rounds", async () => {
  const barrier = new Barrier(3);
  const arrived = new SharedArray("i32", 200);
  const started = [1, 2].map(() => hands.start("pass", [barrier, arrived]));
  const parties = [await here.passInTask(barrier, arrived)];
  for (const one of started) parties.push(await one.join(LIMIT));
  assertRounds(parties, 200);
});

Deno.test("Barrier.waitSync() lets the main thread pass with tasks of others, for 200 rounds", async () => {
  const barrier = new Barrier(3);
  const arrived = new SharedArray("i32", 200);
  const blocking = hands.start("pass", [barrier, arrived]);
  const inTask = hands.start("passInTask", [barrier, arrived]);
  const parties = [here.pass(barrier, arrived)];
  parties.push(await blocking.join(LIMIT), await inTask.join(LIMIT));
  assertRounds(parties, 200);
});

Deno.test("Barrier.waitSync() keeps the odd thread until another comes", async () => {
  const barrier = new Barrier(2);
  const started = [1, 2, 3].map(() => hands.start("wait", [barrier, MS]));
  const alive = () => started.filter((thread) => thread.alive);
  await until(() => alive().length === 1);
  await until(() => barrier.waiting === 1);
  assertEquals(await barrier.wait(LIMIT), 1);
  const ended = await Promise.all(started.map((one) => one.join(LIMIT)));
  assertEquals(ended.map(({ how }) => how).sort(), [0, 0, 1]);
});

Deno.test("Barrier calls one action for each group of threads, before anybody passes", async () => {
  const barrier = new Barrier(3);
  const groups = new SharedValue("i32", 0);
  const started = [1, 2, 3].map(() =>
    hands.start("passWithAction", [barrier, groups, 100])
  );
  for (const thread of started) assertEquals(await thread.join(LIMIT), 0);
  assertEquals([groups.get(), barrier.broken], [100, false]);
});

Deno.test("Barrier whose action throws in a thread is broken for all others", async () => {
  const barrier = new Barrier(3);
  const blocked = hands.start("wait", [barrier, MS]);
  const task = here.waitInTask(barrier, MS);
  await until(() => barrier.waiting === 2);
  const last = hands.start("waitWithFailingAction", [barrier]);
  assertEquals(await last.join(LIMIT), { how: "RangeError" });
  assertEquals([await blocked.join(LIMIT), await task], [BROKEN, BROKEN]);
  assertEquals(barrier.broken, true);
});

Deno.test("Barrier counts who comes during the action for the next group", async () => {
  const barrier = new Barrier(2);
  const [acting, leave] = [new Event(), new Event()];
  const first = hands.start("wait", [barrier, MS]);
  await until(() => barrier.waiting === 1);
  const slow = hands.start("waitWithSlowAction", [barrier, acting, leave]);
  await acting.wait(LIMIT);
  const next = [here.waitInTask(barrier, MS), here.waitInTask(barrier, MS)];
  assertEquals([first.alive, slow.alive], [true, true]); // nobody passes yet
  leave.set();
  assertEquals(await first.join(LIMIT), { how: 0 });
  assertEquals(await slow.join(LIMIT), { how: 1 });
  const places = (await Promise.all(next)).map(({ how }) => how);
  assertEquals([places.sort(), barrier.waiting], [[0, 1], 0]);
});

Deno.test("Barrier lets a group pass whose action runs, whoever gives up meanwhile", async () => {
  const barrier = new Barrier(2);
  const [acting, leave] = [new Event(), new Event()];
  const stop = new AbortController();
  const first = barrier.wait({ ...LIMIT, signal: stop.signal });
  const slow = hands.start("waitWithSlowAction", [barrier, acting, leave]);
  await acting.wait(LIMIT);
  stop.abort(); // too late: all have arrived
  // Others are not of this group, nor of another yet: there is none to break.
  const late = { how: "TimeoutError" };
  assertEquals(await here.waitInTask(barrier, 5), late);
  assertEquals(await hands.start("wait", [barrier, 5]).join(LIMIT), late);
  assertEquals(barrier.broken, false);
  leave.set();
  assertEquals([await first, await slow.join(LIMIT)], [0, { how: 1 }]);
  assertEquals([barrier.broken, barrier.waiting], [false, 0]);
});

Deno.test("Barrier whose action is ended by reset() lets nobody of the group pass", async () => {
  const barrier = new Barrier(2);
  const [acting, leave] = [new Event(), new Event()];
  const first = hands.start("wait", [barrier, MS]);
  await until(() => barrier.waiting === 1);
  const slow = hands.start("waitWithSlowAction", [barrier, acting, leave]);
  await acting.wait(LIMIT);
  barrier.reset();
  leave.set();
  assertEquals(await first.join(LIMIT), BROKEN);
  assertEquals(await slow.join(LIMIT), BROKEN);
  assertEquals([barrier.broken, barrier.waiting], [false, 0]);
});

Deno.test("Barrier.waitSync() that times out breaks it for threads and tasks", async () => {
  const barrier = new Barrier(4);
  const blocked = hands.start("wait", [barrier, MS]);
  const task = here.waitInTask(barrier, MS);
  await until(() => barrier.waiting === 2);
  const late = hands.start("wait", [barrier, 5]);
  assertEquals(await late.join(LIMIT), LATE);
  assertEquals([await blocked.join(LIMIT), await task], [BROKEN, BROKEN]);
  assertEquals([barrier.broken, barrier.waiting], [true, 0]);
  assertThrows(() => barrier.waitSync(LIMIT), BrokenBarrierError);
  await assertRejects(() => barrier.wait(LIMIT), BrokenBarrierError);
});

Deno.test("Barrier.wait() that is aborted breaks it for threads", async () => {
  const barrier = new Barrier(3);
  const blocked = hands.start("wait", [barrier, MS]);
  const stop = new AbortController();
  const task = barrier.wait({ ...LIMIT, signal: stop.signal });
  await until(() => barrier.waiting === 2);
  stop.abort(new Error("enough"));
  const error = await assertRejects(() => task, BrokenBarrierError);
  assertEquals((error.cause as Error).message, "enough");
  assertEquals(await blocked.join(LIMIT), BROKEN);
});

Deno.test("Barrier.waitSync() that times out in the main thread breaks it for others", async () => {
  const barrier = new Barrier(3);
  const blocked = hands.start("wait", [barrier, MS]);
  await until(() => barrier.waiting === 1);
  const late = () => barrier.waitSync({ timeoutMs: 5 });
  const { cause } = assertThrows(late, BrokenBarrierError);
  assertEquals((cause as DOMException).name, "TimeoutError");
  assertEquals(await blocked.join(LIMIT), BROKEN);
});

Deno.test("Barrier takes its timeout along to other threads", async () => {
  const barrier = new Barrier(2, { timeoutMs: 5 });
  for (const body of ["wait", "waitInTask"] as const) {
    const thread = hands.start(body, [barrier]);
    assertEquals(await thread.join(LIMIT), LATE);
    barrier.reset();
  }
});

for (const how of ["abort", "reset"] as const) {
  Deno.test(`Barrier.${how}() in one thread refuses those who wait in others`, async () => {
    const barrier = new Barrier(4);
    const blocked = hands.start("wait", [barrier, MS]);
    const inTask = hands.start("waitInTask", [barrier, MS]);
    const task = here.waitInTask(barrier, MS);
    await until(() => barrier.waiting === 3);
    await hands.start("change", [barrier, how]).join(LIMIT);
    const ended = [blocked.join(LIMIT), inTask.join(LIMIT), task];
    assertEquals(await Promise.all(ended), [BROKEN, BROKEN, BROKEN]);
    assertEquals([barrier.broken, barrier.waiting], [how === "abort", 0]);
  });
}

Deno.test("Barrier works with threads again after a reset", async () => {
  const barrier = new Barrier(2);
  const first = hands.start("wait", [barrier, MS]);
  await until(() => barrier.waiting === 1);
  barrier.abort();
  assertEquals(await first.join(LIMIT), BROKEN);
  barrier.reset();
  const arrived = new SharedArray("i32", 100);
  const again = hands.start("pass", [barrier, arrived]);
  const mine = await here.passInTask(barrier, arrived);
  assertRounds([mine, await again.join(LIMIT)], 100);
});

Deno.test("Barrier.waitSync() of a thread that was terminated has arrived", async () => {
  const barrier = new Barrier(3);
  const dying = mortals.start("wait", [barrier, MS]);
  const living = hands.start("wait", [barrier, MS]);
  await until(() => barrier.waiting === 2);
  await dying.terminate(LIMIT);
  assertEquals([barrier.waiting, barrier.broken], [2, false]);
  assertEquals(await barrier.wait(LIMIT), 2);
  const { how } = await living.join(LIMIT);
  assertEquals(typeof how, "number");
  const arrived = new SharedArray("i32", 10);
  const started = [1, 2].map(() => hands.start("pass", [barrier, arrived]));
  const parties = [await here.passInTask(barrier, arrived)];
  for (const thread of started) parties.push(await thread.join(LIMIT));
  assertRounds(parties, 10);
});
