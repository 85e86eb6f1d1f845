import { assert, assertEquals } from "@std/assert";
import { PriorityQueue } from "../../sync/priority_queue.ts";
import { Queue } from "../../sync/queue.ts";
import { Hands } from "./_hands.ts";
import { how, howSync, LIMIT } from "./_queue_ways.ts";
import { until } from "./_until.ts";

const bodies = new Hands<typeof import("./_queue_bodies.ts")>(
  import.meta.resolve("./_queue_bodies.ts"),
  2,
);

const SHUT = "queue-shut-down";

for (const immediate of [false, true]) {
  const shutdown = `shutdown({ immediate: ${immediate} })`;

  Deno.test(`Queue.${shutdown} ends threads and tasks that wait to get`, async () => {
    const queue = new Queue<number>();
    const crew = (["getSync", "get"] as const).map((what) =>
      bodies.start("act", [queue, [what]])
    );
    const task = how(() => queue.get(LIMIT));
    await until(() => queue.waitingToGet === 3);
    queue.shutdown({ immediate });
    for (const thread of crew) assertEquals(await thread.join(LIMIT), [SHUT]);
    assertEquals([await task, queue.waitingToGet], [SHUT, 0]);
  });

  Deno.test(`Queue.${shutdown} ends threads and tasks that wait to put`, async () => {
    const queue = new Queue<string>({ maxSize: 2 });
    queue.putSync("a");
    queue.putSync("b");
    const crew = (["putSync", "put"] as const).map((what) =>
      bodies.start("act", [queue, [what]])
    );
    const task = how(() => queue.put("c", LIMIT));
    await until(() => queue.waitingToPut === 3);
    queue.shutdown({ immediate });
    for (const thread of crew) assertEquals(await thread.join(LIMIT), [SHUT]);
    assertEquals([await task, queue.waitingToPut], [SHUT, 0]);
    const left = immediate ? [] : ["a", "b"];
    assertEquals([queue.size, queue.unfinished], [left.length, left.length]);
    const items = left.map(() => queue.getSync({ timeoutMs: 0 }));
    assertEquals(items, left);
    assertEquals(howSync(() => queue.tryGet()), SHUT);
  });

  Deno.test(`Queue.${shutdown} lets threads that join go on when all is done`, async () => {
    const queue = new Queue<number>();
    queue.putSync(1);
    queue.putSync(2);
    assertEquals(queue.getSync(), 1);
    const crew = (["joinSync", "join"] as const).map((what) =>
      bodies.start("act", [queue, [what]])
    );
    await until(() => crew[0]!.state === "blocked");
    queue.shutdown({ immediate });
    assertEquals(queue.unfinished, immediate ? 1 : 2);
    assert(crew.every((thread) => thread.alive)); // one is still in work
    queue.taskDone();
    if (!immediate) {
      assertEquals(queue.getSync(), 2);
      assert(crew.every((thread) => thread.alive));
      queue.taskDone();
    }
    for (const thread of crew) {
      assertEquals(await thread.join(LIMIT), [undefined]);
    }
  });
}

Deno.test("Queue.shutdown() by a thread ends what blocks the main thread", async () => {
  for (const what of ["shutdown", "drop"] as const) {
    const queue = new Queue<number>({ maxSize: 1 });
    const first = bodies.start("serve", [queue, what]);
    assertEquals(howSync(() => queue.getSync(LIMIT)), SHUT);
    await first.join(LIMIT);
    const full = new Queue<number>({ maxSize: 1 });
    full.putSync(1);
    const second = bodies.start("serve", [full, what]);
    assertEquals(howSync(() => full.putSync(2, LIMIT)), SHUT);
    await second.join(LIMIT);
    assertEquals(full.size, what === "drop" ? 0 : 1);
  }
});

for (const Class of [Queue, PriorityQueue]) {
  for (const immediate of [false, true]) {
    Deno.test(`${Class.name}.shutdown({ immediate: ${immediate} }) in full swing ends producers and consumers`, async () => {
      const queue = new Class<number>({ maxSize: 5 });
      const producer = bodies.start("produceUntilShut", [queue]);
      const consumer = bodies.start("consume", [queue]);
      const own: number[] = [];
      while (own.length < 100) {
        own.push(await queue.get(LIMIT));
        queue.taskDone();
      }
      queue.shutdown({ immediate });
      const put = await producer.join(LIMIT);
      const got = [...own, ...await consumer.join(LIMIT)];
      assertEquals(new Set(got).size, got.length);
      const dropped = put - got.length;
      assert(immediate ? dropped >= 0 && dropped <= 5 : dropped === 0);
      assertEquals([queue.size, queue.unfinished], [0, 0]);
      await queue.join(LIMIT);
    });
  }
}
