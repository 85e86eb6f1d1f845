import { abort, serial, stream } from "./race.ts";
import type { PoolReport } from "./table.ts";

/** What is used of piscina, and of tinypool, which is made of it. */
export interface PiscinaPeer {
  run(
    task: unknown,
    options: { readonly name: string; readonly signal?: AbortSignal },
  ): Promise<number>;
}

/** Measures a piscina and prints the report. */
export async function reportPiscina(
  version: string,
  pool: (threads: number) => PiscinaPeer,
): Promise<void> {
  const two = pool(2);
  const call = (n: number) => two.run(n, { name: "increment" });
  const figures = {
    stream: await stream(call),
    callAsync: await serial(call),
  };
  const one = pool(1);
  const aborted = await abort(
    (n) => one.run(n, { name: "increment" }),
    (words, signal) => one.run(words, { name: "loop", signal }),
  );
  const report: PoolReport = {
    version,
    figures: { ...figures, abort: aborted },
  };
  console.log(JSON.stringify(report));
  Deno.exit(); // a thread that burns a core would go on
}
