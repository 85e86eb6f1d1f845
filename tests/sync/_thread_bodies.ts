import type { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import type { SharedValue } from "../../sync/shared_value.ts";
import { sleepSync } from "../../sync/sleep.ts";
import { Thread, type ThreadState } from "../../sync/thread.ts";

const LIMIT = { timeoutMs: 10_000 };

/** Not a function. */
export const answer = 42;

/** What a thread says about a thread. */
export interface Facts {
  readonly id: number;
  readonly name: string;
  readonly daemon: boolean;
  readonly alive: boolean;
  readonly state: ThreadState;
}

export function factsOf({ id, name, daemon, alive, state }: Thread): Facts {
  return { id, name, daemon, alive, state };
}

export function aboutMe(): Facts {
  return factsOf(Thread.current);
}

export function add(a: number, b: number): number {
  return a + b;
}

export async function addLater(a: number, b: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return a + b;
}

/** Returns something that can be awaited and is no promise. */
export function thenable(n: number): PromiseLike<number> {
  const promise = Promise.resolve(n);
  return { then: (onDone, onFailed) => promise.then(onDone, onFailed) };
}

export function nothing(): void {}

export function giveBack(...args: unknown[]): unknown {
  return args;
}

/** As {@linkcode giveBack}, with what the objects of the first argument are. */
export function giveBackAndName(
  objects: readonly object[],
  ...args: unknown[]
): unknown[] {
  return [objects.map((object) => object.constructor.name), ...args];
}

/** Whether two are one: objects, and a lock that was attached twice. */
export function areOne(
  a: { n: number },
  b: { n: number },
  lock: Lock,
  { same, attached }: { same: Lock; attached: Lock },
): unknown[] {
  b.n = 7;
  lock.acquireSync();
  const both = [same, attached].flatMap(({ locked, owned }) => [locked, owned]);
  return [a === b, a.n, lock === same, ...both];
}

/** Changes two arrays and answers a message; tells what was in the arrays. */
export async function take(
  copied: Uint8Array,
  moved: Uint8Array,
  port: MessagePort,
): Promise<number[][]> {
  const before = [[...copied], [...moved]];
  copied.fill(9);
  moved.fill(9);
  await answerOn(port);
  return before;
}

export function write(bytes: Uint8Array, value: number): number[] {
  const before = [...bytes];
  bytes.fill(value);
  return before;
}

async function answerOn(port: MessagePort): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<number>();
  port.onmessage = ({ data }) => resolve(data);
  port.postMessage(2 * await promise);
  port.close();
}

/** Results of many shapes. */
export function shapes(): Record<string, unknown> {
  const circle: { self?: unknown; list: unknown[] } = { list: [] };
  circle.self = circle;
  circle.list.push(circle.list);
  return {
    primitives: [0, -0, NaN, Infinity, "", "ä😀", true, null, undefined],
    bigint: -(2n ** 70n),
    map: new Map<unknown, unknown>([["a", new Map([[1, 2]])], [{ k: 1 }, 3]]),
    set: new Set([1, "1", [1]]),
    date: new Date(86_400_000),
    regexp: /a+/giu,
    bytes: new Uint8Array([1, 2, 255]),
    floats: new Float64Array([0.5, -0]),
    bigints: new BigInt64Array([-1n]),
    view: new DataView(new ArrayBuffer(3), 1),
    buffer: new Uint8Array([9, 8]).buffer,
    circle,
  };
}

export function large(
  octets: number,
): { bytes: Uint8Array; text: string; shared: SharedArrayBuffer } {
  const bytes = new Uint8Array(octets).map((_, index) => index * 31);
  const shared = new SharedArrayBuffer(4);
  new Uint8Array(shared).set([1, 2, 3, 4]);
  return { bytes, text: "€".repeat(octets / 2), shared };
}

