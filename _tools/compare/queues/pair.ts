import { Gate } from "../../../bench/sync/gate.ts";
import { Thread } from "../../../sync/thread.ts";

/**
 * Starts two threads of this package that wait at a gate.
 *
 * @param module Where the function is.
 * @param body What they do.
 * @param args What each gets after the gate and its place.
 * @returns The gate, when both are there.
 */
export async function pair(
  module: string,
  body: string,
  args: readonly [readonly unknown[], readonly unknown[]],
): Promise<Gate> {
  const gate = new Gate(2);
  for (const [place, own] of args.entries()) {
    Thread.start(module, body, [gate.words, place, ...own], { daemon: true });
  }
  await gate.full();
  return gate;
}
