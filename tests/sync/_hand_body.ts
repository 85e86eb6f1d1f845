import { END, Outcome } from "../../sync/_outcome.ts";
import { toShared } from "../../sync/_sharing.ts";
import { setTrap } from "../../sync/_trap.ts";
import type { Event } from "../../sync/event.ts";
import { attach } from "../../sync/share.ts";
import type { MessagePort } from "node:worker_threads";

/** What a hand is told to do. */
export interface Order {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly outcome: SharedArrayBuffer;
  readonly done: Event;
}

/** Calls functions of a module, one after the other, as it is told. */
export async function obey(
  module: string,
  orders: MessagePort,
): Promise<never> {
  const functions = await import(module);
  orders.on("message", async (message) => {
    const { name, args, outcome, done } = attach(message) as Order;
    const end = new Outcome(outcome);
    try {
      end.write(END.VALUE, toShared(await functions[name](...args)));
    } catch (error) {
      end.write(END.ERROR, toShared(error));
    }
    setTrap(undefined);
    done.set();
  });
  return await new Promise<never>(() => {});
}
