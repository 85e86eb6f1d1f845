import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Queue, type Shareable } from "../../sync/queue.ts";
import { assertIdle, CLASSES, drain, how, LIMIT } from "./_queue_ways.ts";
import { until } from "./_until.ts";

class Point {
  x = 1;
}

/** What cannot go to another thread, and what the error says. */
const REFUSED: readonly [string, () => Shareable, string][] = [
  ["a function", () => () => 1, "function"],
  ["a class", () => Point, "function"],
  ["an instance of a class", () => new Point(), "Point"],
  ["a symbol", () => Symbol("s"), "symbol"],
  ["a WeakMap", () => new WeakMap(), "WeakMap"],
  ["a promise", () => Promise.resolve(1), "Promise"],
  ["a URL", () => new URL("https://localhost"), "URL"],
  ["an iterator", () => [1].values(), "belongs to its thread"],
  ["a function in an array", () => [1, [() => 1]], "function"],
  ["a function in an object", () => ({ a: { b: () => 1 } }), ".a.b"],
  ["a symbol in a Map", () => new Map([[1, Symbol()]]), "symbol"],
  ["an instance in a Set", () => new Set([new Point()]), "Point"],
  ["a class deep down", () => [[[{ a: [Point] }]]], "function"],
];

for (const Class of CLASSES) {
  for (const [which, make, says] of REFUSED) {
    Deno.test(`${Class.name} refuses ${which}, and stays as it was`, async () => {
      const queue = new Class<Shareable>({ maxSize: 2 });
      const value = make();
      for (const isFull of [false, true]) {
        if (isFull) { while (queue.tryPut("before")); }
        const { size, unfinished } = queue;
        assertThrows(() => queue.putSync(value, LIMIT), TypeError, says);
        assertThrows(() => queue.tryPut(value), TypeError, says);
        await assertRejects(() => queue.put(value, LIMIT), TypeError, says);
        assertEquals([queue.size, queue.unfinished], [size, unfinished]);
        assertEquals([queue.waitingToPut, queue.waitingToGet], [0, 0]);
      }
      assertEquals(drain(queue), ["before", "before"]);
      queue.putSync("after");
      assertEquals(await queue.get(LIMIT), "after");
    });
  }
}

Deno.test("Queue does not wake who waits when it refuses an item", async () => {
  const queue = new Queue<Shareable>();
  const got = queue.get(LIMIT);
  await until(() => queue.waitingToGet === 1);
  assertThrows(() => queue.putSync(() => 1), TypeError);
  assertEquals(queue.waitingToGet, 1);
  queue.putSync("item");
  assertEquals(await got, "item");
});

Deno.test("Queue refuses what nests too deeply, and stays as it was", async () => {
  const queue = new Queue();
  let deep: unknown[] = [];
  for (let level = 0; level < 100_000; level++) deep = [deep];
  for (const form of [queue.put, queue.putSync, queue.tryPut]) {
    const end = await how(() => form.call(queue, deep));
    assertEquals(end, "RangeError");
  }
  assertIdle(queue);
  queue.putSync("after");
  assertEquals(drain(queue), ["after"]);
});

Deno.test("Queue passes on what a getter throws, and stays as it was", async () => {
  const queue = new Queue();
  const value = {
    before: "something long ".repeat(100),
    get broken(): number {
      throw new RangeError("broken");
    },
  };
  assertThrows(() => queue.putSync(value), RangeError, "broken");
  assertThrows(() => queue.tryPut(value), RangeError, "broken");
  await assertRejects(() => queue.put(value), RangeError, "broken");
  assertIdle(queue);
  queue.putSync("after");
  assertEquals(drain(queue), ["after"]);
});

