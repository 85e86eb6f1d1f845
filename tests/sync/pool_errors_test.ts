import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { BODIES, reasonOf, warmPool, withPool } from "./_pool_use.ts";

const withOne = await warmPool();

Deno.test("ThreadPool.submit() rejects with what the function threw: class, code, cause, stack", async () => {
  await withOne(async (pool) => {
    const error = await reasonOf(pool.submit("fail", ["the paint is thin"]));
    assertInstanceOf(error, Error);
    const { code } = error as unknown as { code: string };
    assertEquals([error.name, error.message, code], [
      "PaintError",
      "the paint is thin",
      "too-thin",
    ]);
    assertInstanceOf(error.cause, SyntaxError);
    assertEquals(error.cause.message, "inner");
    assertStringIncludes(error.stack!, BODIES);
  });
});

Deno.test("ThreadPool.submit() rejects with what an asynchronous function threw", async () => {
  await withOne(async (pool) => {
    const error = await reasonOf(pool.submit("failLater", ["later"]));
    assertInstanceOf(error, RangeError);
    assertEquals(error.message, "later");
  });
});

Deno.test("ThreadPool.submit() rejects with what is no error as it is", async () => {
  await withOne(async (pool) => {
    for (const value of [undefined, null, 0, "text", [new Map([[1, 2]])]]) {
      assertEquals(await reasonOf(pool.submit("throwValue", [value])), value);
    }
  });
});

Deno.test("ThreadPool goes on in the same thread after a task that failed", async () => {
  await withOne(async (pool) => {
    const id = await pool.submit("threadId", []);
    const bad = [pool.submit("fail", ["a"]), pool.submit("failLater", ["b"])];
    const after = pool.submit("threadId", []);
    const reasons = (await Promise.allSettled(bad)).map(({ status }) => status);
    assertEquals(reasons, ["rejected", "rejected"]);
    assertEquals(await after, id);
  });
});

Deno.test("ThreadPool.submit() rejects with a TypeError that names what the module does not export", async () => {
  await withOne(async (pool) => {
    for (const name of ["noSuchFunction", "NUMBER", "toString", "default"]) {
      const error = await reasonOf(pool.submit(name as "nothing", []));
      assertInstanceOf(error, TypeError);
      assertStringIncludes(error.message, `"${name}"`);
    }
    assertEquals(await pool.submit("add", [1, 1]), 2);
  });
});

Deno.test("ThreadPool without a module rejects a name with a TypeError", async () => {
  await withPool({ module: undefined }, async (pool) => {
    await assertRejects(
      async () => await pool.submit("add", [1, 2]),
      TypeError,
    );
    assertEquals(await pool.submit((n: number) => n, [1]), 1);
  });
});

Deno.test("ThreadPool.submit() rejects a function by source that uses what is around it", async () => {
  await withOne(async (pool) => {
    const around = Date.now();
    const error = await reasonOf(pool.submit(() => around, []));
    assertInstanceOf(error, ReferenceError);
    assertStringIncludes(error.message, "around");
    assertEquals(await pool.submit("add", [1, 1]), 2);
  });
});

Deno.test("ThreadPool.submit() rejects a function that has no source with a TypeError", async () => {
  await withOne(async (pool) => {
    const bound = function (n: number) {
      return n;
    }.bind(null);
    for (const fn of [Math.sqrt, bound]) {
      await assertRejects(async () => await pool.submit(fn, [4]), TypeError);
      await assertRejects(async () => await pool.map(fn, [4]), TypeError);
    }
    assertEquals(await pool.submit("add", [1, 1]), 2);
  });
});

