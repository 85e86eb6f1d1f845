import { abort, map, serial, stream } from "./race.ts";
import type { PoolReport } from "./table.ts";

/** What is used of both packages. */
interface PoolifierPeer {
  execute(data: unknown, name: string, signal?: AbortSignal): Promise<number>;
  mapExecute(items: number[], name: string): Promise<number[]>;
}

/** How many items a map gets, as each becomes a task. */
const ITEMS = 10_000;

/** Measures a poolifier and prints the report. */
export async function reportPoolifier(
  version: string,
  pool: (threads: number) => PoolifierPeer,
): Promise<void> {
  const two = pool(2);
  const call = (n: number) => two.execute(n, "increment");
  const mapping = (items: number[]) => two.mapExecute(items, "increment");
  const figures = {
    stream: await stream(call),
    callAsync: await serial(call),
    map: await map(mapping, ITEMS),
  };
  const one = pool(1);
  const aborted = await abort(
    (n) => one.execute(n, "increment"),
    (words, signal) => one.execute(words, "loop", signal),
  );
  const report: PoolReport = {
    version,
    figures: { ...figures, abort: aborted },
  };
  console.log(JSON.stringify(report));
  Deno.exit(); // a thread that burns a core would go on
}
