import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { Coroutine } from "../../sync/coroutine.ts";
import { sleep } from "../../sync/sleep.ts";
import { spawn } from "../../sync/task.ts";
import { until } from "./_until.ts";

/** Requires that a switch is refused. */
async function refuses(coroutine: Coroutine, why: string): Promise<void> {
  const what = `Cannot switch to the coroutine: ${why}`;
  await assertRejects(() => coroutine.switchTo(), TypeError, what);
}

/** A coroutine that gives its values back. */
function echo(): Coroutine {
  const me: Coroutine = new Coroutine(async (value: unknown) => {
    for (;;) value = await me.parent!.switchTo(value);
  });
  return me;
}

Deno.test("Coroutine.switchTo() to one that is done throws", async () => {
  const done = new Coroutine(() => 7);
  assertEquals(await done.switchTo(), 7);
  await refuses(done, "it is done");
  const failed = new Coroutine(() =>
    Promise.reject(new SyntaxError("its own"))
  );
  await assertRejects(() => failed.switchTo(), SyntaxError);
  await refuses(failed, "it is done");
});

Deno.test("Coroutine.switchTo() to itself throws, and it goes on", async () => {
  const me: Coroutine = new Coroutine(async () => {
    await refuses(me, "it is the one that calls");
    assertEquals([me.state, me.parent!.state], ["running", "suspended"]);
    return 7;
  });
  assertEquals(await me.switchTo(), 7);
  await refuses(me.parent!, "it is the one that calls");
});

Deno.test("Coroutine.switchTo() by one that did not await its last switch throws", async () => {
  const other = echo();
  const hasty: Coroutine = new Coroutine(async () => {
    const late = other.switchTo();
    await refuses(other, "the caller is suspended");
    await late;
  });
  const switched = hasty.switchTo();
  await refuses(hasty, "the caller is suspended"); // the code outside
  await switched;
  assertEquals([hasty.state, other.state], ["suspended", "suspended"]);
});

Deno.test("Coroutine.switchTo() by what a done one has left behind throws", async () => {
  const other = echo();
  let left: Promise<void> | undefined;
  const parent = new Coroutine(() => {
    left = sleep(1).then(() => refuses(other, "the caller is done"));
  });
  await parent.switchTo();
  await left;
  assertEquals(await other.switchTo(7), 7);
});

Deno.test("Coroutine.switchTo() by a task that a coroutine spawned throws", async () => {
  const me = new Coroutine(async () => {
    const beside = spawn(() => refuses(me, "the caller is suspended"));
    await beside.join();
    return 7;
  });
  assertEquals(await me.switchTo(), 7);
});

Deno.test("Coroutine.switchTo() joins a family of which none runs", async () => {
  const [a, b] = [echo(), echo()];
  assertEquals(await a.switchTo(1), 1);
  assertEquals(await b.switchTo(2), 2);
  const both = new Coroutine(async () => {
    const log: unknown[] = [];
    for (const one of [a, b]) {
      // It gives its value to the code outside, which lets this one go on.
      log.push(await one.switchTo(3));
    }
    return log;
  });
  assertEquals(await both.switchTo(), 3);
  assertEquals(await both.switchTo(4), 3);
  assertEquals(await both.switchTo(5), [4, 5]);
  for (const one of [a, b, both]) {
    assertStrictEquals(one.parent, both.parent);
    assertEquals(one.parent!.state, "running");
  }
});

Deno.test("Coroutine.switchTo() joins a family that others have joined", async () => {
  const [a, b, c, d] = [echo(), echo(), echo(), echo()];
  const outsides = [a, b, c, d].map((one) => one.parent!);
  for (const [from, to] of [[b, a], [c, b], [d, c]] as const) {
    const through: Coroutine = new Coroutine(async () => {
      await from.switchTo(through.parent);
      await to.switchTo();
    });
    assertStrictEquals(await through.switchTo(), through.parent); // by `from`
    await through.switchTo(); // and by `to`
    assertStrictEquals(from.parent, through.parent);
  }
  assertStrictEquals(a.parent, d.parent);
  // Each of the old ones stands for the code outside, that is, for this test.
  const last: Coroutine = new Coroutine(async () => {
    await a.switchTo("from a");
    for (const outside of outsides) {
      assertEquals(outside.state, "suspended");
      await outside.switchTo("from last");
    }
  });
  assertEquals(await last.switchTo(), "from a");
  for (const outside of outsides) {
    assertEquals(await last.switchTo(), "from last");
    assertEquals(outside.state, "running");
  }
});

Deno.test("Coroutine.switchTo() to the code outside of others throws", async () => {
  const other = echo();
  await other.switchTo();
  const me = new Coroutine(() => refuses(other.parent!, "it runs already"));
  await me.switchTo();
  assertEquals(me.state, "done");
});

Deno.test("Coroutine.switchTo() to a family of which one runs throws", async () => {
  const over = Promise.withResolvers<void>();
  const idle = echo();
  let child: Coroutine | undefined;
  const busy: Coroutine = new Coroutine(async () => {
    child = new Coroutine(() => "of the child");
    await idle.switchTo();
    await over.promise;
    return "over";
  });
  await busy.switchTo(); // now idle and busy are a family
  const running = spawn(() => busy.switchTo());
  const stranger = new Coroutine(async () => {
    await refuses(busy, "another of its family runs");
    await refuses(idle, "another of its family runs");
    await refuses(busy.parent!, "another of its family runs");
    await refuses(child!, "another of its family runs");
    return "still here";
  });
  assertEquals(await stranger.switchTo(), "still here");
  assertEquals([busy.state, idle.state], ["running", "suspended"]);
  over.resolve();
  assertEquals(await running.join(), "over");
  assertEquals(await idle.switchTo(7), 7);
});

Deno.test("Coroutine families of several tasks do not meet", async () => {
  const tasks = Array.from({ length: 20 }, (_, n) =>
    spawn(async () => {
      const me: Coroutine<number> = new Coroutine(async (sum: number) => {
        for (;;) {
          await sleep(1);
          sum += await me.parent!.switchTo(sum) as number;
        }
      });
      const sums = [];
      for (let turn = 0; turn < 3; turn++) sums.push(await me.switchTo(n));
      assertEquals(sums, [n, 2 * n, 3 * n]);
    }));
  for (const task of tasks) await task.join();
});

Deno.test("Coroutine that ends without awaiting its switch disturbs nobody", async () => {
  const other = echo();
  const hasty = new Coroutine(() => {
    void other.switchTo("of the other");
  });
  assertEquals(await hasty.switchTo(), "of the other");
  await until(() => hasty.state === "done");
  await refuses(hasty, "it is done");
  assertEquals(await other.switchTo(7), 7);
});

Deno.test("Coroutine that throws without awaiting its switch is not overlooked", async () => {
  const uncaught = Promise.withResolvers<unknown>();
  const onUncaught = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    uncaught.resolve(event.reason);
  };
  addEventListener("unhandledrejection", onUncaught);
  try {
    const error = new SyntaxError("its own");
    const other = echo();
    const hasty = new Coroutine(() => {
      void other.switchTo("of the other");
      throw error;
    });
    assertEquals(await hasty.switchTo(), "of the other");
    assertEquals(await uncaught.promise, error);
  } finally {
    removeEventListener("unhandledrejection", onUncaught);
  }
});
