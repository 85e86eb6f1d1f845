import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { BrokenBarrierError } from "../../sync/broken_barrier.ts";
import { DeadlockError } from "../../sync/deadlock.ts";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { Thread } from "../../sync/thread.ts";
import { ThreadError } from "../../sync/thread_error.ts";
import { threads } from "../../sync/threads.ts";
import { run } from "./_child.ts";
import { reasonOf } from "./_reason.ts";
import { until } from "./_until.ts";

const BODIES = import.meta.resolve("./_thread_errors_bodies.ts");
const LIMIT = { timeoutMs: 10_000 };

const bodies = threads<typeof import("./_thread_errors_bodies.ts")>(BODIES);

/** What a thread threw, which must be an error. */
async function errorOf(thread: Thread): Promise<Error> {
  const error = await reasonOf(thread);
  assertInstanceOf(error, Error);
  return error;
}

/** What is thrown in one thread, one after the other, and in what comes of it. */
const THROWN = [
  "throwBuiltIn",
  "throwNameless",
  "throwNamed",
  "throwCaused",
  "throwCircle",
  "throwNotFound",
  "throwDom",
  "throwAborted",
  "throwBroken",
  "throwDeadlock",
  "throwOfThread",
  "throwLock",
  "throwUntold",
] as const;

const together = await errorOf(bodies.start("throwTogether", [THROWN]));
assertInstanceOf(together, AggregateError);
const errors: unknown[] = together.errors;

/** What came of the error of that function. */
function thrownBy(name: (typeof THROWN)[number]): Error {
  const error = errors[THROWN.indexOf(name)];
  assertInstanceOf(error, Error);
  return error;
}

async function messageOf(thread: Thread): Promise<string> {
  const error = await reasonOf(thread);
  assertInstanceOf(error, Error);
  return `${error.name}: ${error.message}`;
}

