import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Event } from "../../sync/event.ts";
import type { Handle } from "../../sync/handle.ts";
import { Lock } from "../../sync/lock.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { isTimeout } from "../../sync/wait_options.ts";
import { blockingClaims } from "./_blocking_claims.ts";
import { LIMIT } from "./_doors.ts";
import { recorded } from "./_lock_bodies.ts";
import { hands } from "./_lock_hands.ts";
import { until } from "./_until.ts";
import { waitClaims } from "./_wait_claims.ts";

waitClaims("Event.wait()", () => new Event());
blockingClaims("Event.waitSync()", () => new Event());

Deno.test("Event is not set at first, and set until cleared", async () => {
  const event = new Event();
  assertEquals([event.isSet, event.ready, event.waiting], [false, false, 0]);
  event.clear();
  assertEquals(event.isSet, false);
  for (let time = 0; time < 2; time++) {
    event.set();
    assertEquals([event.isSet, event.ready], [true, true]);
    event.waitSync();
    await event.wait();
    assertEquals(event.isSet, true);
  }
  event.clear();
  event.clear();
  assertEquals(event.isSet, false);
});

Deno.test("Event.wait() names the event in the error of a timeout", async () => {
  const event = new Event();
  const late = () => event.waitSync({ timeoutMs: 1 });
  assert(isTimeout(assertThrows(late, DOMException, "Event")));
  const later = () => event.wait({ timeoutMs: 1 });
  assert(isTimeout(await assertRejects(later, DOMException, "Event")));
});

Deno.test("Event.wait() waits again after a clear", async () => {
  const event = new Event();
  event.set();
  await event.wait();
  event.clear();
  assertThrows(() => event.waitSync({ timeoutMs: 1 }), DOMException);
  await assertRejects(() => event.wait({ timeoutMs: 1 }), DOMException);
  event.set();
  event.waitSync({ timeoutMs: 0 });
  await event.wait({ timeoutMs: 0 });
});

Deno.test("Event.wait() in a loop returns at once, with clear once per set", async () => {
  const event = new Event();
  event.set();
  for (let time = 0; time < 5; time++) await event.wait({ timeoutMs: 0 });
  event.clear();
  const log = new SharedArray("i32", 1);
  const thread = hands.start("waitAndClear", [event, 5, log]);
  for (let time = 1; time <= 5; time++) {
    await until(() => event.waiting === 1);
    assertEquals(log.get(0), time - 1);
    event.set();
    await until(() => log.get(0) === time);
  }
  await thread.join(LIMIT);
  assertEquals(event.isSet, false);
});

Deno.test("Event.set() lets all pass, tasks and threads", async () => {
  const event = new Event();
  const log = new SharedArray("i32", 4);
  const crew = [1, 2, 3].map((me) => hands.start("enter", [event, log, me]));
  const tasks = [1, 2, 3].map(() => event.wait(LIMIT));
  await until(() => event.waiting === 6);
  assertEquals(recorded(log), []);
  event.set();
  await Promise.all([...tasks, ...crew.map((thread) => thread.join(LIMIT))]);
  assertEquals(recorded(log).toSorted(), [1, 2, 3]);
  assertEquals(event.waiting, 0);
});

Deno.test("Event.set() lets all pass who wait, if cleared at once", async () => {
  const event = new Event();
  const log = new SharedArray("i32", 4);
  const crew = [1, 2].map((me) => hands.start("enter", [event, log, me]));
  const { signal } = new AbortController();
  const tasks = [event.wait(), event.wait(LIMIT), event.wait({ signal })];
  await until(() => event.waiting === 5);
  event.set();
  event.clear();
  const late = event.wait({ timeoutMs: 1 });
  await assertRejects(() => late, DOMException);
  await Promise.all([...tasks, ...crew.map((thread) => thread.join(LIMIT))]);
  assertEquals([event.isSet, event.waiting], [false, 0]);
});

Deno.test("Event.set() by a thread lets tasks and threads pass, if cleared at once", async () => {
  const event = new Event();
  const waiter = hands.start("enter", [event]);
  const task = event.wait(LIMIT);
  await until(() => event.waiting === 2);
  await hands.start("setAndClear", [event, 2]).join(LIMIT);
  await Promise.all([task, waiter.join(LIMIT)]);
  assertEquals(event.isSet, false);
});

Deno.test("Event.set() lets pass who has been aborted since, or not", async () => {
  const event = new Event();
  const controller = new AbortController();
  const { signal } = controller;
  const first = event.wait({ signal }).catch((reason) => reason);
  const second = event.wait(LIMIT);
  await until(() => event.waiting === 2);
  event.set();
  event.clear();
  controller.abort("gone");
  assert([undefined, "gone"].includes(await first));
  await second;
  assertEquals(event.waiting, 0);
});

Deno.test("Event.set() again and again misses no thread that waits", async () => {
  const event = new Event();
  const log = new SharedArray("i32", 1);
  const crew = [1, 2].map(() => hands.start("waitOften", [event, 200, log]));
  while (crew.some((thread) => thread.alive)) {
    event.set();
    event.clear();
    await new Promise((done) => setTimeout(done, 0));
  }
  await Promise.all(crew.map((thread) => thread.join(LIMIT)));
  assertEquals([log.get(0), event.waiting], [400, 0]);
});

Deno.test("Event.attach() takes a handle of an Event only", () => {
  const event = new Event();
  const same = Event.attach(structuredClone(event.share()));
  same.set();
  assertEquals(event.isSet, true);
  event.clear();
  assertEquals(same.isSet, false);
  for (const handle of [new Lock().share(), { type: "Event" }, {}, undefined]) {
    const attaching = () => Event.attach(handle as Handle<"Event">);
    assertThrows(attaching, TypeError, undefined, JSON.stringify(handle));
  }
});
