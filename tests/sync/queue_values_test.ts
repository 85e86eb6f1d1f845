import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
} from "@std/assert";
import { Queue, type Shareable } from "../../sync/queue.ts";
import { Hands } from "./_hands.ts";
import {
  assertKnot,
  assertSame,
  knot,
  PaintError,
  values,
} from "./_queue_values.ts";
import { CLASSES, LIMIT } from "./_queue_ways.ts";

const bodies = new Hands<typeof import("./_queue_bodies.ts")>(
  import.meta.resolve("./_queue_bodies.ts"),
  2,
);

for (const [which, value] of Object.entries(values())) {
  Deno.test(`Queue passes on ${which}`, async () => {
    const queue = new Queue();
    queue.putSync(value);
    const got = queue.getSync();
    assertSame(got, value);
    if (typeof value === "object") assert(got !== value);
    await queue.put(value);
    assertSame(await queue.get(), value);
    queue.tryPut({ value });
    assertSame((queue.tryGet() as { value: unknown }).value, value);
    if (!Array.isArray(value)) return;
    for (const item of value as Shareable[]) { // each by itself, too
      if (item === undefined) continue;
      queue.putSync(item);
      assertSame(queue.getSync(), item);
    }
  });
}

Deno.test("LifoQueue and PriorityQueue pass on values of all kinds", () => {
  const all = Object.values(values());
  for (const Class of CLASSES) {
    const queue = new Class();
    for (const value of all) queue.putSync(value);
    const expected = Class.name === "LifoQueue" ? all.toReversed() : all;
    for (const value of expected) assertSame(queue.getSync(), value);
  }
});

Deno.test("Queue passes on values of all kinds through another thread", async () => {
  const [to, from] = [new Queue(), new Queue()];
  const all = [...Object.values(values()), knot()];
  const crew = [
    bodies.start("relay", [to, from, all.length]),
    bodies.start("relayAsync", [to, from, all.length]),
  ];
  for (const value of all) {
    for (const way of ["async", "blocking"]) {
      if (way === "async") await to.put(value);
      else to.putSync(value);
      const got = way === "async" ? await from.get(LIMIT) : from.getSync(LIMIT);
      if (value === all.at(-1)) assertKnot(got);
      else assertSame(got, value);
    }
  }
  to.shutdown();
  for (const thread of crew) {
    const end = await thread.join(LIMIT).catch((error) => error.code);
    assert(end === undefined || end === "queue-shut-down", `${end}`);
  }
  assertEquals([to.unfinished, from.unfinished], [
    2 * all.length,
    2 * all.length,
  ]);
});

Deno.test("Queue keeps circles, and what is in an item twice", () => {
  const queue = new Queue();
  const original = knot();
  queue.putSync(original);
  assertKnot(queue.getSync());
  assertKnot(original);
  const list: unknown[] = [];
  list.push(list, [list]);
  queue.putSync(list);
  const same = queue.getSync() as unknown[][];
  assertStrictEquals(same[0], same);
  assertStrictEquals(same[1]![0], same);
  const shared = { n: 1 };
  queue.putSync([shared, { shared }, [shared]]);
  const [first, second, third] = queue.getSync() as [
    unknown,
    { shared: unknown },
    unknown[],
  ];
  assertStrictEquals(second.shared, first);
  assertStrictEquals(third[0], first);
});

Deno.test("Queue keeps errors of own classes, with all that they know", async () => {
  const [to, from] = [new Queue(), new Queue()];
  const error = new PaintError("no paint", { cause: new RangeError("inner") });
  const relay = bodies.start("relay", [to, from, 2]);
  to.putSync(error);
  to.putSync({ list: [error] });
  const got = await from.get(LIMIT);
  const { list: [deep] } = await from.get(LIMIT) as { list: unknown[] };
  await relay.join(LIMIT);
  for (const copy of [got, deep]) {
    assertInstanceOf(copy, Error);
    assertInstanceOf(copy.cause, RangeError);
    assertEquals(copy.cause.message, "inner");
    const { name, message, stack, code, layers } = copy as PaintError;
    assertEquals(
      [name, message, stack, code, layers, copy.constructor.name],
      [
        "PaintError",
        "no paint",
        error.stack,
        "too-thin",
        error.layers,
        "PaintError",
      ],
    );
  }
});

Deno.test("Queue takes a plain object without a prototype, and one behind a proxy", () => {
  const queue = new Queue();
  queue.putSync(Object.assign(Object.create(null), { n: 1 }));
  assertEquals((queue.getSync() as { n: number }).n, 1);
  queue.putSync(new Proxy({ n: 2 }, {}));
  assertEquals(queue.getSync(), { n: 2 });
});

Deno.test("Queue gives buffers that hold nothing else", () => {
  const queue = new Queue<Uint8Array>();
  queue.putSync(new Uint8Array(1000).subarray(10, 13));
  const first = queue.getSync();
  assertEquals([first.length, first.buffer.byteLength], [3, 3]);
  queue.putSync(new Uint8Array([1]));
  const second = queue.getSync();
  queue.putSync(new Uint8Array([2]));
  assertEquals([[...second], [...queue.getSync()]], [[1], [2]]);
  assert(second.buffer instanceof ArrayBuffer); // a copy, not shared memory
});
