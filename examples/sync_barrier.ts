/**
 * A gondola for two: threads wait until two are there, then go together. Of three,
 * two pass and the third waits for a fourth. If one loses patience, the barrier
 * is broken for all, until it is reset.
 *
 *     deno run --allow-read examples/sync_barrier.ts
 */
import {
  Barrier,
  BrokenBarrierError,
  SharedValue,
  sleep,
  threads,
} from "@lockstep/lockstep/sync";

/** Waits for company; answers who came first: 0, then 1. */
export function ride(gondola: Barrier, gone: SharedValue): number {
  const place = gondola.waitSync();
  gone.add(1);
  return place;
}

if (import.meta.main) {
  const here = threads<typeof import("./sync_barrier.ts")>(import.meta.url);
  const gondola = new Barrier(2);
  const gone = new SharedValue("i32", 0);

  const riders = [1, 2, 3].map(() => here.start("ride", [gondola, gone]));
  while (gone.get() < 2 || gondola.waiting < 1) await sleep(1);
  console.log(`3 came: ${gone.get()} gone, ${gondola.waiting} waits`);

  riders.push(here.start("ride", [gondola, gone]));
  const places: number[] = [];
  for (const rider of riders) places.push(await rider.join());
  console.log(`4 came: ${gone.get()} gone, ${gondola.waiting} waits`);
  console.log("places:", places.sort().join(" "));

  try {
    gondola.waitSync({ timeoutMs: 20 });
  } catch (error) {
    if (!(error instanceof BrokenBarrierError)) throw error;
    console.log(`${error}: ${(error.cause as Error).name}`);
  }
  gondola.reset();
  const last = here.start("ride", [gondola, gone]);
  gondola.waitSync(); // the main thread comes along
  await last.join();
  console.log(`after the reset: broken ${gondola.broken}, ${gone.get()} gone`);
}