Deno.test("ThreadPool.submit() rejects, and does not throw, whatever is wrong", async () => {
  await withOne(async (pool) => {
    const bad = [
      pool.submit("nothing", [], { timeoutMs: -1 }),
      pool.submit("nothing", [], { priority: NaN }),
      pool.submit("nothing", [], { signal: AbortSignal.abort("gone") }),
      pool.submit(Math.sqrt, [4]),
      pool.submit("giveBack", [() => 1]),
      pool.apply(Math.sqrt, 4),
    ];
    const names = (await Promise.all(bad.map(reasonOf))).map((reason) =>
      reason instanceof Error ? reason.name : reason
    );
    const expected = ["RangeError", "RangeError", "gone", "TypeError"];
    assertEquals(names, [...expected, "TypeError", "TypeError"]);
  });
});

Deno.test("ThreadPool.submit() calls onResult with the result, before the promise resolves", async () => {
  await withOne(async (pool) => {
    const seen: unknown[] = [];
    const onError = () => seen.push("error");
    const onResult = (sum: number) => seen.push(sum);
    const options = { onResult, onError };
    const promise = pool.submit("add", [1, 2], options);
    promise.then(() => seen.push("resolved"));
    await promise;
    assertEquals(seen, [3, "resolved"]);
  });
});

Deno.test("ThreadPool.submit() calls onResult as the results come, not in the order of the calls", async () => {
  await withPool({ size: 2 }, async (pool) => {
    const seen: number[] = [];
    const onResult = (n: number) => void seen.push(n);
    const { Event } = await import("../../sync/event.ts");
    const gate = new Event();
    const held = pool.submit("hold", [gate, 1], { onResult });
    await pool.submit("add", [1, 1], { onResult });
    gate.set();
    await held;
    assertEquals(seen, [2, 1]);
  });
});

Deno.test("ThreadPool.submit() calls onError with the error; nobody has to see the promise then", async () => {
  await withOne(async (pool) => {
    const seen: unknown[] = [];
    const onError = (error: unknown) => seen.push(error);
    const onResult = () => seen.push("result");
    pool.submit("fail", ["unseen"], { onResult, onError }); // no catch
    const promise = pool.submit("fail", ["seen"], { onResult, onError });
    const reason = await reasonOf(promise);
    assertEquals(seen.length, 2);
    assertEquals((seen[0] as Error).message, "unseen");
    assertStrictEquals(seen[1], reason);
  });
});

Deno.test("ThreadPool.submit() calls onError also if the task is ended before it runs", async () => {
  await withPool({}, async (pool) => {
    const seen: unknown[] = [];
    const onError = (error: unknown) => void seen.push(error);
    const signal = AbortSignal.abort("gone");
    const reason = await reasonOf(
      (async () => await pool.submit("add", [1, 2], { signal, onError }))(),
    );
    assertEquals(reason, "gone");
    const controller = new AbortController();
    const options = { signal: controller.signal, onError };
    const queued = pool.submit("add", [1, 2], options);
    controller.abort("later");
    assertEquals(await reasonOf(queued), "later");
    assertEquals(seen.at(-1), "later");
  });
});

for (const which of ["onResult", "onError"] as const) {
  Deno.test(`ThreadPool reports what ${which} throws, and goes on`, async () => {
    const reported: unknown[] = [];
    const report = (event: ErrorEvent) => {
      event.preventDefault();
      reported.push(event.error);
    };
    addEventListener("error", report);
    try {
      await withOne(async (pool) => {
        const error = new Error(`thrown by ${which}`);
        const bad = {
          [which]: () => {
            throw error;
          },
        };
        const task = which === "onResult"
          ? pool.submit("add", [1, 2], bad)
          : pool.submit("failLater", ["failed"], bad);
        const next = pool.submit("add", [3, 4]);
        const [end] = await Promise.allSettled([task]);
        if (end.status === "fulfilled") assertEquals(end.value, 3);
        else assertEquals((end.reason as Error).message, "failed");
        assertEquals(await next, 7);
        assertEquals(reported, [error]);
        assertEquals(end.status === "fulfilled", which === "onResult");
      });
    } finally {
      removeEventListener("error", report);
    }
  });
}
