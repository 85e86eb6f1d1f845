/*
 * Threads that do nothing but wait for each other, 1000 times: so the
 * milliseconds of a row are the microseconds of a round. The baseline puts each
 * thread to sleep until the last has come. Goals: 3 µs a round with 2 threads,
 * 35 µs with 4 threads on 2 cores. The numbers decide how often waitSync() looks
 * before it goes to sleep: with a core for each thread more is better, with
 * fewer cores it keeps the last ones from coming.
 */
import { Barrier } from "../../sync/barrier.ts";
import { crew } from "./crew.ts";

const ROUNDS = 1_000;

/** Long enough to repeat: each takes some 70 ms at worst. */
const COUNT = { n: 12, warmup: 3 };

for (const threads of [2, 4]) {
  const group = `barrier of ${threads} threads, ${ROUNDS} rounds`;
  const words = new Int32Array(new SharedArrayBuffer(128));
  const bare = await crew(threads, "meetBare", [words, threads]);
  const gate = await crew(threads, "meet", [new Barrier(threads)]);

  const baseline = { group, baseline: true, ...COUNT };
  Deno.bench("Atomics.wait(), notify()", baseline, () => {
    bare.run(ROUNDS);
  });

  Deno.bench("Barrier.waitSync()", { group, ...COUNT }, () => {
    gate.run(ROUNDS);
  });
}
