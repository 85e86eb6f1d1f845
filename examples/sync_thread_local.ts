/**
 * One name, a value for each thread: each sets and sees its own, wherever it is
 * read, without handing it from function to function.
 *
 *     deno run --allow-read examples/sync_thread_local.ts
 */
import { Barrier, Thread, ThreadLocal, threads } from "@lockstep/lockstep/sync";

interface Student {
  name: string;
  readonly marks: number[];
}

const student = new ThreadLocal<Student>(() => ({
  name: `nobody in ${Thread.current.name}`,
  marks: [],
}));

/** Does not know for whom it works. */
function mark(value: number): void {
  student.get().marks.push(value);
}

function report(): string {
  const { name, marks } = student.get();
  return `${Thread.current.name} sees ${name}: ${marks.join(", ")}`;
}

/** Sets the value of its thread, and reads it when all have set theirs. */
export function examine(name: string, marks: number[], all: Barrier): string {
  student.get().name = name;
  for (const value of marks) mark(value);
  all.waitSync();
  return report();
}

if (import.meta.main) {
  const here = threads<typeof import("./sync_thread_local.ts")>(
    import.meta.url,
  );
  const all = new Barrier(2);
  const ann = here.start("examine", ["Ann", [1, 2], all], { name: "room 1" });
  const bob = here.start("examine", ["Bob", [5], all], { name: "room 2" });
  console.log(await ann.join());
  console.log(await bob.join());
  mark(3);
  console.log(report());
}
