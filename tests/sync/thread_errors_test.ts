import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { BrokenBarrierError } from "../../sync/broken_barrier.ts";
import { DeadlockError } from "../../sync/deadlock.ts";
import { Lock } from "../../sync/lock.ts";
import type { Thread } from "../../sync/thread.ts";
import { ThreadError } from "../../sync/thread_error.ts";
import { threads } from "../../sync/threads.ts";
import { reasonOf } from "./_reason.ts";

const BODIES = import.meta.resolve("./_thread_errors_bodies.ts");
const LIMIT = { timeoutMs: 10_000 };

const bodies = threads<typeof import("./_thread_errors_bodies.ts")>(BODIES);

/** What a thread threw, which must be an error. */
async function errorOf(thread: Thread): Promise<Error> {
  const error = await reasonOf(thread);
  assertInstanceOf(error, Error);
  return error;
}

/** What functions throw that are called in one thread, one after the other. */
async function errorsOf<E>(...names: string[]): Promise<E[]> {
  const error = await errorOf(bodies.start("throwTogether", [names]));
  assertInstanceOf(error, AggregateError);
  for (const each of error.errors) assertInstanceOf(each, Error);
  return error.errors;
}

Deno.test("Thread.join() throws an AggregateError with its errors, and built-in ones", async () => {
  const error = await errorOf(bodies.start("throwBuiltIn", []));
  assertInstanceOf(error, AggregateError);
  assertEquals(error.message, "one of each");
  const classes = [
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
  ];
  assertEquals(error.errors.length, classes.length);
  for (const [index, Class] of classes.entries()) {
    const each: Error = error.errors[index];
    assertStrictEquals(each.constructor, Class);
    assertEquals([each.name, each.message], [Class.name, `a ${Class.name}`]);
    assertEquals(Object.keys(each), []);
  }
});

Deno.test("Thread.join() throws the error again and again, as joinSync() does", async () => {
  const thread = bodies.start("throwLater", []);
  const error = await errorOf(thread);
  assertEquals([error.name, error.message], ["RangeError", "later"]);
  assertStrictEquals(await reasonOf(thread), error);
  try {
    thread.joinSync(LIMIT);
    throw new Error("joined");
  } catch (again) {
    assertStrictEquals(again, error);
  }
});

Deno.test("Thread.join() throws an error of the user, with its stack, class name and properties", async () => {
  const error = await errorOf(bodies.start("throwOwn", []));
  const { name, constructor, message, stack } = error;
  assertEquals([name, constructor.name], ["PaintError", "PaintError"]);
  assertEquals(message, "the paint is too thin");
  assertStringIncludes(stack!, "PaintError: the paint is too thin");
  assertStringIncludes(stack!, "throwOwn");
  assertStringIncludes(stack!, BODIES);
  const { code, layers, seen } = error as unknown as Record<string, unknown>;
  assertEquals([code, layers], ["too-thin", [1, 2]]);
  assertEquals(seen, new Map([["at", new Date(0)]]));
});

Deno.test("Thread.join() throws errors with their names, causes and circles", async () => {
  const [nameless, named, caused, circle] = await errorsOf<Error>(
    "throwNameless",
    "throwNamed",
    "throwCaused",
    "throwCircle",
  );
  const { name, constructor } = nameless!;
  assertEquals([name, constructor.name], ["Error", "NamelessError"]);
  assertEquals([named!.name, `${named}`], ["BadPaint", "BadPaint: renamed"]);
  assertInstanceOf(caused, TypeError);
  assertInstanceOf(caused.cause, SyntaxError);
  assertEquals(caused.cause.message, "inner");
  assertEquals(caused.cause.cause, { reason: [1n] });
  assertInstanceOf(circle!.cause, Error);
  assertEquals(circle!.cause.message, "half");
  assertStrictEquals(circle!.cause.cause, circle);
});

Deno.test("Thread.join() throws the errors of Deno, and a DOMException with its code", async () => {
  const [missing, dom, aborted] = await errorsOf<DOMException>(
    "throwNotFound",
    "throwDom",
    "throwAborted",
  );
  assertInstanceOf(missing, Deno.errors.NotFound);
  assertEquals([missing.name, missing.code as unknown], ["NotFound", "ENOENT"]);
  assertStringIncludes(missing.message, "no_such_file.txt");
  assertInstanceOf(dom, DOMException);
  assertEquals([dom.name, dom.message], ["DataCloneError", "no data"]);
  assertEquals(dom.code, DOMException.DATA_CLONE_ERR);
  assertInstanceOf(aborted, DOMException);
  assertEquals(aborted.name, "AbortError");
});

Deno.test("Thread.join() throws the errors of this module with their code", async () => {
  const [broken, deadlock, terminated] = await errorsOf<Error>(
    "throwBroken",
    "throwDeadlock",
    "throwOfThread",
  );
  assertInstanceOf(broken, BrokenBarrierError);
  assertInstanceOf(broken.cause, DOMException);
  const { code, cause } = broken;
  assertEquals([code, cause.name], ["broken-barrier", "TimeoutError"]);
  assertInstanceOf(deadlock, DeadlockError);
  assertEquals(deadlock.cycle, ["a waits for b", "b waits for a"]);
  assertInstanceOf(terminated, ThreadError);
  const { name, code: why } = terminated;
  assertEquals([name, why], ["ThreadError", "terminated"]);
});

Deno.test("Thread.join() throws an error with a lock among its properties", async () => {
  const error = await errorOf(bodies.start("throwLock", []));
  const { extra } = error as unknown as { extra: Lock };
  assertInstanceOf(extra, Lock);
  extra.acquireSync(LIMIT);
  assert(extra.locked);
});

Deno.test("Thread.join() throws the error, though properties cannot travel", async () => {
  const error = await errorOf(bodies.start("throwUntold", []));
  assertEquals([error.name, error.message], ["PaintError", "with something"]);
  assertEquals((error as unknown as { code: string }).code, "too-thin");
  assert(!("callback" in error) && !("thread" in error));
});

Deno.test("Thread.join() throws what is no error as it is", async () => {
  const deep = [new Map([[1, new Set([2])]]), null, -0, 10n, "just text"];
  for (const value of [undefined, { deep }]) {
    assertEquals(await reasonOf(bodies.start("throwValue", [value])), value);
  }
});

Deno.test("Thread.join() throws a TypeError for what is thrown and cannot travel", async () => {
  const error = await errorOf(bodies.start("throwUnshareable", []));
  assertInstanceOf(error, TypeError);
  assertStringIncludes(error.message, "deep[0]: a function");
});
