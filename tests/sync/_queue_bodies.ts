import { setTrap } from "../../sync/_trap.ts";
import type { Event } from "../../sync/event.ts";
import type { PriorityQueue } from "../../sync/priority_queue.ts";
import type { Queue } from "../../sync/queue.ts";
import type { SharedArray } from "../../sync/shared_array.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { Thread } from "../../sync/thread.ts";
import { codeOf, how, howSync, LIMIT } from "./_queue_ways.ts";
import { random } from "./_random.ts";

Thread.onUncaught = () => {}; // whoever joins it has it

/** Puts whole numbers from one up to, but not including, another. */
export function produce(to: Queue<number>, first: number, end: number): void {
  for (let item = first; item < end; item++) to.putSync(item, LIMIT);
}

/** As {@linkcode produce}, by tasks that take turns. */
export async function produceAsync(
  to: Queue<number>,
  first: number,
  end: number,
  tasks = 1,
): Promise<void> {
  let item = first;
  await Promise.all(Array.from({ length: tasks }, async () => {
    while (item < end) await to.put(item++, LIMIT);
  }));
}

/** Gets items until the queue is shut down; the work on them is done at once. */
export function consume(from: Queue<number>): number[] {
  const items: number[] = [];
  for (;;) {
    try {
      items.push(from.getSync(LIMIT));
    } catch (error) {
      if (codeOf(error) === "queue-shut-down") return items;
      throw error;
    }
    from.taskDone();
  }
}

/** As {@linkcode consume}, by tasks; the items of each. */
export async function consumeAsync(
  from: Queue<number>,
  tasks = 1,
): Promise<number[][]> {
  return await Promise.all(Array.from({ length: tasks }, async () => {
    const items: number[] = [];
    for await (const item of from) {
      items.push(item);
      from.taskDone();
    }
    return items;
  }));
}

/** Puts the numbers of a thread with random priorities; answers which. */
export function produceByPriority(
  to: PriorityQueue<[number, number, number]>,
  producer: number,
  times: number,
): void {
  const next = random(producer);
  for (let time = 0; time < times; time++) {
    const priority = next(7) - 3;
    to.putSync([priority, producer, time], { priority, ...LIMIT });
  }
}

/** Passes on some items as they are. */
export function relay(from: Queue, to: Queue, times: number): void {
  for (let time = 0; time < times; time++) {
    to.putSync(from.getSync(LIMIT), LIMIT);
  }
}

/** As {@linkcode relay}, without blocking. */
export async function relayAsync(
  from: Queue,
  to: Queue,
  times: number,
): Promise<void> {
  for (let time = 0; time < times; time++) {
    await to.put(await from.get(LIMIT), LIMIT);
  }
}

/** What can be done to a queue, blocking. */
export type Act = "getSync" | "putSync" | "joinSync" | "get" | "put" | "join";

/** Does things with a queue, within limits; says how each of them ended. */
export async function act(
  queue: Queue,
  acts: readonly Act[],
  limits: readonly number[] = [LIMIT.timeoutMs],
): Promise<unknown[]> {
  const ends: unknown[] = [];
  for (const act of acts) {
    for (const timeoutMs of limits) {
      const options = { timeoutMs };
      const puts = act === "put" || act === "putSync";
      ends.push(
        await how(() =>
          puts ? queue[act]("thread", options) : queue[act](options)
        ),
      );
    }
  }
  return ends;
}

/** Gets an item, blocking, and writes down who did. */
export function getAndRecord(
  queue: Queue<number>,
  log: SharedArray,
  me: number,
): void {
  queue.getSync(LIMIT);
  log.set(log.add(0, 1) + 1, me);
}

/** Puts an item, blocking, of so many octets if told. */
export function putOne(queue: Queue, item: number, octets?: number): void {
  const value = octets === undefined ? item : new Uint8Array(octets).fill(item);
  queue.putSync(value, LIMIT);
}

/** Gets an item, and says so. */
export function getAndSay(queue: Queue, said: Event): void {
  queue.getSync(LIMIT);
  said.set();
}

/** Puts an item when told. */
export function putWhenTold(
  queue: Queue<number>,
  ready: Event,
  go: Event,
): void {
  ready.set();
  go.waitSync(LIMIT);
  queue.putSync(0);
}

/** Gets an item; once woken, it goes on only when told. */
export function getSlowly(
  queue: Queue<number>,
  woken: Event,
  go: Event,
): number {
  setTrap((label) => {
    if (label !== "woken") return;
    setTrap(undefined);
    woken.set();
    go.waitSync(LIMIT);
  });
  return queue.getSync(LIMIT);
}

/** Gets an item when told. */
export function getWhenTold(
  queue: Queue<number>,
  ready: Event,
  go: Event,
): void {
  ready.set();
  go.waitSync(LIMIT);
  queue.getSync(LIMIT);
}

/** Does what somebody waits for, once somebody does. */
export function serve(
  queue: Queue<number>,
  what: "put" | "get" | "done" | "shutdown" | "drop",
): void {
  const deadline = performance.now() + LIMIT.timeoutMs;
  while (what !== "done" && queue.waitingToGet + queue.waitingToPut === 0) {
    if (performance.now() > deadline) throw new Error("nobody waits");
    sleepSync(1);
  }
  sleepSync(5);
  if (what === "put") queue.putSync(7, LIMIT);
  if (what === "get") queue.getSync(LIMIT);
  if (what === "done") queue.taskDone();
  if (what === "shutdown") queue.shutdown();
  if (what === "drop") queue.shutdown({ immediate: true });
}

/** Says what a thread sees of a queue. */
export function facts(queue: Queue): unknown[] {
  const { constructor: { name }, size, maxSize, empty, full, closed } = queue;
  return [name, size, maxSize, empty, full, closed, queue.unfinished];
}

/** Makes a queue with some items, and returns it. */
export async function made(items: readonly number[]): Promise<Queue<number>> {
  const { Queue } = await import("../../sync/queue.ts");
  const queue = new Queue<number>({ maxSize: items.length + 1 });
  for (const item of items) queue.putSync(item);
  return queue;
}

/** Throws what a queue throws. */
export function fail(queue: Queue, what: "getSync" | "putSync"): void {
  if (what === "getSync") queue.getSync({ timeoutMs: 0 });
  else queue.putSync(1, { timeoutMs: 0 });
}

/** How to deal with a thread that competes. */
export interface Bidding {
  /** What to put each time; to get, any number. */
  readonly bids: Queue<number>;
  /** How that ended: the item that was got or put, or a code. */
  readonly ends: Queue<number | string>;
}

/** At each bid gets an item, or puts one, within a limit. */
export function compete(
  queue: Queue<number>,
  what: "getSync" | "putSync",
  { bids, ends }: Bidding,
  limits: readonly number[],
): void {
  for (const timeoutMs of limits) {
    const bid = bids.getSync(LIMIT);
    const end = howSync(() =>
      what === "getSync"
        ? queue.getSync({ timeoutMs })
        : queue.putSync(bid, { timeoutMs })
    );
    ends.putSync((end ?? bid) as number | string, LIMIT);
  }
}

/** Counts into a queue until that is shut down; answers how far. */
export function produceUntilShut(to: Queue<number>): number {
  for (let count = 0;; count++) {
    try {
      to.putSync(count, LIMIT);
    } catch (error) {
      if (codeOf(error) === "queue-shut-down") return count;
      throw error;
    }
  }
}
