import type { Guard } from "../../sync/guard.ts";
import type { Queue } from "../../sync/queue.ts";
import type { Semaphore } from "../../sync/semaphore.ts";
import type { WaitOptions } from "../../sync/wait_options.ts";
import type { Primitive } from "./_doors.ts";
import { asTimeout } from "./_queue_ways.ts";

/** How to wait for something with a queue. */
interface Ways {
  readonly waiting: () => number;
  readonly wait: (options?: WaitOptions) => Promise<unknown>;
  readonly waitSync: (options?: Pick<WaitOptions, "timeoutMs">) => unknown;
  /** Answers `undefined` if it would have to wait. */
  readonly tryNow: () => unknown;
  readonly undo: () => void;
}

/** The only item of a queue, as what one gets and puts back. */
export function itemDoor(queue: Queue): Primitive {
  queue.putSync("item");
  return doorway({
    waiting: () => queue.waitingToGet,
    wait: (options) => queue.get(options),
    waitSync: (options) => queue.getSync(options),
    tryNow: () => queue.tryGet(),
    undo: () => queue.putSync("item"),
  });
}

/** The room of a queue for a single item, as what one takes and gives back. */
export function roomDoor(queue: Queue): Primitive {
  return doorway({
    waiting: () => queue.waitingToPut,
    wait: (options) => queue.put("item", options),
    waitSync: (options) => queue.putSync("item", options),
    tryNow: () => queue.tryPut("item") || undefined,
    undo: () => queue.getSync({ timeoutMs: 0 }),
  });
}

/** In the words of a semaphore with one permit. */
function doorway(ways: Ways): Primitive {
  const guard = (): Guard => {
    let isSpent = false;
    const release = () => {
      if (!isSpent) ways.undo();
      isSpent = true;
    };
    return { release, [Symbol.dispose]: release };
  };
  const same = {
    async acquire(options?: WaitOptions): Promise<Guard> {
      try {
        await ways.wait(options);
      } catch (error) {
        throw asTimeout(error);
      }
      return guard();
    },
    acquireSync(options?: WaitOptions): Guard {
      try {
        ways.waitSync(options);
      } catch (error) {
        throw asTimeout(error);
      }
      return guard();
    },
    tryAcquire: () => ways.tryNow() === undefined ? undefined : guard(),
    get waiting() {
      return ways.waiting();
    },
  };
  return same as unknown as Semaphore;
}
