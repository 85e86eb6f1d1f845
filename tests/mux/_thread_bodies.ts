/** What the threads of the tests do. */
import { Epoll } from "../../mux/epoll.ts";
import { EPOLLIN } from "../../mux/event_bits.ts";
import type { Event } from "../../sync/event.ts";
import type { Lock } from "../../sync/lock.ts";
import type { PipeEnd } from "../../sync/pipe.ts";
import type { Queue } from "../../sync/queue.ts";
import type { Semaphore } from "../../sync/semaphore.ts";

/** What a thread works on. */
export interface All {
  readonly lock: Lock;
  readonly semaphore: Semaphore;
  readonly event: Event;
  readonly queue: Queue<string>;
  readonly end: PipeEnd;
}

/** Does what it is told, by one blocking call each. */
export function obey(orders: Queue<string>, all: All): void {
  const deeds: Record<string, () => void> = {
    lock: () => all.lock.acquireSync(),
    unlock: () => all.lock.release(),
    release: () => all.semaphore.release(),
    set: () => all.event.set(),
    put: () => all.queue.putSync("an item"),
    send: () => all.end.sendSync("a message"),
  };
  for (let order; (order = orders.getSync()) !== "end";) {
    deeds[order]!();
    orders.taskDone();
  }
}

/** Takes what it can get until the queue is shut down; tells the sum. */
export async function pollQueue(queue: Queue<number>): Promise<number> {
  using epoll = new Epoll();
  epoll.register(queue, EPOLLIN);
  let sum = 0;
  for (;;) {
    await epoll.poll({ timeoutMs: 10_000 });
    try {
      sum += queue.tryGet() ?? 0;
    } catch {
      return sum; // empty, and shut down
    }
  }
}
