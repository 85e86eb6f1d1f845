import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { compiled, sourceOf } from "../../sync/_source.ts";
import { Lock } from "../../sync/lock.ts";
import { Thread } from "../../sync/thread.ts";
import { threads } from "../../sync/threads.ts";

const BODIES = import.meta.resolve("./_thread_bodies.ts");
const LIMIT = { timeoutMs: 10_000 };

const bodies = threads<typeof import("./_thread_bodies.ts")>(BODIES);

Deno.test("threads() starts functions of a module, with the type of the result", async () => {
  const sum = bodies.start("addLater", [1, 2], { name: "adder" });
  const thread: Thread<number> = sum; // what it resolves to
  const total: number = await thread.join(LIMIT);
  assertEquals([total, sum.name, sum instanceof Thread], [3, "adder", true]);
});

Deno.test("threads() checks the name and the arguments", async () => {
  // @ts-expect-error there is no such function
  const thread = bodies.start("subtract", [1, 2]);
  await assertRejects(() => thread.join(LIMIT), TypeError, '"subtract"');
});

/** Never called: the compiler has to refuse it. */
function _refused(): void {
  // @ts-expect-error that is no function
  bodies.start("answer", []);
  // @ts-expect-error an argument is missing
  bodies.start("add", [1]);
  // @ts-expect-error an argument has the wrong type
  bodies.start("add", [1, "2"]);
}

/** Functions as they can be written; each is called with 20 and 1. */
const WRITTEN = {
  "arrow function": (a: number, b: number) => a + b,
  "asynchronous arrow function": async (a: number, b: number) =>
    a + await Promise.resolve(b),
  "function": function (a: number, b: number) {
    return a + b;
  },
  "named function": sum,
  "asynchronous function": sumLater,
  "method": {
    sum(a: number, b: number): number {
      return a + b;
    },
  }.sum,
  "asynchronous method": {
    async sum(a: number, b: number): Promise<number> {
      return a + await Promise.resolve(b);
    },
  }.sum,
  "method with a name that is no identifier": {
    "a sum"(a: number, b: number) {
      return a + b;
    },
  }["a sum"],
  "method with a computed name": {
    ["s" + "um"](a: number, b: number) {
      return a + b;
    },
  }["sum"]!,
  "method of a class": class {
    static sum(a: number, b: number): number {
      return a + b;
    }
  }.sum,
  "arrow function of plain JavaScript": compact("async(a,b)=>a+await b"),
  "arrow function with a name in Greek": compact("α=>α+1"),
};

function sum(a: number, b: number): number {
  return a + b;
}

async function sumLater(a: number, b: number): Promise<number> {
  return a + await Promise.resolve(b);
}

/** As a minifier writes it, rather than the TypeScript compiler. */
function compact(source: string): (a: number, b: number) => number {
  return (0, eval)(source);
}

for (const [what, fn] of Object.entries(WRITTEN)) {
  Deno.test(`Thread.fromFunction() understands a function written as: ${what}`, async () => {
    const again = await compiled(sourceOf(fn)); // as the thread does
    assertEquals(await again(20, 1), 21);
  });
}

Deno.test("Thread.fromFunction() runs a function by its source", async () => {
  const { ["method of a class"]: method } = WRITTEN;
  assertEquals(await Thread.fromFunction(method, [20, 1]).join(LIMIT), 21);
});

Deno.test("Thread.fromFunction() keeps types, takes options, and can import by URL", async () => {
  const lock = new Lock();
  const thread = Thread.fromFunction(
    async (lock: Lock, n: number, url: string) => {
      await lock.acquire();
      const { add } = await import(url);
      return { text: `${add(n, 1)}` };
    },
    [lock, 4, BODIES],
    { name: "from source" },
  );
  const { text }: { text: string } = await thread.join(LIMIT);
  assertEquals([text, lock.locked, thread.name], ["5", true, "from source"]);
  // @ts-expect-error the argument has the wrong type
  assertThrows(() => Thread.fromFunction((a: number) => a, [() => {}]));
});

Deno.test("Thread.fromFunction() does not see the module of the function", async () => {
  const thread = Thread.fromFunction((n: number) => sum(n, 1), [1]);
  await assertRejects(() => thread.join(LIMIT), ReferenceError, "sum");
});

Deno.test("Thread.fromFunction() refuses a function without a source", () => {
  for (const fn of [Math.max, sum.bind(null), Array.prototype.push]) {
    assertThrows(
      () => Thread.fromFunction(fn as () => unknown, []),
      TypeError,
      fn.name,
    );
  }
});
