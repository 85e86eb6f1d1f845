import { declare } from "./_primitives.ts";
import type { Order } from "./_queue_core.ts";
import { Queue, type Shareable } from "./queue.ts";

/**
 * A {@linkcode Queue} whose item with the lowest priority is the first out, and
 * of equal ones the first in.
 *
 * The priority is an option of `put`, not part of the item.
 *
 * Source: CPython 3.13 `queue.PriorityQueue`.
 *
 * @example
 * ```ts
 * import { PriorityQueue } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const queue = new PriorityQueue<string>();
 * queue.putSync("later", { priority: 5 });
 * queue.putSync("at once", { priority: -1 });
 * assertEquals(queue.getSync(), "at once");
 * ```
 *
 * @typeParam T What the items are.
 */
export class PriorityQueue<T extends Shareable = Shareable> extends Queue<T> {
  static {
    declare(this);
  }

  /** Which item is the next to get. */
  protected static override readonly order: Order = "priority";
}
