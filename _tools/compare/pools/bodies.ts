/*
 * Tasks, for pools that are given a module.
 */

/** The task that is measured. */
export function increment(n: number): number {
  return n + 1;
}

/** Says that it runs, and never ends. */
export function loop(words: Int32Array): never {
  Atomics.store(words, 0, 1);
  for (;;);
}
