import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Event } from "../../sync/event.ts";
import {
  Queue,
  type QueueHandle,
  type QueueOptions,
} from "../../sync/queue.ts";
import { assertIdle, CLASSES, codeOf, drain, how } from "./_queue_ways.ts";

for (const Class of CLASSES) {
  const { name } = Class;

  Deno.test(`${name} is empty at first, and open`, () => {
    for (const options of [undefined, {}, { maxSize: 0, byteCapacity: 0 }]) {
      const queue = new Class(options);
      assertEquals([queue.size, queue.maxSize, queue.unfinished], [0, 0, 0]);
      assertEquals([queue.empty, queue.full, queue.ready], [
        true,
        false,
        false,
      ]);
      assertEquals([queue.closed, queue.tryGet()], [false, undefined]);
      assertIdle(queue);
    }
  });

  Deno.test(`${name} counts what is in it, up to maxSize`, async () => {
    const queue = new Class<number>({ maxSize: 3 });
    assertEquals(queue.maxSize, 3);
    queue.putSync(1);
    assertEquals([queue.size, queue.empty, queue.full], [1, false, false]);
    await queue.put(2);
    assertEquals(queue.tryPut(3), true);
    assertEquals([queue.size, queue.empty, queue.full], [3, false, true]);
    assertEquals([queue.tryPut(4), queue.size], [false, 3]);
    const items = [queue.getSync()];
    assertEquals([queue.size, queue.full], [2, false]);
    items.push(await queue.get(), queue.tryGet()!);
    assertEquals([queue.size, queue.empty, queue.tryGet()], [
      0,
      true,
      undefined,
    ]);
    assertEquals(items.sort(), [1, 2, 3]);
    assertEquals([queue.unfinished, queue.maxSize], [3, 3]);
  });

  Deno.test(`${name} without maxSize is never full`, () => {
    for (const options of [{}, { byteCapacity: 16 }]) {
      const queue = new Class<number>(options);
      while (queue.size < 100 && queue.tryPut(1)) assert(!queue.full);
      assertEquals([queue.maxSize, queue.full], [0, false]);
    }
  });

  Deno.test(`${name} says what went wrong, and keeps what it has`, async () => {
    const queue = new Class<number>({ maxSize: 1 });
    for (const timeoutMs of [0, 2, 0.5]) {
      const empty = "QueueEmptyError: queue-empty: Cannot get from the " +
        `${name}: nothing came within ${timeoutMs} ms`;
      await failsWith(() => queue.getSync({ timeoutMs }), empty);
      await failsWith(() => queue.get({ timeoutMs }), empty);
    }
    queue.putSync(5);
    for (const timeoutMs of [0, 2, 0.5]) {
      const full = `QueueFullError: queue-full: Cannot put into the ${name}: ` +
        `no room within ${timeoutMs} ms`;
      await failsWith(() => queue.putSync(6, { timeoutMs }), full);
      await failsWith(() => queue.put(6, { timeoutMs }), full);
    }
    assertEquals([queue.size, queue.unfinished], [1, 1]);
    assertEquals([queue.waitingToGet, queue.waitingToPut], [0, 0]);
    assertEquals(drain(queue), [5]);
    queue.shutdown();
    const put = "QueueShutDownError: queue-shut-down: Cannot put into the " +
      `${name}: it was shut down`;
    await failsWith(() => queue.putSync(1), put);
    await failsWith(() => queue.put(1), put);
    await failsWith(() => queue.tryPut(1), put);
    const get = put.replace("put into", "get from");
    await failsWith(() => queue.getSync(), get);
    await failsWith(() => queue.get(), get);
    await failsWith(() => queue.tryGet(), get);
  });

  Deno.test(`${name} with timeoutMs 0 does what can be done now`, async () => {
    const queue = new Class<number>({ maxSize: 1 });
    const now = { timeoutMs: 0 };
    queue.putSync(1, now);
    assertEquals(queue.getSync(now), 1);
    await queue.put(2, now);
    assertEquals(await queue.get(now), 2);
    assertEquals(await how(() => queue.get(now)), "queue-empty");
    queue.taskDone();
    queue.taskDone();
    queue.joinSync(now);
    await queue.join(now);
    assertIdle(queue);
  });

  Deno.test(`${name} refuses undefined in all forms, and takes null`, async () => {
    const queue = new Class<null>();
    const nothing = undefined as unknown as null;
    assertThrows(() => queue.putSync(nothing), TypeError, "undefined");
    assertThrows(() => queue.tryPut(nothing), TypeError, "undefined");
    await assertRejects(() => queue.put(nothing), TypeError, "undefined");
    assertIdle(queue);
    queue.putSync(null);
    assertEquals([queue.size, queue.tryGet(), queue.size], [1, null, 0]);
  });

  Deno.test(`${name} refuses wrong limits`, () => {
    const wrong: unknown[] = [
      -1,
      1.5,
      NaN,
      Infinity,
      2 ** 30 + 1,
      "5",
      5n,
      null,
    ];
    for (const limit of wrong) {
      for (const key of ["maxSize", "byteCapacity"]) {
        const options = { [key]: limit } as QueueOptions;
        const { message } = assertThrows(() => new Class(options), RangeError);
        assertEquals(
          message,
          `Cannot make a ${name}: ${key} must be a whole number from 0 to ` +
            `1073741824, got ${limit}`,
        );
      }
    }
    const most = 2 ** 30;
    const queue = new Class({ maxSize: most, byteCapacity: most });
    assertEquals(queue.maxSize, most);
  });

  Deno.test(`${name} refuses a bad timeoutMs, and changes nothing`, async () => {
    const queue = new Class<number>({ maxSize: 1 });
    for (const timeoutMs of [-1, NaN, -Infinity]) {
      const options = { timeoutMs };
      const calls = [
        () => queue.get(options),
        () => queue.getSync(options),
        () => queue.put(5, options),
        () => queue.putSync(5, options),
        () => queue.join(options),
        () => queue.joinSync(options),
        () => queue.whenReady(options),
      ];
      for (const call of calls) assertEquals(await how(call), "RangeError");
    }
    assertIdle(queue);
  });

  Deno.test(`${name}.attach() gives the same queue`, async () => {
    const queue = new Class<number>({ maxSize: 2 });
    const same = Class.attach<number>(structuredClone(queue.share()));
    assert(same instanceof Class && same !== queue);
    same.putSync(1);
    await queue.put(2);
    assertEquals([same.size, same.full, queue.maxSize], [
      2,
      true,
      same.maxSize,
    ]);
    assertEquals(same.tryPut(3), false);
    assertEquals(drain(queue), name === "LifoQueue" ? [2, 1] : [1, 2]);
    same.taskDone();
    assertEquals(queue.unfinished, 1);
    const waited = queue.get();
    assertEquals(same.waitingToGet, 1);
    same.putSync(3);
    assertEquals(await waited, 3);
    queue.shutdown();
    assert(same.closed);
  });

  Deno.test(`${name}.attach() takes only a handle of a ${name}`, () => {
    const { type, buffer, threads, data } = new Class().share();
    const others = CLASSES.filter((Other) => Other !== Class);
    const wrong: unknown[] = [
      ...others.map((Other) => new Other().share()),
      ...others.map((Other) => ({ ...new Other().share(), type })),
      new Event().share(),
      { type },
      { type, buffer, threads },
      { type, threads, data },
      { type, buffer, threads, data: {} },
      { type, buffer: new SharedArrayBuffer(4096), threads, data },
      { maxSize: 5 },
      {},
      [],
      5,
      "queue",
      null,
      undefined,
    ];
    for (const handle of wrong) {
      const attaching = () => Class.attach(handle as QueueHandle);
      const { message } = assertThrows(attaching, TypeError);
      assertEquals(
        message,
        `Cannot attach a ${name}: what was given is not what its share() gave`,
      );
    }
  });
}

Deno.test("Queue gives items in the order in which they were put", async () => {
  const queue = new Queue<number>();
  for (let round = 0; round < 50; round++) {
    for (let item = 0; item < round; item++) {
      if (item % 3 === 0) queue.putSync(item);
      else if (item % 3 === 1) await queue.put(item);
      else assert(queue.tryPut(item));
    }
    for (let item = 0; item < round; item++) {
      const form = (item + round) % 3;
      const got = form === 0
        ? queue.getSync()
        : form === 1
        ? await queue.get()
        : queue.tryGet();
      assertEquals(got, item);
    }
  }
});

/** Asserts the class, code and message of an error. */
async function failsWith(call: () => unknown, expected: string): Promise<void> {
  let error: unknown;
  try {
    error = await call();
  } catch (thrown) {
    error = thrown;
  }
  assert(error instanceof Error, `It returned ${error}`);
  assertEquals(`${error.name}: ${codeOf(error)}: ${error.message}`, expected);
  assertEquals(error.constructor.name, error.name);
}
