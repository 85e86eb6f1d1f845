/*
 * How the contenders that run on Deno measure; cpython.py does the same.
 */
import type { Gate } from "../../bench/sync/gate.ts";
import type { Figure } from "./report.ts";

/** How many samples a figure is the median of. */
export const SAMPLES = 3;

/** How long a sample lasts, in milliseconds: of one thread, and of several. */
const SAMPLE_MS = 20;
const RUN_MS = 60;

/** Nanoseconds that one turn of a loop takes. */
export async function perTurn(
  loop: (turns: number) => void | Promise<void>,
): Promise<Figure> {
  const milliseconds = async (turns: number) => {
    const start = performance.now();
    await loop(turns);
    return performance.now() - start;
  };
  let turns = 100;
  while (await milliseconds(turns) < SAMPLE_MS) turns *= 2;
  const samples = [];
  while (samples.length < SAMPLES) samples.push(await milliseconds(turns));
  return { value: 1e6 * median(samples) / turns };
}

/**
 * Microseconds that threads take for one turn, after which they go home.
 *
 * @param hops How often one thread wakes another in a turn, one after the other:
 * what counts is one hop.
 */
export function perHop(gate: Gate, hops: number): Figure {
  const { milliseconds, turns } = runs(gate);
  return { value: 1e3 * milliseconds / turns / hops };
}

/** Millions of turns that threads do in a second, all in all. */
export function throughput(gate: Gate, threads: number): Figure {
  const { milliseconds, turns, spread } = runs(gate);
  return { value: threads * turns / milliseconds / 1e3, spread };
}

/** Turns that threads do in a second, in units of `unit`, none counted twice. */
export function perSecond(gate: Gate, unit: number): Figure {
  const { milliseconds, turns } = runs(gate);
  return { value: 1e3 * turns / milliseconds / unit };
}

/** Milliseconds that something takes, which is slow. */
export async function duration(fn: () => Promise<void>): Promise<Figure> {
  const samples = [];
  while (samples.length < SAMPLES) {
    const start = performance.now();
    await fn();
    samples.push(performance.now() - start);
  }
  return { value: median(samples) };
}

/** The one in the middle. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function runs(
  gate: Gate,
): { milliseconds: number; turns: number; spread: number } {
  let turns = 50;
  while (gate.run(turns).elapsedMs < RUN_MS) turns *= 2;
  const samples = [];
  while (samples.length < SAMPLES) samples.push(gate.run(turns));
  gate.close();
  return {
    milliseconds: median(samples.map(({ elapsedMs }) => elapsedMs)),
    turns,
    spread: median(samples.map(({ spread }) => spread)),
  };
}
