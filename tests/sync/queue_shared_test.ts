import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { Barrier } from "../../sync/barrier.ts";
import { BoundedSemaphore } from "../../sync/bounded_semaphore.ts";
import { Condition } from "../../sync/condition.ts";
import { LifoQueue } from "../../sync/lifo_queue.ts";
import { Lock } from "../../sync/lock.ts";
import { PriorityQueue } from "../../sync/priority_queue.ts";
import { Queue, type Shareable } from "../../sync/queue.ts";
import { RLock } from "../../sync/rlock.ts";
import { RwLock } from "../../sync/rw_lock.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { threads } from "../../sync/threads.ts";
import { Hands } from "./_hands.ts";
import { type Kit, newKit, use } from "./_queue_shared_bodies.ts";
import { CLASSES, drain, LIMIT, range } from "./_queue_ways.ts";

const BODIES = import.meta.resolve("./_queue_shared_bodies.ts");
const bodies = new Hands<typeof import("./_queue_shared_bodies.ts")>(BODIES, 2);
const mortals = threads<typeof import("./_queue_shared_bodies.ts")>(BODIES);

/** Asserts that others have used the kit so often. */
function assertUsed(kit: Kit, times: number): void {
  assertEquals(drain(kit.answers).length, times);
  assertEquals([kit.count.get(), kit.event.isSet], [times, times > 0]);
  assertEquals(kit.deep.get("array")![0].get(1), 5 * times);
  assertEquals(kit.lock.locked, false);
}

/** Asserts that two kits are the same. */
function assertSameKit(kit: Kit, other: Kit): void {
  const before = kit.count.get();
  use(kit);
  use(other);
  assertEquals(drain(kit.answers), [before + 1, before + 2]);
  using _held = kit.lock.acquireSync(LIMIT);
  assert(other.lock.locked);
  assertEquals(other.lock.tryAcquire(), undefined);
}

for (const Class of CLASSES) {
  Deno.test(`${Class.name} passes on what lives in shared memory as the same`, async () => {
    const queue = new Class<Kit>();
    const kit = newKit();
    queue.putSync(kit);
    assertSameKit(kit, queue.getSync());
    await queue.put(kit);
    assertSameKit(kit, await queue.get());
    assert(queue.tryPut(kit));
    assertSameKit(kit, queue.tryGet()!);
  });
}

Deno.test("Queue passes on all primitives", () => {
  const queue = new Queue<Shareable[]>();
  const barrier = new Barrier(2);
  const bounded = new BoundedSemaphore(2);
  const condition = new Condition(new Lock());
  const rLock = new RLock();
  const rwLock = new RwLock();
  const semaphore = new Semaphore(3);
  const lifo = new LifoQueue<number>();
  const priority = new PriorityQueue<number>();
  queue.putSync([barrier, bounded, condition, rLock, rwLock, semaphore]);
  queue.putSync([lifo, priority, queue, condition.lock, condition]);
  const got = queue.getSync() as [
    Barrier,
    BoundedSemaphore,
    Condition,
    RLock,
    RwLock,
    Semaphore,
  ];
  got[0].abort();
  assert(barrier.broken);
  got[1].acquireSync();
  got[5].acquireSync();
  assertEquals([bounded.value, semaphore.value], [1, 2]);
  {
    using _a = condition.acquireSync();
    using _b = rLock.acquireSync();
    using _c = rwLock.writeSync();
    assertEquals(got[2].tryAcquire(), undefined);
    assertEquals([got[3].locked, got[4].writing], [true, true]);
  }
  const [lifo2, priority2, self, lock, condition2] = queue.getSync() as [
    LifoQueue<number>,
    PriorityQueue<number>,
    Queue<number>,
    Lock,
    Condition,
  ];
  assertInstanceOf(lifo2, LifoQueue);
  for (const item of [1, 2]) {
    lifo2.putSync(item);
    priority2.putSync(item, { priority: -item });
    self.putSync(item);
  }
  assertEquals([lifo.getSync(), priority.getSync()], [2, 2]);
  assertEquals(drain(queue as Queue<Shareable>), [1, 2]);
  using _held = lock.acquireSync(LIMIT);
  assertEquals(condition2.tryAcquire(), undefined);
});

