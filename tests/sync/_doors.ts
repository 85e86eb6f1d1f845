import type { BoundedSemaphore } from "../../sync/bounded_semaphore.ts";
import { Event } from "../../sync/event.ts";
import type { Lock } from "../../sync/lock.ts";
import { RLock } from "../../sync/rlock.ts";
import type { Semaphore } from "../../sync/semaphore.ts";
import { spawn } from "../../sync/task.ts";
import type { WaitOptions } from "../../sync/wait_options.ts";
import { until } from "./_until.ts";

/** So that a test that fails does not hang. */
export const LIMIT = { timeoutMs: 10_000 };

/** What one waits for. A semaphore must have one permit. */
export type Primitive = Lock | RLock | Semaphore | BoundedSemaphore | Event;

/** What all primitives have in common, in the same words. */
export interface Door {
  /** Waits, then calls a function while inside. */
  enter<T>(fn: () => T | Promise<T>, options?: WaitOptions): Promise<T>;
  /** Blocks, then calls a function while inside. */
  enterSync<T>(fn: () => T, options?: Pick<WaitOptions, "timeoutMs">): T;
  /** Lets nobody in, until what it answers is called. */
  close(): Promise<() => Promise<void>>;
  /** As `close`, for the thread. */
  closeSync(): () => void;
  /** Whether the next one gets in at once. */
  readonly isOpen: boolean;
  /** How many wait. */
  readonly waiting: number;
}

/** The door that a primitive is. */
export function doorOf(primitive: Primitive): Door {
  if (primitive instanceof Event) return doorOfEvent(primitive);
  const enter: Door["enter"] = async (fn, options) => {
    using _held = await primitive.acquire(options);
    return await fn();
  };
  return {
    enter: primitive instanceof RLock
      ? (fn, options) => spawn(() => enter(fn, options)).join()
      : enter,
    enterSync: (fn, options) => {
      using _held = primitive.acquireSync(options);
      return fn();
    },
    async close() {
      let inside = false;
      const over = Promise.withResolvers<void>();
      const stay = () => {
        inside = true;
        return over.promise;
      };
      const left = this.enter(stay, LIMIT);
      await until(() => inside);
      return () => {
        over.resolve();
        return left;
      };
    },
    closeSync() {
      const held = primitive.acquireSync(LIMIT);
      return () => held.release();
    },
    get isOpen() {
      using held = primitive.tryAcquire() ?? null;
      return held !== null;
    },
    get waiting() {
      return primitive.waiting;
    },
  };
}

function doorOfEvent(event: Event): Door {
  return {
    async enter(fn, options) {
      await event.wait(options);
      return await fn();
    },
    enterSync(fn, options) {
      event.waitSync(options);
      return fn();
    },
    close() {
      event.clear();
      return Promise.resolve(() => Promise.resolve(event.set()));
    },
    closeSync() {
      event.clear();
      return () => event.set();
    },
    get isOpen() {
      return event.isSet;
    },
    get waiting() {
      return event.waiting;
    },
  };
}
