import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { compiled, sourceOf } from "../../sync/_source.ts";
import { Lock } from "../../sync/lock.ts";
import { Thread } from "../../sync/thread.ts";

const LIMIT = { timeoutMs: 10_000 };

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
  const { function: written, ["method of a class"]: method } = WRITTEN;
  for (const fn of [written, method]) {
    assertEquals(await Thread.fromFunction(fn, [20, 1]).join(LIMIT), 21);
  }
});

Deno.test("Thread.fromFunction() keeps types, and takes options", async () => {
  const lock = new Lock();
  const thread = Thread.fromFunction(
    async (lock: Lock, n: number) => {
      await lock.acquire();
      return { text: `${n}` };
    },
    [lock, 5],
    { name: "from source" },
  );
  const { text }: { text: string } = await thread.join(LIMIT);
  assertEquals([text, lock.locked, thread.name], ["5", true, "from source"]);
  // @ts-expect-error the argument has the wrong type
  assertThrows(() => Thread.fromFunction((a: number) => a, [() => {}]));
});

Deno.test("Thread.fromFunction() can import by URL", async () => {
  const thread = Thread.fromFunction(async (url: string) => {
    const { add } = await import(url);
    return add(1, 2);
  }, [import.meta.resolve("./_thread_bodies.ts")]);
  assertEquals(await thread.join(LIMIT), 3);
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
