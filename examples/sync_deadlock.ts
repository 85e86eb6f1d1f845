/**
 * Two threads take two locks in opposite order, and each waits for what the other
 * holds. Nobody has to hang: with detection on, the last to wait gets an error
 * that says who waits for what; and a timeout ends a wait without it. Whoever
 * gives way lets the other go on.
 *
 *     deno run --allow-read examples/sync_deadlock.ts
 */
import { Barrier, DeadlockError, Lock, threads } from "@lockstep/lockstep/sync";

/** Takes one lock, meets the other thread, and wants the second. */
export function take(
  first: Lock,
  second: Lock,
  met: Barrier,
  timeoutMs?: number,
): string[] {
  using _first = first.acquireSync();
  met.waitSync(); // now each holds one
  try {
    using _second = second.acquireSync({ timeoutMs });
    return ["got both"];
  } catch (error) {
    const { name } = error as Error;
    const cycle = error instanceof DeadlockError ? error.cycle : [];
    return [`gave way: ${name}`, ...cycle];
  }
}

if (import.meta.main) {
  const here = threads<typeof import("./sync_deadlock.ts")>(import.meta.url);
  const [fork, knife, met] = [new Lock(), new Lock(), new Barrier(2)];

  Lock.detectDeadlocks(true); // for all threads that are started from now on
  const left = here.start("take", [fork, knife, met], { name: "left" });
  const right = here.start("take", [knife, fork, met], { name: "right" });
  const both = [await left.join(), await right.join()];
  console.log(both.flat().sort().join("\n")); // either may be the last to wait

  Lock.detectDeadlocks(false);
  const hasty = here.start("take", [fork, knife, met, 50]);
  const calm = here.start("take", [knife, fork, met]);
  console.log("hasty", ...await hasty.join());
  console.log("calm", ...await calm.join());
}
