import type { Queue } from "../../sync/queue.ts";

/** Gets so many items again and again, and says so each time. */
export function consume(
  items: Queue,
  done: Queue<number>,
  times: number,
): never {
  for (;;) {
    for (let i = 0; i < times; i++) items.getSync();
    done.putSync(times);
  }
}

/** The task of a pool. */
export function increment(n: number): number {
  return n + 1;
}

/** A task that never ends. */
export function spin(running: Int32Array): never {
  for (;;) Atomics.store(running, 0, 1);
}
