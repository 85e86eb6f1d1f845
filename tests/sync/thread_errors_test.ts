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

for (
  const Class of [
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
  ]
) {
  const { name } = Class;
  Deno.test(`Thread.join() throws the ${name} of the function`, async () => {
    const error = await errorOf(bodies.start("throwBuiltIn", [name]));
    assertStrictEquals(error.constructor, Class);
    assertEquals([error.name, error.message], [name, `a ${name}`]);
    assertEquals(Object.keys(error), []);
  });
}

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

Deno.test("Thread.join() throws an error whose stack is that of the thread", async () => {
  const { stack } = await errorOf(bodies.start("throwOwn", []));
  assertStringIncludes(stack!, "PaintError: the paint is too thin");
  assertStringIncludes(stack!, "throwOwn");
  assertStringIncludes(stack!, BODIES);
});

Deno.test("Thread.join() throws the errors of Deno", async () => {
  const error = await errorOf(bodies.start("throwNotFound", []));
  assertInstanceOf(error, Deno.errors.NotFound);
  assertEquals([error.name, (error as { code?: string }).code], [
    "NotFound",
    "ENOENT",
  ]);
  assertStringIncludes(error.message, "no_such_file.txt");
});

Deno.test("Thread.join() throws a DOMException with its name and code", async () => {
  const error = await errorOf(bodies.start("throwDom", []));
  assertInstanceOf(error, DOMException);
  assertEquals([error.name, error.message], ["DataCloneError", "no data"]);
  assertEquals(error.code, DOMException.DATA_CLONE_ERR);
  const aborted = await errorOf(bodies.start("throwAborted", []));
  assertInstanceOf(aborted, DOMException);
  assertEquals(aborted.name, "AbortError");
});

Deno.test("Thread.join() throws an AggregateError with its errors", async () => {
  const error = await errorOf(bodies.start("throwAggregate", []));
  assertInstanceOf(error, AggregateError);
  assertEquals(error.message, "all failed");
  const [first, second, third] = error.errors;
  assertInstanceOf(first, RangeError);
  assertEquals([first.message, second], ["first", "second"]);
  assertInstanceOf(third, Error);
  assertEquals([third.name, (third as unknown as { code: string }).code], [
    "PaintError",
    "too-thin",
  ]);
});

Deno.test("Thread.join() throws the errors of this module with their code", async () => {
  const broken = await errorOf(bodies.start("throwBroken", []));
  assertInstanceOf(broken, BrokenBarrierError);
  assertInstanceOf(broken.cause, DOMException);
  assertEquals([broken.code, broken.cause.name], [
    "broken-barrier",
    "TimeoutError",
  ]);
  const deadlock = await errorOf(bodies.start("throwDeadlock", []));
  assertInstanceOf(deadlock, DeadlockError);
  assertEquals(deadlock.cycle, ["a waits for b", "b waits for a"]);
  const terminated = await errorOf(bodies.start("throwOfThread", []));
  assertInstanceOf(terminated, ThreadError);
  assertEquals([terminated.name, terminated.code], [
    "ThreadError",
    "terminated",
  ]);
});

Deno.test("Thread.join() throws an error of the user with name, class name and properties", async () => {
  const error = await errorOf(bodies.start("throwOwn", []));
  assertEquals([error.name, error.constructor.name, error.message], [
    "PaintError",
    "PaintError",
    "the paint is too thin",
  ]);
  const { code, layers, seen } = error as unknown as Record<string, unknown>;
  assertEquals([code, layers, seen], [
    "too-thin",
    [1, 2],
    new Map([["at", new Date(0)]]),
  ]);
  const nameless = await errorOf(bodies.start("throwNameless", []));
  assertEquals([nameless.name, nameless.constructor.name], [
    "Error",
    "NamelessError",
  ]);
});

Deno.test("Thread.join() throws an error with the name that it was given", async () => {
  const error = await errorOf(bodies.start("throwNamed", []));
  assertEquals([error.name, `${error}`], ["BadPaint", "BadPaint: renamed"]);
});

Deno.test("Thread.join() throws an error with its causes", async () => {
  const error = await errorOf(bodies.start("throwCaused", []));
  assertInstanceOf(error, TypeError);
  assertInstanceOf(error.cause, SyntaxError);
  assertEquals(error.cause.message, "inner");
  assertEquals(error.cause.cause, { reason: [1n] });
});

Deno.test("Thread.join() throws an error that is its own cause", async () => {
  const error = await errorOf(bodies.start("throwCircle", []));
  assertInstanceOf(error.cause, Error);
  assertEquals(error.cause.message, "half");
  assertStrictEquals(error.cause.cause, error);
});

Deno.test("Thread.join() throws an error with a lock among its properties", async () => {
  const error = await errorOf(bodies.start("throwWith", ["lock"]));
  const { extra } = error as unknown as { extra: Lock };
  assertInstanceOf(extra, Lock);
  extra.acquireSync(LIMIT);
  assert(extra.locked);
});

for (const what of ["callback", "thread", "shared"]) {
  Deno.test(`Thread.join() throws the error, though a property cannot travel: ${what}`, async () => {
    const error = await errorOf(bodies.start("throwWith", [what]));
    assertEquals([error.name, error.message], ["PaintError", "with something"]);
    const { code } = error as unknown as { code: string };
    assertEquals(code, "too-thin");
  });
}

Deno.test("Thread.join() throws what is no error as it is", async () => {
  const expected = {
    text: "just text",
    undefined,
    null: null,
    number: -0,
    bigint: 10n,
    object: { deep: [new Map([[1, new Set([2])]])] },
  };
  for (const [what, value] of Object.entries(expected)) {
    assertEquals(await reasonOf(bodies.start("throwValue", [what])), value);
  }
});

Deno.test("Thread.join() throws a TypeError for what is thrown and cannot travel", async () => {
  for (const what of ["symbol", "function"]) {
    const error = await errorOf(bodies.start("throwUnshareable", [what]));
    assertInstanceOf(error, TypeError);
    assertStringIncludes(error.message, what);
  }
});
