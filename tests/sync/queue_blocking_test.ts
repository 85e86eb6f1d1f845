import { assert, assertEquals } from "@std/assert";
import { Queue } from "../../sync/queue.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { threads } from "../../sync/threads.ts";
import { Hands } from "./_hands.ts";
import { CLASSES, drain, how, howSync, LIMIT } from "./_queue_ways.ts";
import { until } from "./_until.ts";

const BODIES = import.meta.resolve("./_queue_bodies.ts");
const bodies = new Hands<typeof import("./_queue_bodies.ts")>(BODIES, 2);
const mortals = threads<typeof import("./_queue_bodies.ts")>(BODIES);

for (const Class of CLASSES) {
  const { name } = Class;

  Deno.test(`${name}.getSync() blocks until another thread puts`, async () => {
    for (const options of name === "Queue" ? [undefined, LIMIT] : [{}]) {
      const queue = new Class<number>();
      const thread = bodies.start("serve", [queue, "put"]);
      assertEquals(queue.getSync(options), 7);
      await thread.join(LIMIT);
      assertEquals([queue.size, queue.waitingToGet], [0, 0]);
    }
  });

  Deno.test(`${name}.putSync() blocks until another thread gets`, async () => {
    const queue = new Class<number>({ maxSize: 1 });
    queue.putSync(1);
    const thread = bodies.start("serve", [queue, "get"]);
    queue.putSync(2);
    await thread.join(LIMIT);
    assertEquals([drain(queue).length, queue.waitingToPut], [1, 0]);
  });

  Deno.test(`${name} blocks a thread until a task puts or gets`, async () => {
    const queue = new Class<number | string>({ maxSize: 1 });
    const getter = bodies.start("act", [queue, ["getSync"]]);
    await until(() => queue.waitingToGet === 1 && getter.state === "blocked");
    await queue.put(5);
    assertEquals(await getter.join(LIMIT), [5]);
    queue.putSync(6);
    const putter = bodies.start("act", [queue, ["putSync"]]);
    await until(() => queue.waitingToPut === 1 && putter.state === "blocked");
    assertEquals(await queue.get(), 6);
    assertEquals(await putter.join(LIMIT), [undefined]);
    assertEquals(drain(queue), ["thread"]);
  });
}

Deno.test("Queue that times out in a thread takes and puts nothing", async () => {
  const queue = new Queue<number>({ maxSize: 1 });
  const limits = [0, 0.5, 5, -1, NaN];
  const bad = ["RangeError", "RangeError"];
  const get = bodies.start("act", [queue, ["getSync", "get"], limits]);
  const empty = [...Array(3).fill("queue-empty"), ...bad];
  assertEquals(await get.join(LIMIT), [...empty, ...empty]);
  assertEquals([queue.size, queue.waitingToGet], [0, 0]);
  queue.putSync(1);
  const acts = ["putSync", "put", "joinSync", "join"] as const;
  const put = bodies.start("act", [queue, acts, limits]);
  const full = [...Array(3).fill("queue-full"), ...bad];
  const late = [...Array(3).fill("TimeoutError"), ...bad];
  assertEquals(await put.join(LIMIT), [...full, ...full, ...late, ...late]);
  assertEquals([queue.size, queue.waitingToPut], [1, 0]);
  assertEquals([drain(queue), queue.unfinished], [[1], 1]);
});

Deno.test("Queue.getSync() that times out first leaves the item to the second", async () => {
  const queue = new Queue<number>();
  const first = bodies.start("act", [queue, ["getSync"], [150]]);
  await until(() => queue.waitingToGet === 1 || !first.alive);
  const second = bodies.start("act", [queue, ["getSync"]]);
  await until(() => queue.waitingToGet === 2 || !first.alive);
  assertEquals(await first.join(LIMIT), ["queue-empty"]);
  await until(() => queue.waitingToGet === 1);
  queue.putSync(5);
  assertEquals(await second.join(LIMIT), [5]);
});

Deno.test("Queue.putSync() that times out first leaves the room to the second", async () => {
  const queue = new Queue<unknown[] | number | string>({ maxSize: 1 });
  queue.putSync(0);
  const first = bodies.start("act", [queue, ["putSync"], [150]]);
  await until(() => queue.waitingToPut === 1 || !first.alive);
  const second = bodies.start("putOne", [queue, 2]);
  await until(() => queue.waitingToPut === 2 || !first.alive);
  assertEquals(await first.join(LIMIT), ["queue-full"]);
  await until(() => queue.waitingToPut === 1);
  assertEquals(queue.getSync(), 0);
  await second.join(LIMIT);
  assertEquals(drain(queue), [2]);
});

Deno.test("Queue leaves the turn of a dead thread to the next", async () => {
  const queue = new Queue<number | string>({ maxSize: 1 });
  const first = mortals.start("act", [queue, ["getSync"]]);
  await until(() => queue.waitingToGet === 1);
  const second = mortals.start("act", [queue, ["getSync"]]);
  await until(() => queue.waitingToGet === 2);
  await first.terminate(LIMIT);
  queue.putSync(5);
  assertEquals(await second.join(LIMIT), [5]);
  assertEquals([queue.size, queue.waitingToGet], [0, 0]);
  queue.putSync(6);
  const third = mortals.start("act", [queue, ["putSync"]]);
  await until(() => queue.waitingToPut === 1);
  const fourth = mortals.start("putOne", [queue, 4]);
  await until(() => queue.waitingToPut === 2);
  await third.terminate(LIMIT);
  assertEquals(queue.getSync(), 6);
  await fourth.join(LIMIT);
  assertEquals([drain(queue), queue.waitingToPut], [[4], 0]);
  assertEquals(queue.unfinished, 3);
});

Deno.test("Queue.getSync() gets what its own task puts later, with a limit", async () => {
  const queue = new Queue<number>();
  const timer = setTimeout(() => queue.putSync(1), 0);
  // the timer cannot fire while this thread blocks
  assertEquals(howSync(() => queue.getSync({ timeoutMs: 5 })), "queue-empty");
  assertEquals(await queue.get(LIMIT), 1);
  clearTimeout(timer);
});

Deno.test("Queue.get() of a busy thread loses nothing when its time is over", async () => {
  for (let round = 0; round < 10; round++) {
    const queue = new Queue<number>();
    const end = how(() => queue.get({ timeoutMs: 2 }));
    if (round % 2 === 0) sleepSync(3); // both are due in the next turn
    queue.putSync(5);
    const got = await end;
    assert(got === 5 || got === "queue-empty", `${got}`);
    assertEquals(drain(queue), got === 5 ? [] : [5]);
  }
});
