import process from "node:process";
import type { Event } from "../../sync/event.ts";
import type { Lock } from "../../sync/lock.ts";
import type { Queue } from "../../sync/queue.ts";
import type { SharedArray } from "../../sync/shared_array.ts";
import type { SharedValue } from "../../sync/shared_value.ts";
import { Thread } from "../../sync/thread.ts";

Thread.onUncaught = () => {}; // what dies here dies on purpose

const LIMIT = { timeoutMs: 20_000 };

/** Not a function. */
export const NUMBER = 42;

/** An error that only this module knows. */
export class PaintError extends Error {
  override readonly name = "PaintError";
  readonly code = "too-thin";
}

export function add(a: number, b: number): number {
  return a + b;
}

export async function addLater(a: number, b: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return a + b;
}

export function square(n: number): number {
  return n * n;
}

export function nothing(): void {}

export function giveBack(...args: unknown[]): unknown {
  return args;
}

/** What can be named, but not sent. */
export function unsendable(): unknown {
  return { deep: [() => 1] };
}

export function bytes(length: number): Uint8Array {
  return new Uint8Array(length).fill(length % 251);
}

export function pair(n: number): [number, undefined] {
  return [n, undefined];
}

export function threadId(): number {
  return Thread.current.id;
}

export function threadName(): string {
  return Thread.current.name;
}

/** Blocks until the gate is open. */
export function hold(gate: Event, result = 0): number {
  gate.waitSync(LIMIT);
  return result;
}

/** As {@linkcode hold}, without blocking the thread. */
export async function holdLater(gate: Event, result = 0): Promise<number> {
  await gate.wait(LIMIT);
  return result;
}

/** Says which thread runs it, then counts for ever. */
export function spin(id: SharedValue, counter: SharedValue): never {
  id.set(Thread.current.id);
  for (;;) counter.add(1);
}

/** Says which thread runs it, then waits for ever, turning its event loop. */
export async function turnForEver(id: SharedValue): Promise<never> {
  id.set(Thread.current.id);
  setInterval(() => {}, 1);
  return await new Promise(() => {});
}

/** Counts so far; answers how far. */
export function count(to: number, counter: SharedValue): number {
  for (let i = 0; i < to; i++) counter.add(1);
  return to;
}

/** Writes that it ran: into the first free place after the number of them. */
export function note(log: SharedArray<"i32">, n: number): void {
  log.set(1 + log.add(0, 1), n);
}

/** What {@linkcode note} wrote. */
export function noted(log: SharedArray<"i32">): number[] {
  return Array.from({ length: log.get(0) }, (_, i) => log.get(1 + i));
}

/** An item for {@linkcode step}. */
export interface Step {
  readonly n: number;
  readonly log: SharedArray<"i32">;
  /** What to wait for. */
  readonly gate?: Event;
  readonly fails?: boolean;
}

/** Writes that it ran, waits, and fails or answers. */
export function step({ n, log, gate, fails }: Step): number {
  note(log, n);
  gate?.waitSync(LIMIT);
  if (fails) throw new RangeError(`step ${n} fails`);
  return n;
}

export function addToAll(
  lock: Lock,
  total: SharedValue,
  times: number,
): [Lock, SharedValue] {
  for (let i = 0; i < times; i++) {
    lock.withLockSync(() => total.set(total.get() + 1));
  }
  return [lock, total];
}

export function relay(from: Queue<number>, to: Queue<number>): void {
  to.putSync(2 * from.getSync(LIMIT), LIMIT);
}

/** How many octets came, and what the first is. */
export function inspect(buffer: ArrayBuffer): [number, number | undefined] {
  return [buffer.byteLength, new Uint8Array(buffer)[0]];
}

export function postTo(port: MessagePort, message: unknown): void {
  port.postMessage(message);
  port.close();
}

export function fail(message: string): never {
  throw new PaintError(message, { cause: new SyntaxError("inner") });
}

export async function failLater(message: string): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  throw new RangeError(message);
}

export function throwValue(value: unknown): never {
  throw value;
}

export function exitByDeno(): never {
  Deno.exit(3);
}

export async function exitByProcess(): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  process.exit(0);
}

export async function rejectUnhandled(): Promise<never> {
  Promise.reject(new RangeError("nobody cares"));
  return await new Promise(() => {});
}

export async function throwInTimer(): Promise<never> {
  setTimeout(() => {
    throw new RangeError("too late");
  });
  return await new Promise(() => {});
}

/** Leaves something behind that kills the thread when its loop turns. */
export function leaveBomb(): string {
  Promise.reject(new RangeError("boom"));
  return "left";
}

export function eatMemory(): never {
  const eaten: unknown[] = [];
  for (;;) eaten.push({ before: eaten.length, more: {} });
}

let mark = "not initialized";

/** An initializer. */
export function setUp(text: string, calls: SharedValue): void {
  calls.add(1);
  mark = text;
}

/** An initializer that takes its time. */
export async function setUpLater(gate: Event): Promise<void> {
  await gate.wait(LIMIT);
  mark = "later";
}

/** An initializer that works so many times. */
export function setUpTimes(times: number, calls: SharedValue): void {
  if (calls.add(1) >= times) throw new PaintError("no more paint");
}

/** What the initializer of this thread left. */
export function marked(): string {
  return mark;
}
