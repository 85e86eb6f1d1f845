import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { SharedArray } from "../../sync/shared_array.ts";
import { Thread } from "../../sync/thread.ts";
import { ThreadError } from "../../sync/thread_error.ts";
import { threads } from "../../sync/threads.ts";
import { run } from "./_child.ts";
import { reasonOf } from "./_reason.ts";

const BODIES = import.meta.resolve("./_thread_errors_bodies.ts");
const LIMIT = { timeoutMs: 10_000 };

const bodies = threads<typeof import("./_thread_errors_bodies.ts")>(BODIES);

async function messageOf(thread: Thread): Promise<string> {
  const error = await reasonOf(thread);
  assertInstanceOf(error, Error);
  return `${error.name}: ${error.message}`;
}

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

Deno.test("Thread of an export that does not exist ends with a TypeError that names it", async () => {
  for (const name of ["noSuchFunction", "NUMBER"]) {
    const message = await messageOf(Thread.start(BODIES, name));
    assertStringIncludes(message, "TypeError: ");
    assertStringIncludes(message, `"${name}"`);
    assertStringIncludes(message, BODIES);
  }
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

for (const name of ["exitByDeno", "exitByProcess"] as const) {
  Deno.test(`Thread that calls exit() ends alone: ${name}()`, async () => {
    const code = name === "exitByDeno" ? 0 : 3;
    const thread = bodies.start(name, [code], { name: "leaver" });
    const error = await reasonOf(thread);
    assertInstanceOf(error, ThreadError);
    assertEquals([error.code, thread.state], ["exited", "dead"]);
    assertStringIncludes(error.message, '"leaver"');
  });
}

Deno.test("Thread that calls exit() runs no further, and gives back its lock", async () => {
  const lock = new Lock();
  const error = await reasonOf(bodies.start("exitInside", [lock]));
  assertInstanceOf(error, ThreadError);
  assertEquals(error.code, "exited");
  using _held = await lock.acquire(LIMIT);
  assert(lock.ownerDied);
});

Deno.test("Thread that runs out of memory dies alone", async () => {
  const thread = bodies.start("eatMemory", [], {
    resourceLimits: { maxOldGenerationSizeMb: 16 },
    name: "glutton",
  });
  const error = await reasonOf(thread);
  assertInstanceOf(error, ThreadError);
  assertEquals([error.code, thread.state], ["died", "dead"]);
  assertStringIncludes(error.message, '"glutton"');
  const next = bodies.start("rejectHandledLate", []);
  assertEquals(await next.join(LIMIT), "handled");
});

Deno.test("Thread.joinSync() throws the error while the main thread blocks", async () => {
  const event = new Event();
  const thread = bodies.start("throwWhenSet", [event]);
  const opener = Thread.fromFunction((event: Event) => event.set(), [event]);
  await assertRejects(async () => await thread.joinSync(LIMIT), RangeError);
  opener.joinSync(LIMIT);
});
