/**
 * Three threads print A, B and C in turn, two rounds, and three locks keep the
 * order: each thread takes the lock of its letter and releases that of the next.
 * Each round has new threads: the A-thread ends while it holds lock A, and the
 * C-thread, which never had it, releases it.
 *
 *     deno run --allow-read examples/sync_ordered.ts
 */
import { Lock, type Thread, threads } from "@lockstep/lockstep/sync";

/** Prints a letter when it is its turn, and passes the turn on. */
export function print(letter: string, mine: Lock, next: Lock): void {
  mine.acquireSync(); // without a guard: it stays held when the thread ends
  Deno.stdout.writeSync(new TextEncoder().encode(letter));
  next.release();
}

if (import.meta.main) {
  const here = threads<typeof import("./sync_ordered.ts")>(import.meta.url);
  const [a, b, c] = [new Lock(), new Lock(), new Lock()];
  b.acquireSync();
  c.acquireSync(); // only A may begin

  const started: Thread<void>[] = [];
  for (let round = 0; round < 2; round++) {
    started.push(
      here.start("print", ["C", c, a]), // in whatever order they start
      here.start("print", ["B", b, c]),
      here.start("print", ["A", a, b]),
    );
  }
  for (const thread of started) await thread.join();
  console.log(`\n${started.length} threads`);
  console.log("held: A", a.locked, "B", b.locked, "C", c.locked);
}