Deno.test("Thread.join() throws an AggregateError with its errors, and built-in ones", () => {
  const error = thrownBy("throwBuiltIn");
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

Deno.test("Thread.join() throws errors with their names, causes and circles", () => {
  const named = thrownBy("throwNamed");
  const caused = thrownBy("throwCaused");
  const circle = thrownBy("throwCircle");
  const { name, constructor } = thrownBy("throwNameless");
  assertEquals([name, constructor.name], ["Error", "NamelessError"]);
  assertEquals([named.name, `${named}`], ["BadPaint", "BadPaint: renamed"]);
  assertInstanceOf(caused, TypeError);
  assertInstanceOf(caused.cause, SyntaxError);
  assertEquals(caused.cause.message, "inner");
  assertEquals(caused.cause.cause, { reason: [1n] });
  assertInstanceOf(circle.cause, Error);
  assertEquals(circle.cause.message, "half");
  assertStrictEquals(circle.cause.cause, circle);
});

Deno.test("Thread.join() throws the errors of Deno, and a DOMException with its code", () => {
  const missing = thrownBy("throwNotFound");
  const dom = thrownBy("throwDom");
  const aborted = thrownBy("throwAborted");
  assertInstanceOf(missing, Deno.errors.NotFound);
  const { code } = missing as unknown as { code: string };
  assertEquals([missing.name, code], ["NotFound", "ENOENT"]);
  assertStringIncludes(missing.message, "no_such_file.txt");
  assertInstanceOf(dom, DOMException);
  assertEquals([dom.name, dom.message], ["DataCloneError", "no data"]);
  assertEquals(dom.code, DOMException.DATA_CLONE_ERR);
  assertInstanceOf(aborted, DOMException);
  assertEquals(aborted.name, "AbortError");
});

Deno.test("Thread.join() throws the errors of this module with their code", () => {
  const broken = thrownBy("throwBroken");
  const deadlock = thrownBy("throwDeadlock");
  const terminated = thrownBy("throwOfThread");
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

Deno.test("Thread.join() throws an error with a lock among its properties", () => {
  const error = thrownBy("throwLock");
  const { extra } = error as unknown as { extra: Lock };
  assertInstanceOf(extra, Lock);
  extra.acquireSync(LIMIT);
  assert(extra.locked);
});

Deno.test("Thread.join() throws the error, though properties cannot travel", () => {
  const error = thrownBy("throwUntold");
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

Deno.test("Thread ends by a rejection that nobody handles", async () => {
  const thread = bodies.start("rejectUnhandled", []);
  assertEquals(await messageOf(thread), "RangeError: nobody cares");
  assertEquals(thread.state, "dead");
});

Deno.test("Thread ends by an error in a timer or microtask", async () => {
  const timer = bodies.start("throwInTimer", []);
  assertEquals(await messageOf(timer), "PaintError: too late");
  const microtask = bodies.start("throwInMicrotask", []);
  assertEquals(await messageOf(microtask), "RangeError: soon");
});

Deno.test("Thread goes on after a rejection that is handled in time", async () => {
  const thread = bodies.start("rejectHandledLate", []);
  assertEquals(await thread.join(LIMIT), "handled");
});

Deno.test("Thread ends by a stack overflow as by other errors", async () => {
  assertStringIncludes(
    await messageOf(bodies.start("eatStack", [])),
    "RangeError: Maximum call stack size exceeded",
  );
});

Deno.test("Thread of a module that does not exist ends with an error that names it", async () => {
  const missing = import.meta.resolve("./no_such_module.ts");
  const thread = Thread.start(missing, "nothing");
  assertStringIncludes(await messageOf(thread), "no_such_module.ts");
});

Deno.test("Thread of an export that is no function ends with a TypeError that names it", async () => {
  const message = await messageOf(Thread.start(BODIES, "NUMBER"));
  assertStringIncludes(message, "TypeError: ");
  assertStringIncludes(message, '"NUMBER"');
  assertStringIncludes(message, BODIES);
});

Deno.test("Thread of a module that throws ends with its error", async () => {
  const bad = "data:text/javascript,throw new RangeError('while it loads');";
  const thread = Thread.start(bad, "nothing");
  assertEquals(await messageOf(thread), "RangeError: while it loads");
});

Deno.test("Thread.onUncaught is called once, with the error and the thread, before the join", async () => {
  const seen = new SharedArray("i32", 4);
  const thread = bodies.start("throwToHook", [seen]);
  assertEquals(await messageOf(thread), "Error: for the hook");
  const [calls, id, isError, isCurrent] = [0, 1, 2, 3].map((n) => seen.get(n));
  assertEquals([calls, id, isError, isCurrent], [1, thread.id, 1, 1]);
});

Deno.test("Thread.onUncaught that throws does not hide the error", async () => {
  const thread = bodies.start("throwToBadHook", []);
  assertEquals(await messageOf(thread), "RangeError: of the function");
});

Deno.test("Thread.onUncaught writes to stderr by default, with the name of the thread, joined or not", async () => {
  const { code, stdout, stderr } = await run(`
    import { Thread } from "@lockstep/lockstep/sync";
    const thread = Thread.fromFunction(() => {
      throw new RangeError("no paint left");
    }, [], { name: "painter" });
    await thread.join().catch((error) => console.log(error.message));
    const module = "./tests/sync/_thread_errors_bodies.ts"; // has its own hook
    const own = Thread.start(import.meta.resolve(module), "throwOwn");
    await own.join().catch((error) => console.log(error.message));
    const fail = () => Promise.reject(new RangeError("the wall is gone"));
    Thread.fromFunction(fail, [], { name: "plasterer" });
  `);
  const output = "no paint left\nthe paint is too thin\n";
  assertEquals([code, stdout], [0, output], stderr);
  assertStringIncludes(stderr, 'thread "painter"');
  assertStringIncludes(stderr, "RangeError: no paint left");
  assertStringIncludes(stderr, 'thread "plasterer"');
  assertStringIncludes(stderr, "RangeError: the wall is gone");
  assert(!stderr.includes("too thin"), stderr); // replaced by the module
});

Deno.test("Thread that calls process.exit() ends alone", async () => {
  const thread = bodies.start("exitByProcess", [3], { name: "leaver" });
  const error = await reasonOf(thread);
  assertInstanceOf(error, ThreadError);
  assertEquals([error.code, thread.state], ["exited", "dead"]);
  assertStringIncludes(error.message, '"leaver"');
});

Deno.test("Thread that calls Deno.exit() ends alone, runs no further, and gives back its lock", async () => {
  const lock = new Lock();
  const error = await reasonOf(bodies.start("exitInside", [lock]));
  assertInstanceOf(error, ThreadError);
  assertEquals(error.code, "exited");
  using _held = await lock.acquire(LIMIT);
  assert(lock.ownerDied);
});

Deno.test("Thread that runs out of memory dies alone; joinSync() throws an error while the main thread blocks", async () => {
  const event = new Event();
  const other = bodies.start("throwWhenSet", [event]);
  const thread = bodies.start("eatMemory", [], {
    resourceLimits: { maxOldGenerationSizeMb: 16 },
    name: "glutton",
  });
  const error = await reasonOf(thread);
  assertInstanceOf(error, ThreadError);
  assertEquals([error.code, thread.state], ["died", "dead"]);
  assertStringIncludes(error.message, '"glutton"');
  await until(() => event.waiting === 1);
  assert(other.alive);
  event.set(); // the event loop does not turn from here on
  assertThrows(() => other.joinSync(LIMIT), RangeError, "set");
});
