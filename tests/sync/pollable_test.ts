import { assert, assertEquals, assertRejects } from "@std/assert";
import { BoundedSemaphore } from "../../sync/bounded_semaphore.ts";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { threads } from "../../sync/threads.ts";
import { isTimeout } from "../../sync/wait_options.ts";
import { type Door, doorOf, LIMIT } from "./_doors.ts";
import { Hands } from "./_hands.ts";
import { until } from "./_until.ts";

const hands = new Hands<typeof import("./_lock_bodies.ts")>(
  import.meta.resolve("./_lock_bodies.ts"),
  2,
);

const CLASSES = [Lock, Semaphore, BoundedSemaphore, Event];
type Polled = InstanceType<typeof CLASSES[number]>;

/** Tests all that can be polled; it is open at first. */
function test(
  claim: string,
  body: (polled: Polled, door: Door) => Promise<void>,
): void {
  for (const Class of CLASSES) {
    Deno.test(`${Class.name}.whenReady() ${claim}`, () => {
      const polled = new Class();
      const door = doorOf(polled);
      door.closeSync()();
      return body(polled, door);
    });
  }
}

/** Lets timers fire, and what they lead to. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((done) => setTimeout(done, 1));
  }
}

test(
  "returns at once if there is something, and takes nothing",
  async (polled, door) => {
    for (const options of [undefined, {}, { timeoutMs: 0 }, LIMIT]) {
      assertEquals(polled.ready, true);
      await polled.whenReady(options);
      assert(polled.ready && door.isOpen);
    }
  },
);

test(
  "waits until there is something, and takes nothing",
  async (polled, door) => {
    const open = door.closeSync();
    assertEquals(polled.ready, false);
    let polls = 0;
    const all = [undefined, LIMIT, { signal: new AbortController().signal }]
      .map((options) => polled.whenReady(options).then(() => polls++));
    await turns();
    assertEquals(polls, 0);
    open();
    await Promise.all(all);
    assert(polled.ready && door.isOpen);
  },
);

test("sees what another thread gives", async (polled, door) => {
  const [closed, go] = [new Event(), new Event()];
  const thread = hands.start("closeUntil", [polled, closed, go]);
  await closed.wait(LIMIT);
  const ready = polled.whenReady(LIMIT);
  go.set();
  await ready;
  await thread.join(LIMIT);
  assert(door.isOpen);
});

test("steals no turn from a task that comes after it", async (polled, door) => {
  const open = door.closeSync();
  const polls = [polled.whenReady(LIMIT), polled.whenReady(LIMIT)];
  const before = door.waiting;
  const entered = door.enter(() => "entered", LIMIT);
  await until(() => door.waiting > before);
  open();
  assertEquals(await entered, "entered");
  await Promise.all(polls);
  assert(door.isOpen);
});

test(
  "steals no turn from a thread that comes after it",
  async (polled, door) => {
    const [closed, go, said] = [new Event(), new Event(), new Event()];
    const leave = new Event();
    const holder = hands.start("closeUntil", [polled, closed, go, leave]);
    await closed.wait(LIMIT);
    const polls = [polled.whenReady(LIMIT), polled.whenReady(LIMIT)];
    const before = door.waiting;
    const thread = hands.start("enterAndSay", [polled, said]);
    await until(() => door.waiting > before);
    go.set();
    said.waitSync(LIMIT); // those who poll cannot pass it on meanwhile
    leave.set();
    await Promise.all([...polls, holder.join(LIMIT), thread.join(LIMIT)]);
    assert(door.isOpen);
  },
);

test("steals no turn when it is aborted as it comes", async (polled, door) => {
  for (const when of ["before", "after"]) {
    const open = door.closeSync();
    const controller = new AbortController();
    const { signal } = controller;
    const poll = polled.whenReady({ signal }).catch((reason) => reason);
    const before = door.waiting;
    const entered = door.enter(() => "entered", LIMIT);
    await until(() => door.waiting > before);
    if (when === "before") controller.abort("gone");
    open();
    controller.abort("gone");
    assertEquals(await entered, "entered");
    const how = await poll;
    assert(how === "gone" || when === "after" && how === undefined, `${how}`);
    assertEquals(door.waiting, 0);
    assert(door.isOpen);
  }
});

test("can be aborted before and while it waits", async (polled, door) => {
  const gone = { signal: AbortSignal.abort("gone") };
  assertEquals(await polled.whenReady(gone).catch((why) => why), "gone");
  const open = door.closeSync();
  assertEquals(await polled.whenReady(gone).catch((why) => why), "gone");
  const controller = new AbortController();
  const { signal } = controller;
  const poll = polled.whenReady({ signal }).catch((why) => why);
  await turns();
  controller.abort("gone");
  assertEquals(await poll, "gone");
  assertEquals(door.waiting, 0);
  open();
  assert(door.isOpen);
});

test("is not undone by an abort after it", async (polled, door) => {
  const controller = new AbortController();
  await polled.whenReady({ signal: controller.signal });
  controller.abort("late");
  assert(door.isOpen);
});

test("times out", async (polled, door) => {
  const open = door.closeSync();
  for (const timeoutMs of [0, 0.5, 5]) {
    const poll = () => polled.whenReady({ timeoutMs });
    assert(isTimeout(await assertRejects(poll, DOMException)));
    assertEquals(door.waiting, 0);
  }
  open();
  assert(door.isOpen);
});

test("refuses a bad timeoutMs", async (polled, door) => {
  for (const timeoutMs of [-1, NaN, -Infinity]) {
    const poll = () => polled.whenReady({ timeoutMs });
    await assertRejects(poll, RangeError);
    const open = door.closeSync();
    await assertRejects(poll, RangeError);
    open();
  }
});

test(
  "can be waited for again, if somebody else was faster",
  async (polled, door) => {
    for (let round = 0; round < 3; round++) {
      const open = door.closeSync();
      const poll = polled.whenReady(LIMIT);
      open();
      await poll;
      const openAgain = door.closeSync();
      const again = polled.whenReady(LIMIT);
      await turns();
      openAgain();
      await again;
      assert(door.isOpen);
    }
  },
);

Deno.test("Event.whenReady() does not end by a set that was cleared", async () => {
  const event = new Event();
  let polls = 0;
  const poll = event.whenReady(LIMIT).then(() => polls++);
  await turns();
  event.set();
  event.clear();
  await turns();
  assertEquals(polls, 0);
  event.set();
  await poll;
  assertEquals([polls, event.isSet], [1, true]);
});

Deno.test("Lock.whenReady() sees what a dead thread held", async () => {
  const deaths = threads<typeof import("./_death_bodies.ts")>(
    import.meta.resolve("./_death_bodies.ts"),
  );
  const lock = new Lock();
  const [inside, go] = [new Event(), new Event()];
  const thread = deaths.start("acquireAndDie", [[lock], "throw", inside, go]);
  await inside.wait(LIMIT);
  const poll = lock.whenReady(LIMIT);
  go.set();
  await poll;
  using held = lock.tryAcquire();
  assert(held !== undefined && lock.ownerDied);
  await thread.join(LIMIT).catch(() => {}); // it was to die
});
