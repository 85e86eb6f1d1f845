import { assert, assertEquals } from "@std/assert";
import { Queue } from "../../sync/queue.ts";
import { CLASSES, how, LIMIT, range } from "./_queue_ways.ts";
import { until } from "./_until.ts";

const SHUT = "queue-shut-down";
const LATE = "TimeoutError";

/** How the calls end that do not wait for others, on a queue as it is. */
async function ends(queue: Queue<string>): Promise<Record<string, unknown>> {
  return {
    tryPut: await how(() => queue.tryPut("x")),
    putSync: await how(() => queue.putSync("x", { timeoutMs: 0 })),
    put: await how(() => queue.put("x", { timeoutMs: 0 })),
    tryGet: await how(() => queue.tryGet()),
    getSync: await how(() => queue.getSync({ timeoutMs: 0 })),
    get: await how(() => queue.get({ timeoutMs: 0 })),
  };
}

const ALL_SHUT = {
  tryPut: SHUT,
  putSync: SHUT,
  put: SHUT,
  tryGet: SHUT,
  getSync: SHUT,
  get: SHUT,
};

for (const Class of CLASSES) {
  const { name } = Class;

  Deno.test(`${name}.shutdown() of an empty queue lets nothing in or out`, async () => {
    for (const immediate of [false, true, undefined]) {
      const queue = new Class<string>();
      queue.shutdown({ immediate });
      assertEquals(await ends(queue), ALL_SHUT);
      // whatever the limit: it will never be possible
      assertEquals(await how(() => queue.get()), SHUT);
      assertEquals(await how(() => queue.getSync(LIMIT)), SHUT);
      assertEquals(await how(() => queue.put("x", LIMIT)), SHUT);
      assertEquals([queue.closed, queue.size, queue.ready], [true, 0, true]);
      assertEquals([queue.waitingToGet, queue.waitingToPut], [0, 0]);
      await queue.join(LIMIT);
      queue.joinSync(LIMIT);
    }
  });

  Deno.test(`${name}.shutdown() leaves what is in it`, async () => {
    for (const maxSize of [0, 3]) { // not full, and full
      const queue = new Class<string>({ maxSize });
      for (const item of ["a", "b", "c"]) queue.putSync(item);
      queue.shutdown();
      assertEquals([queue.closed, queue.size, queue.unfinished], [true, 3, 3]);
      assertEquals(queue.full, maxSize === 3);
      const { tryGet, getSync, get, ...puts } = await ends(queue);
      assertEquals([tryGet, getSync, get].sort(), ["a", "b", "c"]);
      assertEquals(new Set(Object.values(puts)), new Set([SHUT]));
      assertEquals(await ends(queue), ALL_SHUT);
      assertEquals(await how(() => queue.joinSync({ timeoutMs: 1 })), LATE);
      for (const left of [2, 1, 0]) {
        queue.taskDone();
        assertEquals(queue.unfinished, left);
      }
      await queue.join(LIMIT);
      assertEquals(await how(() => queue.taskDone()), "RangeError");
    }
  });

  Deno.test(`${name}.shutdown({ immediate }) drops what is in it, as done`, async () => {
    for (const maxSize of [0, 3]) {
      const queue = new Class<string>({ maxSize });
      for (const item of ["a", "b", "c"]) queue.putSync(item);
      queue.shutdown({ immediate: true });
      assertEquals([queue.closed, queue.size, queue.unfinished], [true, 0, 0]);
      assertEquals([queue.empty, queue.full], [true, false]);
      assertEquals(await ends(queue), ALL_SHUT);
      assertEquals(await how(() => queue.taskDone()), "RangeError");
      await queue.join({ timeoutMs: 0 });
      queue.joinSync({ timeoutMs: 0 });
    }
  });

  Deno.test(`${name}.shutdown({ immediate }) leaves who has an item to finish it`, async () => {
    const queue = new Class<string>();
    for (const item of ["a", "b", "c"]) queue.putSync(item);
    queue.getSync();
    queue.shutdown({ immediate: true });
    assertEquals(queue.unfinished, 1);
    assertEquals(await how(() => queue.join({ timeoutMs: 1 })), LATE);
    const join = queue.join(LIMIT);
    queue.taskDone();
    await join;
    assertEquals(await how(() => queue.taskDone()), "RangeError");
  });

  Deno.test(`${name}.shutdown() may be called again, in any order`, async () => {
    const orders = [[false, false], [false, true], [true, false], [true, true]];
    for (const order of orders) {
      const queue = new Class<string>();
      const same = Class.attach<string>(queue.share());
      queue.putSync("a");
      queue.putSync("b");
      let isDropped = false;
      for (const immediate of order) {
        same.shutdown({ immediate });
        isDropped ||= immediate;
        assertEquals([queue.closed, queue.size], [true, isDropped ? 0 : 2]);
      }
      assertEquals(queue.unfinished, isDropped ? 0 : 2);
      assertEquals(await how(() => queue.put("c")), SHUT);
    }
  });

  Deno.test(`${name}.shutdown() ends all who wait to get`, async () => {
    for (const immediate of [false, true]) {
      const queue = new Class<string>();
      const gets = range(0, 5).map(() => how(() => queue.get(LIMIT)));
      await until(() => queue.waitingToGet === 5);
      queue.shutdown({ immediate });
      assertEquals(await Promise.all(gets), Array(5).fill(SHUT));
      assertEquals(queue.waitingToGet, 0);
    }
  });

  Deno.test(`${name}.shutdown() ends all who wait to put`, async () => {
    for (const immediate of [false, true]) {
      const queue = new Class<string>({ maxSize: 1 });
      queue.putSync("a");
      const puts = range(0, 5).map(() => how(() => queue.put("b", LIMIT)));
      await until(() => queue.waitingToPut === 5);
      queue.shutdown({ immediate });
      assertEquals(await Promise.all(puts), Array(5).fill(SHUT));
      assertEquals(queue.waitingToPut, 0);
      assertEquals([queue.size, queue.unfinished], immediate ? [0, 0] : [1, 1]);
      if (!immediate) assertEquals(queue.getSync(), "a");
      assertEquals(await how(() => queue.get()), SHUT);
    }
  });

  Deno.test(`${name}.shutdown() lets who waits have what came before it`, async () => {
    const queue = new Class<string>();
    const gets = range(0, 3).map(() => how(() => queue.get(LIMIT)));
    await until(() => queue.waitingToGet === 3);
    queue.putSync("a");
    queue.putSync("b");
    queue.shutdown();
    const all = await Promise.all(gets);
    assertEquals(all.toSorted(), ["a", "b", SHUT]);
    assertEquals([queue.size, queue.waitingToGet], [0, 0]);
  });

  Deno.test(`${name}.shutdown() of a drained queue ends who waits for an item in vain`, async () => {
    const queue = new Class<string>();
    queue.putSync("a");
    queue.shutdown();
    const gets = [1, 2].map(() => how(() => queue.get(LIMIT)));
    assertEquals((await Promise.all(gets)).sort(), ["a", SHUT]);
  });
}

