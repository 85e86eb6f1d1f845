import { END, Outcome } from "../../sync/_outcome.ts";
import { Event } from "../../sync/event.ts";
import { attach, share } from "../../sync/share.ts";
import { Thread, type ThreadState } from "../../sync/thread.ts";
import type { FunctionsOf } from "../../sync/threads.ts";
import type { WaitOptions } from "../../sync/wait_options.ts";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { Order } from "./_hand_body.ts";

/** A call that runs in a thread; looks like a thread of its own. */
export interface Call<T> {
  /** Identity and name of the thread. */
  readonly id: number;
  readonly name: string;
  readonly alive: boolean;
  readonly state: ThreadState;
  join(options?: WaitOptions): Promise<T>;
  joinSync(options?: Pick<WaitOptions, "timeoutMs">): T;
}

interface Hand {
  readonly thread: Thread;
  readonly orders: MessagePort;
  done: Event | undefined;
}

/**
 * Threads of one module that stay. Tests that need other threads, but neither
 * their beginning nor their end, call functions in them: to start a thread takes
 * longer than all that most tests do. Hire them outside of tests, which would
 * take them for leaks.
 */
export class Hands<M> {
  readonly #hands: readonly Hand[];

  /** @param count How many calls can run at a time. */
  constructor(module: string, count: number) {
    this.#hands = Array.from({ length: count }, () => hire(module));
  }

  /** Calls a function of the module in a thread that has nothing to do. */
  start<K extends keyof FunctionsOf<M> & string>(
    name: K,
    args: Parameters<FunctionsOf<M>[K]>,
  ): Call<Awaited<ReturnType<FunctionsOf<M>[K]>>> {
    const hand = this.#hands.find(({ done }) => done?.isSet ?? true);
    if (hand === undefined) throw new Error(`No hand is free for ${name}()`);
    const done = hand.done = new Event();
    const outcome = new Outcome();
    const order: Order = { name, args, outcome: outcome.buffer, done };
    hand.orders.postMessage(share(order));
    const result = () => {
      const value = attach(outcome.read());
      if (outcome.kind === END.ERROR) throw value;
      return value as Awaited<ReturnType<FunctionsOf<M>[K]>>;
    };
    return {
      id: hand.thread.id,
      name: hand.thread.name,
      get alive() {
        return !done.isSet;
      },
      get state() {
        return done.isSet ? "dead" : hand.thread.state;
      },
      join: (options) => done.wait(options).then(result),
      joinSync(options) {
        done.waitSync(options);
        return result();
      },
    };
  }
}

function hire(module: string): Hand {
  const { port1: orders, port2 } = new MessageChannel();
  const body = import.meta.resolve("./_hand_body.ts");
  const transfer = [port2 as unknown as Transferable];
  const options = { daemon: true, transfer };
  const thread = Thread.start(body, "obey", [module, port2], options);
  return { thread, orders, done: undefined };
}
