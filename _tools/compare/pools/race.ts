/*
 * How the pools that run on Deno are measured; race.py does the same.
 */
import { median, perTurn, SAMPLES } from "../measure.ts";
import type { Figure } from "../report.ts";
import process from "node:process";

/** Tasks under way at once. */
const OUTSTANDING = 1_000;

/** How many integers a map is given. */
const ITEMS = 1_000_000;

/** How long a stream lasts at least, in milliseconds. */
const STREAM_MS = 60;

/** How long a pool may take to answer, in milliseconds, and not be given up. */
const PATIENCE_MS = 2_000;

/** How long the processor is watched after an abort, in milliseconds. */
const WATCH_MS = 200;

/** Runs the task: 1 more. */
export type Call = (n: number) => PromiseLike<number>;

/** Runs a task that sets the word and loops, until the signal is aborted. */
export type Loop = (words: Int32Array, signal: AbortSignal) => unknown;

/** Thousands of tasks in a second, as many under way as there may be. */
export async function stream(call: Call): Promise<Figure> {
  const milliseconds = async (tasks: number) => {
    let next = 0;
    const lane = async () => {
      while (next < tasks) {
        const n = next++;
        if (await call(n) !== n + 1) throw wrong();
      }
    };
    const start = performance.now();
    await Promise.all(Array.from({ length: OUTSTANDING }, lane));
    return performance.now() - start;
  };
  await call(0); // some pools hang if they get many before their threads run
  let tasks = 2 * OUTSTANDING;
  while (await milliseconds(tasks) < STREAM_MS) tasks *= 2;
  const samples = [];
  while (samples.length < SAMPLES) samples.push(await milliseconds(tasks));
  return { value: tasks / median(samples) };
}

/** Microseconds of one task, the next one after its result. */
export async function serial(
  call: (n: number) => PromiseLike<number> | number,
  blocking = false,
): Promise<Figure> {
  const { value } = await perTurn(
    blocking
      ? (turns) => {
        for (let n = 0; n < turns; n++) if (call(n) !== n + 1) throw wrong();
      }
      : async (turns) => {
        for (let n = 0; n < turns; n++) {
          if (await call(n) !== n + 1) throw wrong();
        }
      },
  );
  return { value: value / 1e3 };
}

/**
 * Millions of integers in a second.
 *
 * @param length How many; fewer if they would take long.
 */
export async function map(
  call: (items: number[]) => PromiseLike<readonly number[]>,
  length: number = ITEMS,
): Promise<Figure> {
  const items = Array.from({ length }, (_, n) => n);
  const samples = [];
  while (samples.length < SAMPLES) {
    const start = performance.now();
    const results = await call(items);
    samples.push(performance.now() - start);
    if (results.length !== length || results.at(-1) !== length) throw wrong();
  }
  return { value: length / median(samples) / 1e3 };
}

/**
 * Milliseconds from the abort of a task that loops until its pool answers, or
 * what is wrong. The pool must have one thread.
 */
export async function abort(call: Call, loop: Loop): Promise<Figure | string> {
  const samples = [];
  while (samples.length < SAMPLES) {
    await call(0);
    const words = new Int32Array(new SharedArrayBuffer(4));
    const controller = new AbortController();
    Promise.resolve(loop(words, controller.signal)).catch(() => {}); // aborted
    while (Atomics.load(words, 0) === 0) await elapse(1);
    const start = performance.now();
    controller.abort();
    const answer = await Promise.race([call(0), elapse(PATIENCE_MS)]);
    const elapsedMs = performance.now() - start;
    if (answer === undefined || await busy()) return "burns the core";
    samples.push(elapsedMs);
  }
  return { value: median(samples) };
}

/** Whether this process, which does nothing, uses a core. */
async function busy(): Promise<boolean> {
  const before = process.cpuUsage();
  const start = performance.now();
  await elapse(WATCH_MS);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e3 > (performance.now() - start) / 2;
}

function elapse(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
}

function wrong(): Error {
  return new Error("Cannot measure: a result is wrong");
}
