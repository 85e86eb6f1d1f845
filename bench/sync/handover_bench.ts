/*
 * Two threads that wake each other in turn, 1000 times there and back: so the
 * milliseconds of a row are the microseconds of one such turn. The baseline is
 * Atomics.wait() and notify(), which put the thread to sleep each time. Goal:
 * within 1.3 times of it. The number decides whether a thread may wait for
 * another in each turn of a loop; below 1 it says that looking some 100 times
 * before going to sleep pays, as it does while there is a core for each thread.
 */
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { crew } from "./crew.ts";

const TURNS = 1_000;
const GROUP = `hand over and back, ${TURNS} times`;

/** Long enough to repeat: each takes some 40 ms at worst. */
const COUNT = { n: 15, warmup: 3 };

async function bench(
  name: string,
  body: "passWords" | "passPermits" | "passLocks" | "passEvents",
  args: readonly unknown[],
): Promise<void> {
  const gate = await crew(2, body, args);
  const baseline = body === "passWords";
  Deno.bench(name, { group: GROUP, baseline, ...COUNT }, () => {
    gate.run(TURNS);
  });
}

const locks = [new Lock(), new Lock()];
for (const lock of locks) lock.acquireSync();

await bench("Atomics.wait(), notify()", "passWords", [
  new Int32Array(new SharedArrayBuffer(128)),
]);
await bench("two Semaphores", "passPermits", [
  [new Semaphore(0), new Semaphore(0)],
]);
await bench("two Locks", "passLocks", [locks]);
await bench("two Events", "passEvents", [[new Event(), new Event()]]);