/** What structured clone keeps, but JSON and the like do not. */
export async function blobAndKey(): Promise<[Blob, CryptoKey]> {
  const raw = new Uint8Array(16);
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", true, [
    "encrypt",
  ]);
  return [new Blob(["paint"], { type: "text/plain" }), key];
}

/** {@linkcode shapes}, a lock that is held, and {@linkcode blobAndKey}. */
export async function allShapes(): Promise<
  [
    Record<string, unknown>,
    { lock: Lock; again: Lock[] },
    [Blob, CryptoKey],
  ]
> {
  return [shapes(), heldLock(), await blobAndKey()];
}

function heldLock(): { lock: Lock; again: Lock[] } {
  const lock = new Lock();
  lock.acquireSync();
  return { lock, again: [lock] };
}

export function aFunction(): unknown {
  return { deep: [() => 1] };
}

/** Returns, but leaves behind what would keep a program alive. */
export function leaveTimer(): string {
  setInterval(() => {}, 1000);
  return "returned";
}

export function waitFor(event: Event): string {
  event.waitSync(LIMIT);
  return "waited";
}

export function waitThenGive<T>(event: Event, value: T): T {
  event.waitSync(LIMIT);
  return value;
}

export async function waitForLater(event: Event): Promise<string> {
  await event.wait(LIMIT);
  return "waited";
}

/** Runs, rather than waits, until the flag is 2; meanwhile it is 1. */
export function runUntil(flag: SharedValue): void {
  flag.compareExchange(0, 1);
  while (flag.get() !== 2);
}

/** Runs until the flag is 2, as above, then blocks, then awaits. */
export async function runBlockAwait(
  flag: SharedValue,
  event: Event,
  later: Event,
): Promise<string> {
  runUntil(flag);
  waitFor(event);
  return await waitForLater(later);
}

export function spin(started: Event): never {
  started.set();
  for (;;);
}

/** Counts for ever, without a look at anything else. */
export function count(word: Int32Array): never {
  for (;;) Atomics.add(word, 0, 1);
}

export function acquire(lock: Lock, started: Event): void {
  started.set();
  lock.acquireSync();
}

export function keep(lock: Lock, started: Event): void {
  lock.acquireSync();
  started.set();
  for (;;);
}

export function waitRaw(started: Event): void {
  started.set();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** Is in a call of the system for two seconds after there is a file. */
export function runProgram(path: string): void {
  const program =
    `Deno.writeTextFileSync(Deno.args[0], ""); setTimeout(() => {}, 2_000)`;
  const options = ["--no-config", "--allow-write"];
  const url = `data:text/javascript,${encodeURIComponent(program)}`;
  const args = ["run", ...options, url, path];
  new Deno.Command(Deno.execPath(), { args }).outputSync();
}

export function sleepLong(started: Event): void {
  started.set();
  sleepSync(2 ** 40);
}

export async function awaitForEver(started: Event): Promise<void> {
  started.set();
  await new Promise(() => {});
}

export async function awaitLock(lock: Lock, started: Event): Promise<void> {
  const acquired = lock.acquire();
  started.set();
  await acquired;
}

/** Runs the rest as a subclass. */
export class Doubler extends Thread<Facts & { doubled: number; lock: Lock }> {
  static override module: string = import.meta.url;
  readonly lock: Lock = new Lock();

  constructor(readonly value: number, name = "doubler") {
    super({ name });
  }

  double(): number {
    return 2 * this.value;
  }

  override run(): unknown {
    this.lock.acquireSync();
    return { ...factsOf(this), doubled: this.double(), lock: this.lock };
  }
}

/** Inherits its module and overrides a part. */
export class Tripler extends Doubler {
  override double(): number {
    return 3 * this.value;
  }
}

export class Later extends Thread<string> {
  static override module: string = import.meta.url;

  override async run(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return "later";
  }
}

export class Idle extends Thread {
  static override module: string = import.meta.url;
}

class Hidden extends Thread {
  static override module: string = import.meta.url;

  override run(): number {
    return 1;
  }
}

export function hidden(): Thread {
  return new Hidden();
}
