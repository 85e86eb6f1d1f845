import { assertEquals, assertInstanceOf } from "@std/assert";
import { LifoQueue } from "../../sync/lifo_queue.ts";
import { Queue } from "../../sync/queue.ts";
import { threads } from "../../sync/threads.ts";
import { drain, LIMIT, range } from "./_queue_ways.ts";
import { until } from "./_until.ts";

const bodies = threads<typeof import("./_queue_bodies.ts")>(
  import.meta.resolve("./_queue_bodies.ts"),
);

Deno.test("LifoQueue gives the item that was put last", async () => {
  const stack = new LifoQueue<number>();
  assertInstanceOf(stack, Queue);
  stack.putSync(1);
  await stack.put(2);
  stack.tryPut(3);
  assertEquals(stack.getSync(), 3);
  stack.putSync(4);
  assertEquals([await stack.get(), stack.tryGet()], [4, 2]);
  stack.putSync(5);
  assertEquals(drain(stack), [5, 1]);
});

Deno.test("LifoQueue keeps order through growth, and items of all sizes", () => {
  const stack = new LifoQueue<Uint8Array>();
  const sizes = range(0, 300).map((index) => index * 7919 % 5000);
  for (const size of sizes) stack.putSync(new Uint8Array(size).fill(size));
  for (const size of sizes.toReversed()) {
    assertEquals(stack.getSync(), new Uint8Array(size).fill(size));
  }
});

Deno.test("LifoQueue gives what another thread put, the last one first", async () => {
  const stack = new LifoQueue<number>();
  await bodies.start("produce", [stack, 0, 1000]).join(LIMIT);
  assertEquals(drain(stack), range(0, 1000).toReversed());
});

Deno.test("LifoQueue serves those who wait to get in order of arrival", async () => {
  const stack = new LifoQueue<number>();
  const waits = [1, 2, 3].map(() => stack.get(LIMIT));
  await until(() => stack.waitingToGet === 3);
  for (const item of [1, 2, 3]) {
    stack.putSync(item);
    assertEquals(await waits[item - 1], item);
  }
});

Deno.test("LifoQueue puts what waited for room on top, the first to wait first", async () => {
  const stack = new LifoQueue<number>({ maxSize: 2 });
  stack.putSync(1);
  stack.putSync(2);
  const puts = [3, 4].map((item) => stack.put(item, LIMIT));
  await until(() => stack.waitingToPut === 2);
  assertEquals(stack.getSync(), 2);
  await puts[0];
  assertEquals(stack.getSync(), 3);
  await puts[1];
  assertEquals(drain(stack), [4, 1]);
});
