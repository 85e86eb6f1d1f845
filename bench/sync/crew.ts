import { Thread } from "../../sync/thread.ts";
import type * as bodies from "./bodies.ts";
import { Gate } from "./gate.ts";

/**
 * Starts threads that wait at a gate, until it is closed or the program ends.
 *
 * @param size How many.
 * @param body What they do: a function of bodies.ts.
 * @param args What it gets after the gate and the place of the thread.
 * @returns The gate, when all are there.
 */
export async function crew(
  size: number,
  body: keyof typeof bodies & string,
  args: readonly unknown[],
): Promise<Gate> {
  const gate = new Gate(size);
  const module = import.meta.resolve("./bodies.ts");
  for (let place = 0; place < size; place++) {
    Thread.start(module, body, [gate.words, place, ...args], { daemon: true });
  }
  await gate.full();
  return gate;
}
