import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Queue, type QueueOptions } from "../../sync/queue.ts";
import { Hands } from "./_hands.ts";
import { assertIdle, CLASSES, drain, how, LIMIT } from "./_queue_ways.ts";
import { until } from "./_until.ts";

const bodies = new Hands<typeof import("./_queue_bodies.ts")>(
  import.meta.resolve("./_queue_bodies.ts"),
  1,
);

const CAPACITY = 1024;

/** How many octets the largest array has that an empty queue takes. */
function largest(make: () => Queue): number {
  const fits = (octets: number) => {
    try {
      return make().tryPut(new Uint8Array(octets));
    } catch {
      return false; // it never fits
    }
  };
  let [most, tooMany] = [0, CAPACITY];
  while (most + 1 < tooMany) {
    const middle = (most + tooMany) >> 1;
    if (fits(middle)) most = middle;
    else tooMany = middle;
  }
  return most;
}

for (const Class of CLASSES) {
  const { name } = Class;
  const make = () => new Class({ byteCapacity: CAPACITY });

  Deno.test(`${name} holds as many octets as told, and no more`, () => {
    const most = largest(make);
    assert(most <= CAPACITY - 8, `${most} octets fit`);
    assert(most > CAPACITY - 64, `only ${most} octets fit`);
    for (const octets of [0, 1, 7, 8, 9, 100, 500]) {
      const queue = make();
      while (queue.tryPut(new Uint8Array(octets)));
      const takes = 8 + octets; // at least
      assert(queue.size * takes <= CAPACITY, `${queue.size} times ${octets}`);
      assert(
        queue.size >= Math.floor(CAPACITY / (takes + 64)),
        `${queue.size}`,
      );
      const before = queue.size;
      queue.getSync();
      assert(queue.tryPut(new Uint8Array(octets)));
      assertEquals(queue.tryPut(new Uint8Array(octets)), false);
      assertEquals([queue.size, queue.full], [before, false]);
    }
  });

  Deno.test(`${name} refuses at once what it can never hold`, async () => {
    const most = largest(make);
    const [fitting, large] = [new Uint8Array(most), new Uint8Array(most + 1)];
    const queue = make();
    for (const isFull of [false, true]) {
      if (isFull) queue.putSync(fitting);
      assertThrows(() => queue.tryPut(large), RangeError, "Cannot put");
      assertThrows(() => queue.putSync(large), RangeError, "Cannot put");
      await assertRejects(() => queue.put(large), RangeError, "Cannot put");
      assertThrows(() => queue.putSync(large, { timeoutMs: 0 }), RangeError);
      assertEquals([queue.size, queue.waitingToPut], [Number(isFull), 0]);
    }
    assertEquals(drain(queue), [fitting]);
    queue.taskDone();
    assertIdle(queue);
  });

  Deno.test(`${name} waits until there is room for all octets`, async () => {
    const queue = make();
    const third = new Uint8Array(300);
    while (queue.tryPut(third));
    assertEquals(queue.size, 3);
    let hasPut = false;
    const put = queue.put(new Uint8Array(largest(make)), LIMIT)
      .then(() => hasPut = true);
    for (let left = 2; left >= 0; left--) {
      await until(() => queue.waitingToPut === 1);
      assertEquals([hasPut, queue.size], [false, left + 1]);
      assertEquals(queue.getSync(), third);
    }
    await put;
    assertEquals([queue.size, queue.waitingToPut], [1, 0]);
  });

  Deno.test(`${name} keeps to both limits at once`, () => {
    const queue = new Class({ maxSize: 5, byteCapacity: CAPACITY });
    while (queue.tryPut(1));
    assertEquals([queue.size, queue.full], [5, true]);
    drain(queue);
    while (queue.tryPut(new Uint8Array(300)));
    assertEquals([queue.size, queue.full], [3, false]);
    drain(queue);
    while (queue.tryPut(1));
    assertEquals(queue.size, 5);
  });

  Deno.test(`${name} without limits grows to 20,000 items`, () => {
    const queue = new Class<number>();
    for (let item = 0; item < 20_000; item++) queue.putSync(item);
    assertEquals([queue.size, queue.unfinished], [20_000, 20_000]);
    const items = drain(queue);
    if (name === "LifoQueue") items.reverse();
    assert(items.every((item, index) => item === index));
    assertEquals([items.length, queue.size], [20_000, 0]);
  });

  const megabytes = name === "Queue" ? 16 : 4;

  Deno.test(`${name} without limits takes an item of ${megabytes} MiB`, async () => {
    const queue = new Class<Uint8Array | number>();
    const large = new Uint8Array(megabytes * 2 ** 20);
    for (let at = 0; at < large.length; at += 4093) large[at] = at % 251;
    queue.putSync(1);
    queue.putSync(large);
    queue.putSync(2);
    const items = name === "LifoQueue"
      ? drain(queue).reverse()
      : [await queue.get(), ...drain(queue)];
    const [first, got, last] = items;
    assertEquals([first, last, items.length], [1, 2, 3]);
    assert(got instanceof Uint8Array && got.length === large.length);
    for (let at = 0; at < large.length; at += 4093) {
      if (got[at] !== at % 251 || got[at + 1] !== 0) {
        throw new Error(`at ${at}`);
      }
    }
  });
}

