import { Lock } from "../../sync/lock.ts";
import { Barrier } from "../../sync/barrier.ts";
import { DeadlockError } from "../../sync/deadlock.ts";
import type { Event } from "../../sync/event.ts";
import type { SharedArray } from "../../sync/shared_array.ts";
import { Thread } from "../../sync/thread.ts";
import process from "node:process";

Thread.onUncaught = () => {}; // what is thrown here is thrown on purpose

/** Not a function. */
export const NUMBER = 42;

/** An error that only this module knows. */
export class PaintError extends Error {
  override readonly name = "PaintError";
  readonly code = "too-thin";
  readonly layers: readonly number[] = [1, 2];
  readonly seen: ReadonlyMap<string, Date> = new Map([["at", new Date(0)]]);
}

export class NamelessError extends Error {}

/** Throws one error for all those that other functions of this module throw. */
export async function throwTogether(
  names: readonly string[],
): Promise<never> {
  const here = await import(import.meta.url);
  const errors = names.map((name) => {
    try {
      return here[name]();
    } catch (error) {
      return error;
    }
  });
  throw new AggregateError(errors, "all failed");
}

export function throwBuiltIn(): never {
  const classes = [
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
  ];
  const errors = classes.map((Class) => new Class(`a ${Class.name}`));
  throw new AggregateError(errors, "one of each");
}

export async function throwLater(): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  throw new RangeError("later");
}

export function throwNotFound(): void {
  Deno.readTextFileSync(new URL("no_such_file.txt", import.meta.url));
}

export function throwDom(): never {
  throw new DOMException("no data", "DataCloneError");
}

export function throwAborted(): void {
  AbortSignal.abort().throwIfAborted();
}

export function throwBroken(): void {
  new Barrier(2).waitSync({ timeoutMs: 1 });
}

export function throwDeadlock(): never {
  throw new DeadlockError(["a waits for b", "b waits for a"]);
}

export function throwOfThread(): unknown {
  const thread = Thread.fromFunction(() => {
    for (;;);
  }, []);
  thread.terminateSync({ timeoutMs: 10_000 });
  return thread.joinSync({ timeoutMs: 10_000 });
}

export function throwOwn(): never {
  throw new PaintError("the paint is too thin");
}

export function throwNameless(): never {
  throw new NamelessError("who am I");
}

export function throwCaused(): never {
  const cause = new SyntaxError("inner", { cause: { reason: [1n] } });
  throw new TypeError("outer", { cause });
}

export function throwCircle(): never {
  const error = new Error("circle");
  error.cause = new Error("half", { cause: error });
  throw error;
}

export function throwNamed(): never {
  const error = new Error("renamed");
  error.name = "BadPaint";
  throw error;
}

export function throwLock(): never {
  const error = new PaintError("with something");
  throw Object.assign(error, { extra: new Lock() });
}

/** An error that has what belongs to this thread. */
export function throwUntold(): never {
  const error = new PaintError("with something");
  const shared = new SharedArrayBuffer(8);
  throw Object.assign(error, {
    callback: () => {},
    thread: Thread.current,
    shared,
  });
}

export function throwValue(value: unknown): never {
  throw value;
}

export function throwUnshareable(): never {
  throw { deep: [() => "stop"] };
}

export async function rejectUnhandled(): Promise<void> {
  Promise.reject(new RangeError("nobody cares"));
  await new Promise(() => {});
}

export async function throwInTimer(): Promise<void> {
  setTimeout(() => {
    throw new PaintError("too late");
  });
  await new Promise(() => {});
}

export async function throwInMicrotask(): Promise<void> {
  queueMicrotask(() => {
    throw new RangeError("soon");
  });
  await new Promise(() => {});
}

export async function rejectHandledLate(): Promise<string> {
  const rejected = Promise.reject(new Error("handled"));
  await null;
  return await rejected.catch((error) => error.message);
}

/** The hook writes what it was called with: thread, error, order. */
export function throwToHook(seen: SharedArray<"i32">): never {
  const thrown = new Error("for the hook");
  Thread.onUncaught = (error, thread) => {
    seen.add(0, 1);
    seen.set(1, thread.id);
    seen.set(2, Number(error === thrown));
    seen.set(3, Number(thread === Thread.current));
  };
  throw thrown;
}

export function throwToBadHook(): never {
  Thread.onUncaught = () => {
    throw new Error("of the hook");
  };
  throw new RangeError("of the function");
}

export function exitByDeno(code: number): never {
  Deno.exit(code);
}

export function exitByProcess(code: number): never {
  process.exit(code);
}

/** Exits, though somebody would catch an exception. */
export async function exitInside(lock: Lock): Promise<string> {
  lock.acquireSync();
  try {
    await null;
    Deno.exit(0);
  } catch {
    return "caught";
  }
}

export function eatMemory(): never {
  const eaten: unknown[] = [];
  for (;;) eaten.push({ before: eaten.length, more: {} });
}

export function eatStack(n = 0): number {
  return 1 + eatStack(n + 1);
}

/** Blocks, then throws. */
export function throwWhenSet(event: Event): never {
  event.waitSync({ timeoutMs: 10_000 });
  throw new RangeError("set");
}
