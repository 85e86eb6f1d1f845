import { assert, assertEquals } from "@std/assert";
import { Event } from "../../sync/event.ts";
import type { Pollable } from "../../sync/pollable.ts";
import { Queue } from "../../sync/queue.ts";
import { Hands } from "./_hands.ts";
import { CLASSES, drain, how, LIMIT, turns } from "./_queue_ways.ts";
import { until } from "./_until.ts";

const bodies = new Hands<typeof import("./_queue_bodies.ts")>(
  import.meta.resolve("./_queue_bodies.ts"),
  2,
);

for (const Class of CLASSES) {
  const { name } = Class;

  Deno.test(`${name}.whenReady() returns at once if there is something, and takes nothing`, async () => {
    const queue = new Class<number>();
    queue.putSync(1);
    const pollable: Pollable = queue;
    for (const options of [undefined, {}, { timeoutMs: 0 }, LIMIT]) {
      assert(pollable.ready);
      await pollable.whenReady(options);
    }
    assertEquals([queue.size, queue.unfinished], [1, 1]);
    assertEquals(queue.tryGet(), 1);
    assert(!queue.ready);
    queue.shutdown();
    assert(queue.ready); // a get would not wait
    await queue.whenReady({ timeoutMs: 0 });
  });

  Deno.test(`${name}.whenReady() waits until there is something, and takes nothing`, async () => {
    const queue = new Class<number>();
    let polls = 0;
    const { signal } = new AbortController();
    const all = [undefined, LIMIT, { signal }]
      .map((options) => queue.whenReady(options).then(() => polls++));
    await turns();
    assertEquals([polls, queue.ready], [0, false]);
    queue.putSync(1);
    await Promise.all(all);
    assertEquals([polls, queue.ready, drain(queue)], [3, true, [1]]);
  });

  Deno.test(`${name}.whenReady() ends by a shutdown`, async () => {
    for (const immediate of [false, true]) {
      const queue = new Class<number>();
      const all = [queue.whenReady(), queue.whenReady(LIMIT)];
      await turns();
      queue.shutdown({ immediate });
      await Promise.all(all);
      assertEquals(await how(() => queue.tryGet()), "queue-shut-down");
    }
  });

  Deno.test(`${name}.whenReady() steals no item from a task that comes after it`, async () => {
    const queue = new Class<number>();
    const polls = [queue.whenReady(), queue.whenReady()].map((poll) =>
      poll.then(() => "ready")
    );
    const got = queue.get(LIMIT);
    await until(() => queue.waitingToGet >= 1);
    queue.putSync(1);
    assertEquals(await got, 1);
    queue.putSync(2);
    assertEquals(await Promise.all(polls), ["ready", "ready"]);
    assertEquals(drain(queue), [2]);
  });
}

Deno.test("Queue.whenReady() sees what another thread does", async () => {
  const queue = new Queue<number>();
  const first = queue.whenReady(LIMIT);
  const putter = bodies.start("produce", [queue, 0, 1]);
  await first;
  assertEquals(queue.tryGet(), 0);
  const second = queue.whenReady(LIMIT);
  const getter = queue.get(LIMIT).catch((error) => error.code);
  const closer = bodies.start("serve", [queue, "shutdown"]);
  await second;
  assertEquals([await getter, queue.size], ["queue-shut-down", 0]);
  for (const thread of [putter, closer]) await thread.join(LIMIT);
});

Deno.test("Queue.whenReady() steals no item from a thread that comes after it", async () => {
  const queue = new Queue<number>();
  const said = new Event();
  const polls = [queue.whenReady(LIMIT), queue.whenReady(LIMIT)];
  const thread = bodies.start("getAndSay", [queue, said]);
  await until(() => queue.waitingToGet >= 1 && thread.state === "blocked");
  queue.putSync(1);
  said.waitSync(LIMIT); // those who poll cannot pass it on meanwhile
  await thread.join(LIMIT);
  queue.putSync(2);
  await Promise.all(polls);
  assertEquals(drain(queue), [2]);
});

Deno.test("Queue.whenReady() steals no item when it is aborted as it comes", async () => {
  for (const when of ["before", "after"]) {
    const queue = new Queue<number>();
    const controller = new AbortController();
    const { signal } = controller;
    const poll = how(() => queue.whenReady({ signal }));
    const got = queue.get(LIMIT);
    if (when === "before") controller.abort("gone");
    queue.putSync(1);
    controller.abort("gone");
    assertEquals(await got, 1);
    const end = await poll;
    assert(end === "gone" || when === "after" && end === undefined, `${end}`);
    assertEquals([queue.size, queue.waitingToGet], [0, 0]);
  }
});

Deno.test("Queue.whenReady() can be aborted, and times out", async () => {
  const queue = new Queue<number>();
  const gone = { signal: AbortSignal.abort("gone") };
  assertEquals(await how(() => queue.whenReady(gone)), "gone");
  const controller = new AbortController();
  const { signal } = controller;
  const poll = how(() => queue.whenReady({ signal }));
  await turns();
  controller.abort("gone");
  assertEquals(await poll, "gone");
  for (const timeoutMs of [0, 0.5, 5]) {
    assertEquals(
      await how(() => queue.whenReady({ timeoutMs })),
      "TimeoutError",
    );
  }
  for (const timeoutMs of [-1, NaN]) {
    assertEquals(await how(() => queue.whenReady({ timeoutMs })), "RangeError");
  }
  queue.putSync(1);
  assertEquals(await how(() => queue.whenReady(gone)), "gone");
  assertEquals([drain(queue), queue.waitingToGet], [[1], 0]);
});

Deno.test("Queue.whenReady() of a full queue says nothing of room", async () => {
  const queue = new Queue<number>({ maxSize: 1 });
  const poll = how(() => queue.whenReady({ timeoutMs: 5 }));
  assertEquals([await poll, queue.tryPut(1)], ["TimeoutError", true]);
  await queue.whenReady({ timeoutMs: 0 });
  assertEquals(drain(queue), [1]);
});

Deno.test("Queue.whenReady() can be waited for again, if somebody else was faster", async () => {
  const queue = new Queue<number>();
  for (const item of [1, 2, 3]) {
    const poll = queue.whenReady(LIMIT);
    queue.putSync(item);
    await poll;
    assertEquals(queue.tryGet(), item);
    assertEquals(
      await how(() => queue.whenReady({ timeoutMs: 1 })),
      "TimeoutError",
    );
  }
});
