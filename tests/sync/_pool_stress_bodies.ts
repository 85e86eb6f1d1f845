import { Thread } from "../../sync/thread.ts";

Thread.onUncaught = () => {}; // what dies here dies on purpose

/** What a task does. */
export const WAYS = [
  "returns",
  "returns later",
  "throws",
  "spins",
  "exits",
  "rejects",
] as const;

/** One of {@linkcode WAYS}. */
export type Way = (typeof WAYS)[number];

/** What the tasks of a round write, in shared memory. */
export class Board {
  /** How often each task began. */
  readonly begun: Int32Array;
  /** When it began, in the order of all. */
  readonly order: Int32Array;
  /** How many have begun; the thread that began one last. */
  readonly last: Int32Array;

  constructor(readonly buffer: SharedArrayBuffer, tasks: number) {
    this.begun = new Int32Array(buffer, 8, tasks);
    this.order = new Int32Array(buffer, 8 + 4 * tasks, tasks);
    this.last = new Int32Array(buffer, 0, 2);
  }

  static of(tasks: number): Board {
    return new Board(new SharedArrayBuffer(8 + 8 * tasks), tasks);
  }
}

/** A task: answers twice its number, if it does. */
export function visit(
  words: Int32Array,
  tasks: number,
  n: number,
  way: Way,
): number | Promise<number> {
  const { begun, order, last } = new Board(
    words.buffer as SharedArrayBuffer,
    tasks,
  );
  Atomics.add(begun, n, 1);
  Atomics.store(order, n, Atomics.add(last, 0, 1) + 1);
  Atomics.store(last, 1, Thread.current.id);
  switch (way) {
    case "returns":
      return 2 * n;
    case "returns later":
      return new Promise((resolve) => setTimeout(() => resolve(2 * n), n % 3));
    case "throws":
      throw new RangeError(`task ${n}`);
    case "exits":
      return Deno.exit(0);
    case "rejects":
      Promise.reject(new RangeError(`task ${n}`));
      return new Promise(() => {});
    case "spins":
      for (;;);
  }
}
