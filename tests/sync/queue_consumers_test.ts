import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Queue } from "../../sync/queue.ts";
import { isTimeout } from "../../sync/wait_options.ts";
import { Hands } from "./_hands.ts";
import {
  assertIdle,
  CLASSES,
  drain,
  how,
  LIMIT,
  range,
} from "./_queue_ways.ts";
import { until } from "./_until.ts";

const bodies = new Hands<typeof import("./_queue_bodies.ts")>(
  import.meta.resolve("./_queue_bodies.ts"),
  4,
);

for (const Class of CLASSES) {
  const { name } = Class;

  Deno.test(`${name}.taskDone() refuses more than were put`, () => {
    const queue = new Class<number>();
    const message =
      `Cannot finish an item of the ${name}: all that were put are done`;
    assertThrows(() => queue.taskDone(), RangeError, message);
    queue.putSync(1);
    queue.putSync(2);
    queue.taskDone(); // CPython counts, too, and does not ask who has what
    queue.taskDone();
    assertThrows(() => queue.taskDone(), RangeError, message);
    assertEquals([queue.size, queue.unfinished], [2, 0]);
    queue.putSync(3);
    assertEquals(queue.unfinished, 1);
  });

  Deno.test(`${name}.join() returns at once if nothing is to be done`, async () => {
    const queue = new Class<number>();
    for (const options of [undefined, {}, LIMIT, { timeoutMs: 0 }]) {
      await queue.join(options);
      queue.joinSync(options);
    }
    queue.putSync(queue.size);
    queue.taskDone();
    queue.joinSync({ timeoutMs: 0 }); // of what is done, not of what is got
    assertEquals(queue.size, 1);
  });

  Deno.test(`${name}.join() waits until the last item is done`, async () => {
    const queue = new Class<number>();
    for (const item of range(0, 3)) queue.putSync(item);
    let joined = 0;
    const { signal } = new AbortController();
    const joins = [queue.join(), queue.join(LIMIT), queue.join({ signal })]
      .map((join) => join.then(() => joined++));
    for (const left of [2, 1, 0]) {
      await null;
      assertEquals(joined, 0);
      queue.getSync();
      assertEquals(queue.unfinished, left + 1);
      queue.taskDone();
    }
    await Promise.all(joins);
    assertEquals(joined, 3);
    assertIdle(queue);
  });

  Deno.test(`${name}.join() can be aborted, and times out`, async () => {
    const queue = new Class<number>();
    const gone = { signal: AbortSignal.abort("gone") };
    assertEquals(await how(() => queue.join(gone)), "gone");
    queue.putSync(1);
    assertEquals(await how(() => queue.join(gone)), "gone");
    for (const timeoutMs of [0, 0.5, 3]) {
      const late = (error: unknown) => {
        assert(isTimeout(error));
        assertEquals(
          error instanceof DOMException && error.message,
          `Cannot join the ${name}: not possible within ${timeoutMs} ms`,
        );
      };
      await queue.join({ timeoutMs }).then(() => late(undefined), late);
      late(assertThrows(() => queue.joinSync({ timeoutMs }), DOMException));
    }
    const controller = new AbortController();
    const { signal } = controller;
    const join = how(() => queue.join({ signal }));
    const patient = queue.join(LIMIT);
    controller.abort("gone");
    assertEquals(await join, "gone");
    assertEquals([queue.size, queue.unfinished], [1, 1]);
    queue.taskDone();
    await patient;
    assertEquals(await how(() => queue.join({ signal })), "gone");
  });
}

Deno.test("Queue.join() lets threads and tasks go on together", async () => {
  const queue = new Queue<number>();
  queue.putSync(1);
  const acts = [["joinSync"], ["join"], ["joinSync"]] as const;
  const crew = acts.map((act) => bodies.start("act", [queue, act]));
  const task = queue.join(LIMIT);
  const serving = bodies.start("serve", [queue, "done"]);
  queue.joinSync(LIMIT);
  assertEquals(queue.unfinished, 0);
  await task;
  for (const thread of [...crew, serving]) await thread.join(LIMIT);
  assertEquals(queue.size, 1);
});

Deno.test("Queue.join() waits for what is put meanwhile", async () => {
  const queue = new Queue<number>();
  queue.putSync(1);
  let isJoined = false;
  const join = queue.join(LIMIT).then(() => isJoined = true);
  queue.putSync(2);
  queue.taskDone();
  await null;
  assert(!isJoined);
  queue.taskDone();
  await join;
});

Deno.test("Queue.join() covers what consumers in threads work on", async () => {
  const queue = new Queue<number>({ maxSize: 4 });
  const consumers = range(0, 2).map(() => bodies.start("consume", [queue]));
  for (let round = 0; round < 20; round++) {
    for (const item of range(0, 10)) await queue.put(round * 10 + item, LIMIT);
    if (round % 2 === 0) await queue.join(LIMIT);
    else queue.joinSync(LIMIT);
    assertEquals([queue.size, queue.unfinished], [0, 0]);
  }
  queue.shutdown();
  const lists = await Promise.all(consumers.map((one) => one.join(LIMIT)));
  assertEquals(lists.flat().toSorted((a, b) => a - b), range(0, 200));
});

