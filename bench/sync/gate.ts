/*
 * Threads that are measured run long before: starting one takes some 30 ms. They
 * wait at a gate, work when it opens, and come back. One shared array is all
 * there is of it:
 *
 *   0     GO       how often it was opened; -1: go home
 *   1     HERE     how many threads wait at it
 *   2     SIZE     how many there are
 *   3     TIMES    how often to do the work
 *   4 …   ELAPSED  how long each thread worked, in microseconds
 */
const GO = 0;
const HERE = 1;
const SIZE = 2;
const TIMES = 3;
const ELAPSED = 4;

const HOME = -1;

/** Longer than any run: a thread must have failed. */
const PATIENCE_MS = 30_000;

/** How long a run took. */
export interface Run {
  /** From opening the gate until all were back, in milliseconds. */
  readonly elapsedMs: number;
  /** Time of the slowest thread, as a multiple of that of the fastest. */
  readonly spread: number;
}

/** Where threads wait to work together, however they were started. */
export class Gate {
  /** What each thread passes to {@linkcode work}. */
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly #size: number;

  constructor(size: number) {
    this.words = new Int32Array(new SharedArrayBuffer(4 * (ELAPSED + size)));
    this.words[SIZE] = size;
    this.#size = size;
  }

  /** Waits until all threads are there. */
  async full(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (Atomics.load(this.words, HERE) < this.#size) {
      if (performance.now() > deadline) throw this.#missing();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /**
   * Lets all threads do their work this often, and blocks until they are back.
   * They must be there.
   */
  run(times: number): Run {
    const { words } = this;
    Atomics.store(words, HERE, 0);
    Atomics.store(words, TIMES, times);
    const start = performance.now();
    Atomics.add(words, GO, 1);
    Atomics.notify(words, GO);
    for (;;) {
      const here = Atomics.load(words, HERE);
      if (here === this.#size) break;
      const how = Atomics.wait(words, HERE, here, PATIENCE_MS);
      if (how === "timed-out") throw this.#missing();
    }
    const elapsedMs = performance.now() - start;
    const each = words.subarray(ELAPSED);
    return { elapsedMs, spread: Math.max(...each) / Math.min(...each) };
  }

  /** Sends all threads home. */
  close(): void {
    Atomics.store(this.words, GO, HOME);
    Atomics.notify(this.words, GO);
  }

  #missing(): Error {
    const here = Atomics.load(this.words, HERE);
    return new Error(
      `Cannot measure: only ${here} of ${this.#size} threads are at the gate`,
    );
  }
}

/**
 * What a thread does: its work, whenever the gate opens.
 *
 * @param words Those of the {@linkcode Gate}.
 * @param place Which thread it is, from 0.
 */
export async function work(
  words: Int32Array,
  place: number,
  fn: (times: number) => void | Promise<void>,
): Promise<void> {
  for (let round = 0;; round++) {
    const here = Atomics.add(words, HERE, 1) + 1;
    if (here === words[SIZE]) Atomics.notify(words, HERE);
    Atomics.wait(words, GO, round);
    if (Atomics.load(words, GO) === HOME) return;
    const start = performance.now();
    await fn(Atomics.load(words, TIMES));
    words[ELAPSED + place] = 1_000 * (performance.now() - start);
  }
}