Deno.test("Queue passes on primitives from the main thread to others", async () => {
  for (const body of ["useAll", "useAllAsync"] as const) {
    const queue = new Queue<Kit>();
    const kit = newKit();
    queue.putSync(kit); // before the thread is there
    const thread = bodies.start(body, [queue, 3]);
    queue.putSync(kit);
    await queue.put(kit);
    await thread.join(LIMIT);
    assertUsed(kit, 3);
  }
});

Deno.test("Queue passes on primitives to a thread while the main thread blocks", async () => {
  for (const body of ["useAll", "useAllAsync"] as const) {
    const queue = new Queue<Kit>();
    const thread = bodies.start(body, [queue, 3]);
    const kit = newKit();
    for (const time of [1, 2, 3]) {
      kit.event.clear();
      queue.putSync(kit);
      kit.event.waitSync(LIMIT);
      assertEquals(kit.answers.getSync(LIMIT), time);
    }
    await thread.join(LIMIT);
  }
});

Deno.test("Queue passes on primitives from a thread, also if it has ended", async () => {
  const queue = new Queue<Kit>();
  const thread = mortals.start("makeKits", [queue, 4]);
  const kits = [queue.getSync(LIMIT), await queue.get(LIMIT)];
  await thread.join(LIMIT);
  kits.push(queue.getSync(LIMIT), await queue.get(LIMIT));
  for (const [index, { lock, count }] of kits.entries()) {
    assertEquals([count.get(), lock.locked], [index, true]);
    lock.release(); // a thread that returns leaves its locks held
    lock.acquireSync(LIMIT).release();
  }
});

Deno.test("Queue passes on primitives from a thread that was terminated", async () => {
  const queue = new Queue<Kit>();
  const thread = mortals.start("makeKitsAndBlock", [queue, 3]);
  const first = queue.getSync(LIMIT);
  while (queue.size < 2) await new Promise((done) => setTimeout(done, 1));
  await thread.terminate(LIMIT);
  for (const [index, kit] of [first, ...drain(queue)].entries()) {
    assertEquals(kit.count.get(), index);
    kit.lock.acquireSync(LIMIT).release();
    assert(kit.lock.ownerDied);
  }
});

Deno.test("Queue passes on primitives from thread to thread, and back", async () => {
  const queues = range(0, 3).map(() => new Queue<Kit>({ maxSize: 2 }));
  const [first, second, third] = queues as [Queue<Kit>, Queue<Kit>, Queue<Kit>];
  const crew = [
    bodies.start("echo", [first, second, 20]),
    bodies.start("echo", [second, third, 20]),
  ];
  const kit = newKit();
  for (const time of range(0, 20)) {
    first.putSync(kit, LIMIT);
    const back = time % 3 === 0 ? third.getSync(LIMIT) : await third.get(LIMIT);
    assertSameKit(kit, back);
  }
  for (const thread of crew) await thread.join(LIMIT);
});

Deno.test("Queue passes on shared memory, and views of it, as the same", async () => {
  const buffer = new SharedArrayBuffer(16);
  const queue = new Queue<SharedArrayBuffer | Int32Array>();
  queue.putSync(buffer);
  new Int32Array(queue.getSync() as SharedArrayBuffer)[0] = 5;
  const view = new Int32Array(buffer);
  assertEquals(view[0], 5);
  queue.putSync(view);
  Atomics.add(queue.getSync() as Int32Array, 0, 1);
  assertEquals(view[0], 6);
  const thread = bodies.start("addTo", [queue as Queue<Int32Array>, 2]);
  queue.putSync(view);
  await queue.put(view);
  await thread.join(LIMIT);
  assertEquals(view[1], 14);
});

Deno.test("Queue drops primitives with what else is in it", async () => {
  const queue = new Queue<Kit>();
  const kit = newKit();
  for (const _ of range(0, 50)) queue.putSync(kit);
  queue.shutdown({ immediate: true });
  await queue.join(LIMIT);
  assertEquals([queue.size, queue.unfinished], [0, 0]);
  use(kit);
  assertUsed(kit, 1);
});

Deno.test("Queue keeps what must not be mixed up: many kits at once", async () => {
  const queue = new Queue<Kit>();
  const kits = range(0, 30).map(newKit);
  const crew = range(0, 2).map(() => bodies.start("useAll", [queue, 15]));
  for (const kit of kits) queue.putSync(kit);
  for (const thread of crew) await thread.join(LIMIT);
  for (const kit of kits) assertUsed(kit, 1);
});
