import { declare } from "./_primitives.ts";
import type { Order } from "./_queue_core.ts";
import { Queue, type Shareable } from "./queue.ts";

/**
 * A {@linkcode Queue} whose last item in is the first out: a stack.
 *
 * Source: CPython 3.13 `queue.LifoQueue`.
 *
 * @example
 * ```ts
 * import { LifoQueue } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const stack = new LifoQueue<string>();
 * stack.putSync("below");
 * stack.putSync("above");
 * assertEquals(stack.getSync(), "above");
 * ```
 *
 * @typeParam T What the items are.
 */
export class LifoQueue<T extends Shareable = Shareable> extends Queue<T> {
  static {
    declare(this);
  }

  /** Which item is the next to get. */
  protected static override readonly order: Order = "last";
}
