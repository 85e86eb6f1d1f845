import { assert, assertEquals } from "@std/assert";
import { LifoQueue } from "../../sync/lifo_queue.ts";
import { PriorityQueue } from "../../sync/priority_queue.ts";
import { Queue } from "../../sync/queue.ts";
import { itemDoor, roomDoor } from "./_queue_doors.ts";
import { assertIdle, drain, how, LIMIT, range, turns } from "./_queue_ways.ts";
import { until } from "./_until.ts";
import { waitClaims } from "./_wait_claims.ts";

waitClaims("Queue.get()", () => itemDoor(new Queue()));
waitClaims("LifoQueue.get()", () => itemDoor(new LifoQueue()));
waitClaims("PriorityQueue.get()", () => itemDoor(new PriorityQueue()));
waitClaims("Queue.put()", () => roomDoor(new Queue({ maxSize: 1 })));
waitClaims("LifoQueue.put()", () => roomDoor(new LifoQueue({ maxSize: 1 })));
waitClaims(
  "PriorityQueue.put() up to byteCapacity",
  () => roomDoor(new PriorityQueue({ byteCapacity: 24 })),
);

Deno.test("Queue.put() that was aborted puts nothing, before, during and after", async () => {
  const queue = new Queue<number>({ maxSize: 2 });
  const gone = { signal: AbortSignal.abort("gone") };
  assertEquals(await how(() => queue.put(1, gone)), "gone");
  assertIdle(queue);
  const controller = new AbortController();
  const { signal } = controller;
  await queue.put(2, { signal });
  queue.putSync(3);
  const put = how(() => queue.put(4, { signal }));
  const patient = queue.put(5, LIMIT);
  await until(() => queue.waitingToPut === 2);
  controller.abort("gone");
  assertEquals(await put, "gone");
  assertEquals([queue.waitingToPut, queue.unfinished], [1, 2]);
  assertEquals(queue.getSync(), 2);
  await patient;
  assertEquals(drain(queue), [3, 5]);
});

Deno.test("Queue.get() that was aborted takes nothing, before, during and after", async () => {
  const queue = new Queue<number>();
  queue.putSync(1);
  const gone = { signal: AbortSignal.abort("gone") };
  assertEquals(await how(() => queue.get(gone)), "gone");
  assertEquals(queue.size, 1);
  const controller = new AbortController();
  const { signal } = controller;
  assertEquals(await queue.get({ signal }), 1);
  const get = how(() => queue.get({ signal }));
  const patient = queue.get(LIMIT);
  await until(() => queue.waitingToGet === 2);
  controller.abort("gone");
  assertEquals(await get, "gone");
  assertEquals(queue.waitingToGet, 1);
  queue.putSync(2);
  assertEquals(await patient, 2);
  assertEquals(queue.size, 0);
});

Deno.test("Queue.get() aborted as an item comes leaves it, or has it", async () => {
  for (const turnsBetween of range(0, 6)) {
    for (const abortsFirst of [true, false]) {
      const queue = new Queue<string>();
      const controller = new AbortController();
      const { signal } = controller;
      const get = how(() => queue.get({ signal }));
      await until(() => queue.waitingToGet === 1);
      if (abortsFirst) controller.abort("gone");
      else queue.putSync("item");
      for (let turn = 0; turn < turnsBetween; turn++) await null;
      if (abortsFirst) queue.putSync("item");
      else controller.abort("gone");
      const end = await get;
      assert(end === "gone" || end === "item" && !abortsFirst, `${end}`);
      assertEquals(drain(queue), end === "gone" ? ["item"] : []);
    }
  }
});

Deno.test("Queue.put() aborted as room comes puts its item, or not", async () => {
  for (const turnsBetween of range(0, 6)) {
    for (const abortsFirst of [true, false]) {
      const queue = new Queue<string>({ maxSize: 1 });
      queue.putSync("there");
      const controller = new AbortController();
      const { signal } = controller;
      const put = how(() => queue.put("item", { signal }));
      await until(() => queue.waitingToPut === 1);
      if (abortsFirst) controller.abort("gone");
      else queue.getSync();
      for (let turn = 0; turn < turnsBetween; turn++) await null;
      if (abortsFirst) queue.getSync();
      else controller.abort("gone");
      const end = await put;
      assert(end === "gone" || end === undefined && !abortsFirst, `${end}`);
      assertEquals(drain(queue), end === "gone" ? [] : ["item"]);
      assertEquals(queue.unfinished, end === "gone" ? 1 : 2);
    }
  }
});

Deno.test("Queue.get() of many, some of them aborted, gives each item once", async () => {
  const queue = new Queue<number>();
  const controllers = range(0, 100).map(() => new AbortController());
  const gets = controllers.map(({ signal }) =>
    how(() => queue.get({ signal }))
  );
  await until(() => queue.waitingToGet === 100);
  for (const index of range(0, 50)) {
    controllers[index * 2]!.abort("gone");
    queue.putSync(index);
    if (index % 7 === 0) await null;
  }
  const ends = await Promise.all(gets);
  const items = ends.filter((end) => end !== "gone");
  assertEquals([...items, ...drain(queue)].sort(), range(0, 50).sort());
  assertEquals([items.length, queue.waitingToGet], [50, 0]);
});

Deno.test("Queue counts who waits to get and to put, and who does no more", async () => {
  const queue = new Queue<number>({ maxSize: 1 });
  const gets = range(0, 3).map(() => queue.get({ timeoutMs: 20 }));
  const ends = gets.map((get) => how(() => get));
  assertEquals([queue.waitingToGet, queue.waitingToPut], [3, 0]);
  assertEquals(await Promise.all(ends), Array(3).fill("queue-empty"));
  assertEquals([queue.waitingToGet, queue.waitingToPut], [0, 0]);
  queue.putSync(0);
  const puts = range(1, 4).map((item) => queue.put(item, { timeoutMs: 20 }));
  const putEnds = puts.map((put) => how(() => put));
  assertEquals([queue.waitingToGet, queue.waitingToPut], [0, 3]);
  assertEquals(await Promise.all(putEnds), Array(3).fill("queue-full"));
  assertEquals([queue.waitingToGet, queue.waitingToPut], [0, 0]);
  assertEquals(drain(queue), [0]);
});

Deno.test("Queue.put() by one task and get() by another work through a queue of one", async () => {
  const queue = new Queue<number>({ maxSize: 1 });
  const put = (async () => {
    for (const item of range(0, 500)) await queue.put(item, LIMIT);
  })();
  const items: number[] = [];
  while (items.length < 500) items.push(await queue.get(LIMIT));
  await put;
  assertEquals(items, range(0, 500));
  await turns();
  assertEquals([queue.size, queue.waitingToGet, queue.waitingToPut], [0, 0, 0]);
});