for (const Class of CLASSES) {
  const { name } = Class;

  Deno.test(`${name} lets a getter in an item put, get and shut down`, () => {
    const queue = new Class<Shareable>();
    queue.putSync({
      get outer() {
        queue.putSync("inner");
        return "outer";
      },
    });
    const items = drain(queue);
    assertEquals(items.length, 2);
    assert(items.includes("inner"));
    assertEquals(items.find((item) => item !== "inner"), { outer: "outer" });
    queue.putSync("first");
    queue.putSync({
      got: "",
      get twice() {
        return [queue.tryGet(), queue.tryGet() ?? "none"];
      },
    });
    assertEquals(queue.size, 1);
    assertEquals(queue.getSync(), { got: "", twice: ["first", "none"] });
    const last = {
      get end() {
        queue.shutdown();
        return 1;
      },
    };
    assertThrows(() => queue.putSync(last), Error, "shut down");
    assertEquals([queue.size, queue.closed], [0, true]);
  });

  Deno.test(`${name} lets a getter in an item put another with a getter, large or small`, () => {
    const queue = new Class<Shareable>();
    const nested = (depth: number): Shareable => ({
      text: "x".repeat(depth * 1000),
      get more() {
        if (depth > 0) queue.putSync(nested(depth - 1));
        return [depth, [depth, "y"], { more: -depth }];
      },
    });
    queue.putSync(nested(5));
    const items = drain(queue) as { text: string; more: unknown[] }[];
    const depths = items.map(({ text, more }) => {
      const depth = text.length / 1000;
      assertEquals(more, [depth, [depth, "y"], { more: -depth }]);
      return depth;
    });
    assertEquals(depths.toSorted(), [0, 1, 2, 3, 4, 5]);
  });
}

Deno.test("Queue reads a getter in an item of plain data once", () => {
  for (const other of [1, "two", [3], { four: 4 }]) {
    const queue = new Queue<Shareable>();
    let reads = 0;
    const value = {
      get n() {
        return ++reads;
      },
      other,
    };
    queue.putSync(value);
    assertEquals([reads, (queue.getSync() as { n: number }).n], [1, 1]);
  }
});

Deno.test("Queue refuses what only a transfer could move", async () => {
  const { port1, port2 } = new MessageChannel();
  const queue = new Queue<Shareable>();
  for (const value of [port1, [port1], { port1 }]) {
    assertEquals(await how(() => queue.put(value)), "TypeError");
    assertEquals(await how(() => queue.putSync(value)), "TypeError");
    assertEquals(await how(() => queue.tryPut(value)), "TypeError");
    assertIdle(queue);
  }
  port1.close();
  port2.close();
});

Deno.test("Queue.put() takes the value as it is when called", async () => {
  const queue = new Queue<Shareable>({ maxSize: 1 });
  queue.putSync("first");
  const plain = { n: 1, list: [1], bytes: new Uint8Array([1, 1]) };
  const other = new Map<string, unknown>([["n", 1], ["at", new Date(1)]]);
  const puts = [queue.put(plain, LIMIT), queue.put(other, LIMIT)];
  plain.n = 2;
  plain.list.push(2);
  plain.bytes.fill(2);
  other.set("n", 2);
  (other.get("at") as Date).setTime(2);
  assertEquals(queue.getSync(), "first");
  await puts[0];
  const expected = { n: 1, list: [1], bytes: new Uint8Array([1, 1]) };
  assertEquals(queue.getSync(), expected);
  await puts[1];
  assertEquals(
    queue.getSync(),
    new Map<string, unknown>([
      ["n", 1],
      ["at", new Date(1)],
    ]),
  );
});

Deno.test("Queue.put() leaves the value as it was", async () => {
  const queue = new Queue<Shareable>();
  const bytes = new Uint8Array([1, 2]);
  const value = Object.freeze({ bytes, list: Object.freeze([1, new Date(1)]) });
  queue.putSync(value);
  await queue.put(value);
  assertEquals([bytes.length, bytes.buffer.byteLength], [2, 2]);
  assertEquals(drain(queue), [value, value]);
});