for (const Class of CLASSES) {
  Deno.test(`${Class.name}.shutdown() lets join() go on as soon as all is done`, async () => {
    for (const immediate of [false, true]) {
      const queue = new Class<string>();
      for (const item of ["a", "b"]) queue.putSync(item);
      let joined = 0;
      const joins = range(0, 3).map(() =>
        queue.join(LIMIT).then(() => joined++)
      );
      queue.shutdown({ immediate });
      if (!immediate) {
        await null;
        assertEquals(joined, 0);
        for (const _ of rest(queue)) queue.taskDone();
      }
      await Promise.all(joins);
      assertEquals([joined, queue.unfinished], [3, 0]);
    }
  });
}

/** What is left in a queue that was shut down. */
function rest(queue: Queue<string>): string[] {
  return range(0, queue.size).map(() => queue.getSync({ timeoutMs: 0 }));
}

Deno.test("Queue.shutdown() and an abort at once end a wait once", async () => {
  const queue = new Queue<string>();
  const controller = new AbortController();
  const { signal } = controller;
  const gets = [1, 2].map(() => how(() => queue.get({ signal })));
  await until(() => queue.waitingToGet === 2);
  queue.shutdown();
  controller.abort("gone");
  for (const end of await Promise.all(gets)) {
    assert(end === SHUT || end === "gone", `${end}`);
  }
  assertEquals(queue.waitingToGet, 0);
});

Deno.test("Queue that was shut down says so, also behind tasks that wait", async () => {
  const empty = new Queue<string>();
  const full = new Queue<string>({ maxSize: 1 });
  full.putSync("a");
  const waits = [how(() => empty.get()), how(() => full.put("b"))];
  empty.shutdown();
  full.shutdown();
  const now = { timeoutMs: 0 };
  waits.push(how(() => empty.get(now)), how(() => full.put("c", now)));
  assertEquals(await Promise.all(waits), Array(4).fill(SHUT));
});