Deno.test("Queue.taskDone() by many threads misses none", async () => {
  const queue = new Queue<number>();
  for (const item of range(0, 3000)) queue.putSync(item);
  const crew = range(0, 3).map(() => bodies.start("consume", [queue]));
  await queue.join(LIMIT);
  queue.shutdown();
  for (const thread of crew) await thread.join(LIMIT);
  assertIdle(queue);
  assertThrows(() => queue.taskDone(), RangeError);
});

for (const Class of CLASSES) {
  const { name } = Class;

  Deno.test(`${name} is iterated until it is shut down and empty`, async () => {
    const queue = new Class<number>();
    for (const item of [1, 2, 3]) queue.putSync(item);
    queue.shutdown();
    const items: number[] = [];
    for await (const item of queue) items.push(item);
    assertEquals(items, name === "LifoQueue" ? [3, 2, 1] : [1, 2, 3]);
    for await (const item of queue) throw new Error(`there is still ${item}`);
    assertEquals(queue.unfinished, 3); // whoever iterates reports by itself
  });

  Deno.test(`${name} is iterated as items come`, async () => {
    const queue = new Class<number>();
    const items: number[] = [];
    const loop = (async () => {
      for await (const item of queue) items.push(item);
    })();
    for (const item of [1, 2, 3]) {
      await until(() => queue.waitingToGet === 1);
      queue.putSync(item);
      await until(() => items.length === item);
    }
    await until(() => queue.waitingToGet === 1);
    queue.shutdown();
    await loop;
    assertEquals([items, queue.waitingToGet], [[1, 2, 3], 0]);
  });

  Deno.test(`${name} that is left in the middle keeps the rest`, async () => {
    const queue = new Class<number>();
    for (const item of range(0, 5)) queue.putSync(item);
    const items: number[] = [];
    for (const way of ["break", "throw", "return"] as const) {
      const loop = async () => {
        for await (const item of queue) {
          items.push(item);
          if (way === "break") break;
          if (way === "throw") throw new RangeError("thrown");
          return;
        }
      };
      if (way === "throw") await assertRejects(loop, RangeError, "thrown");
      else await loop();
    }
    assertEquals([items.length, queue.size, queue.waitingToGet], [3, 2, 0]);
    items.push(...drain(queue));
    assertEquals(items.sort(), range(0, 5));
    assert(!queue.closed);
  });
}

Deno.test("Queue shares its items among loops of one thread", async () => {
  const queue = new Queue<number>({ maxSize: 2 });
  const lists = range(0, 4).map(async () => {
    const items: number[] = [];
    for await (const item of queue) {
      items.push(item);
      await null;
    }
    return items;
  });
  for (const item of range(0, 200)) await queue.put(item, LIMIT);
  queue.shutdown();
  const all = await Promise.all(lists);
  assertEquals(all.flat().toSorted((a, b) => a - b), range(0, 200));
  for (const items of all) {
    assert(items.length > 0, "a loop got nothing");
    assertEquals(items, items.toSorted((a, b) => a - b));
  }
});

Deno.test("Queue shares its items among loops of threads", async () => {
  const queue = new Queue<number>({ maxSize: 10 });
  const loops = range(0, 2).map(() => bodies.start("consumeAsync", [queue, 2]));
  await bodies.start("produce", [queue, 0, 500]).join(LIMIT);
  for (const item of range(500, 1000)) await queue.put(item, LIMIT);
  await queue.join(LIMIT);
  queue.shutdown();
  const lists = await Promise.all(loops.map((loop) => loop.join(LIMIT)));
  const items = lists.flat(2).toSorted((a, b) => a - b);
  assertEquals(items, range(0, 1000));
});

Deno.test("Queue ends loops when it is shut down at once, whatever is in it", async () => {
  const queue = new Queue<number>();
  const items: number[] = [];
  for (const item of range(0, 5)) queue.putSync(item);
  for await (const item of queue) {
    items.push(item);
    if (item === 1) queue.shutdown({ immediate: true });
  }
  assertEquals([items, queue.unfinished], [[0, 1], 2]);
});

Deno.test("Queue gives an iterator that is left before its first item nothing", async () => {
  const queue = new Queue<number>();
  queue.putSync(1);
  const iterator = queue[Symbol.asyncIterator]();
  await iterator.return!();
  assertEquals(await iterator.next(), { done: true, value: undefined });
  assertEquals(drain(queue), [1]);
});

Deno.test("Queue passes on what else goes wrong while it is iterated", async () => {
  const queue = new Queue<number>();
  queue.get = () => Promise.reject(new RangeError("broken"));
  const loop = async () => {
    for await (const item of queue) throw new Error(`there is ${item}`);
  };
  await assertRejects(loop, RangeError, "broken");
});

Deno.test("Queue that is left by return() while a loop waits keeps what comes", async () => {
  const queue = new Queue<number>();
  const items = queue[Symbol.asyncIterator]();
  const next = items.next();
  await until(() => queue.waitingToGet === 1);
  const done = { done: true, value: undefined } as const;
  assertEquals(await items.return!(), done);
  assertEquals(await next, done);
  queue.putSync(5);
  assertEquals(await items.next(), done);
  assertEquals([drain(queue), queue.waitingToGet], [[5], 0]);
});