const LIMITS: Readonly<Record<string, QueueOptions>> = {
  "the limit of items": { maxSize: 3 },
  "the limit of octets": { byteCapacity: CAPACITY },
};

for (const [what, options] of Object.entries(LIMITS)) {
  Deno.test(`Queue lets a thread wait for room at ${what}`, async () => {
    const queue = new Queue<Uint8Array>(options);
    while (queue.tryPut(new Uint8Array(300)));
    assertEquals(queue.size, 3);
    const thread = bodies.start("putOne", [queue, 7, 290]);
    await until(() => queue.waitingToPut === 1 && thread.state === "blocked");
    assertEquals(queue.getSync(), new Uint8Array(300));
    await thread.join(LIMIT);
    assertEquals(drain(queue).at(-1), new Uint8Array(290).fill(7));
  });
}

Deno.test("Queue does not let a small item pass a large one that waits for room", async () => {
  const queue = new Queue<Uint8Array>({ byteCapacity: CAPACITY });
  while (queue.tryPut(new Uint8Array(300)));
  const order: string[] = [];
  const large = queue.put(new Uint8Array(600), LIMIT)
    .then(() => order.push("large"));
  const small = queue.put(new Uint8Array(1), LIMIT)
    .then(() => order.push("small"));
  await until(() => queue.waitingToPut === 2);
  queue.getSync();
  queue.getSync();
  await Promise.all([large, small]);
  assertEquals(order, ["large", "small"]);
  assertEquals(drain(queue).map(({ length }) => length), [300, 600, 1]);
});

Deno.test("Queue lets the second in when one get makes room for two", async () => {
  const queue = new Queue<Uint8Array>({ byteCapacity: CAPACITY });
  queue.putSync(new Uint8Array(900));
  const tasks = [100, 101].map((octets) =>
    queue.put(new Uint8Array(octets), LIMIT)
  );
  const thread = bodies.start("putOne", [queue, 1, 102]);
  await until(() => queue.waitingToPut === 3);
  queue.getSync();
  await Promise.all([...tasks, thread.join(LIMIT)]);
  const sizes = drain(queue).map(({ length }) => length);
  assertEquals(sizes.sort(), [100, 101, 102]);
});

Deno.test("Queue lets the next in when a large item gives up", async () => {
  const queue = new Queue<Uint8Array>({ byteCapacity: CAPACITY });
  for (let third = 0; third < 2; third++) queue.putSync(new Uint8Array(300));
  const controller = new AbortController();
  const { signal } = controller;
  const large = how(() => queue.put(new Uint8Array(900), { signal }));
  await until(() => queue.waitingToPut === 1);
  const thread = bodies.start("putOne", [queue, 1, 200]);
  const task = queue.put(new Uint8Array(50), LIMIT);
  controller.abort("gone");
  assertEquals(await large, "gone");
  await Promise.all([task, thread.join(LIMIT)]);
  const sizes = drain(queue).map(({ length }) => length);
  assertEquals(sizes.sort(), [200, 300, 300, 50]);
});
