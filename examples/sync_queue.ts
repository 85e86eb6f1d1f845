/**
 * Threads that hand items to each other by a queue: some produce, some consume,
 * and nobody has to know who is there. Then what the other two queues are for,
 * and what happens to those who do not want to wait.
 *
 *     deno run --allow-read examples/sync_queue.ts
 */
import {
  LifoQueue,
  PriorityQueue,
  Queue,
  SharedValue,
  threads,
} from "@lockstep/lockstep/sync";

const EACH = 100;

/** Puts its items; waits whenever there is no room. */
export function produce(queue: Queue<number>, place: number): void {
  for (let i = 0; i < EACH; i++) queue.putSync(place * EACH + i);
}

/** Gets items until the queue is shut down. */
export function consume(
  queue: Queue<number>,
  most: SharedValue<"i32">,
): number[] {
  const got: number[] = [];
  for (;;) {
    try {
      most.set(Math.max(most.get(), queue.size));
      got.push(queue.getSync());
      queue.taskDone();
    } catch {
      return got; // it is empty, and will stay so
    }
  }
}

if (import.meta.main) {
  const here = threads<typeof import("./sync_queue.ts")>(import.meta.url);
  const queue = new Queue<number>({ maxSize: 10 });
  const most = new SharedValue("i32", 0);
  const producers = [0, 1].map((i) => here.start("produce", [queue, i]));
  const consumers = [1, 2, 3].map(() => here.start("consume", [queue, most]));
  for (const producer of producers) await producer.join();
  await queue.join(); // all that was put is done
  queue.shutdown();
  const got: number[] = [];
  for (const consumer of consumers) got.push(...await consumer.join());
  const none = new Set(got).size === got.length;
  console.log(
    `2 producers, 3 consumers: ${got.length} items, none twice: ${none}, never over 10: ${
      most.get() <= 10
    }`,
  );

  const full = new Queue<string>({ maxSize: 1 });
  full.putSync("first");
  await full.put("second", { timeoutMs: 0 })
    .catch((error) => console.log(`${error}`));

  const plates = new LifoQueue<string>();
  await plates.get({ timeoutMs: 5 }).catch((error) => console.log(`${error}`));
  for (const plate of ["a", "b", "c"]) plates.putSync(plate);
  const taken = [plates.getSync(), plates.getSync(), plates.getSync()];
  console.log(`3 plates: the last is the first: ${taken.join(" ")}`);

  const todo = new PriorityQueue<string>();
  todo.putSync("tidy up", { priority: 9 });
  todo.putSync("fire", { priority: 0 });
  todo.putSync("mail", { priority: 5 });
  todo.shutdown();
  const done: string[] = [];
  for await (const task of todo) done.push(task);
  console.log(`by priority: ${done.join(", ")}`);

  await queue.put(1).catch((error) => console.log(`${error}`));
}
