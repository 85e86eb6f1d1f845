/*
 * Threads that do nothing but lock, add 1 to a plain number, and unlock; one
 * iteration is a run of warm threads from a gate and back. The baseline is the
 * lock of Rust, which owes its waiters no order and does not mind who dies.
 * Goal: 0.6 of its throughput, so 1.67 times its time, with as many threads as
 * cores and with more. The number decides whether order and recovery are cheap
 * enough to have no other lock beside Lock. How evenly the threads get their
 * turns is in the table of _tools/compare_sync.ts.
 */
import { Lock } from "../../sync/lock.ts";
import { crew } from "./crew.ts";

/** Locks of each thread in an iteration: so many that few are without rivals. */
const TIMES = 200_000;

/** Long enough to repeat, within three seconds for a group. */
const COUNT = { n: 20, warmup: 3 };

for (const threads of [2, 4]) {
  const group = `${threads} threads, ${TIMES} locks each`;

  /** Measures threads that add to `total`, and checks that nothing is lost. */
  const bench = async (
    name: string,
    body: "addLocked" | "addFutexLocked",
    lock: Lock | Int32Array,
  ) => {
    const total = new Int32Array(new SharedArrayBuffer(4));
    const gate = await crew(threads, body, [lock, total]);
    const baseline = body === "addFutexLocked";
    Deno.bench(name, { group, baseline, ...COUNT }, () => {
      total[0] = 0;
      gate.run(TIMES);
      if (total[0] === threads * TIMES) return;
      throw new Error(`Only ${total[0]} of ${threads * TIMES} were counted`);
    });
  };

  const word = new Int32Array(new SharedArrayBuffer(4));
  await bench("the lock of Rust", "addFutexLocked", word);
  await bench("Lock.withLockSync()", "addLocked", new Lock());
}
