import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { Coroutine } from "../../sync/coroutine.ts";
import { RLock } from "../../sync/rlock.ts";
import { sleep } from "../../sync/sleep.ts";
import { currentTask, spawn } from "../../sync/task.ts";

/** Who switches to the parent of the one that calls. */
function up(value?: unknown): Promise<unknown> {
  return Coroutine.current!.parent!.switchTo(value);
}

Deno.test("Coroutine.switchTo() gives a value in both directions", async () => {
  const log: unknown[] = [];
  const a: Coroutine<number> = new Coroutine(async (first: number) => {
    log.push(["a", first]);
    log.push(["a", await b.switchTo(2)]);
    log.push(["a", await b.switchTo(4)]);
    return "over";
  });
  const b: Coroutine<number> = new Coroutine(async (first: number) => {
    log.push(["b", first]);
    log.push(["b", await a.switchTo(3)]);
    await a.switchTo(5);
  });
  assertEquals(await a.switchTo(1), "over");
  assertEquals(log, [["a", 1], ["b", 2], ["a", 3], ["b", 4], ["a", 5]]);
  assertEquals([a.state, b.state], ["done", "suspended"]);
});

Deno.test("Coroutine.switchTo() awaits a promise that it is to give", async () => {
  const echo: Coroutine = new Coroutine(async (value: unknown) => {
    for (;;) value = await up(value);
  });
  assertEquals(await echo.switchTo(Promise.resolve(1)), 1);
  assertEquals(await echo.switchTo(Promise.resolve(2)), 2);
  const broken = Promise.reject(new SyntaxError("its own"));
  await assertRejects(() => echo.switchTo(broken), SyntaxError, "its own");
});

Deno.test("Coroutine.state follows the switches", async () => {
  const states: string[] = [];
  const note = () => states.push(`${a.state} ${b.state}`);
  const a: Coroutine = new Coroutine(async () => {
    note();
    await b.switchTo();
    note();
    assertEquals(a.parent!.state, "suspended");
    await a.parent!.switchTo();
    note();
  });
  const b: Coroutine = new Coroutine(async () => {
    note();
    await a.switchTo();
  });
  note();
  await a.switchTo();
  note();
  assertEquals(a.parent!.state, "running");
  await a.switchTo();
  note();
  assertEquals(states, [
    "new new",
    "running new",
    "suspended running",
    "running suspended",
    "suspended suspended",
    "running suspended",
    "done suspended",
  ]);
});

Deno.test("Coroutine.current is the one that calls, also later", async () => {
  assertEquals(Coroutine.current, undefined);
  const check = async (expected: Coroutine) => {
    assertStrictEquals(Coroutine.current, expected);
    await sleep(1);
    assertStrictEquals(Coroutine.current, expected);
  };
  const a: Coroutine = new Coroutine(async () => {
    await check(a);
    await b.switchTo();
    await check(a);
  });
  const b: Coroutine = new Coroutine(async () => {
    await check(b);
    await a.switchTo();
  });
  await a.switchTo();
  assertEquals(Coroutine.current, undefined);
});

Deno.test("Coroutine.parent is the one that created it, or the code outside", async () => {
  let child: Coroutine | undefined;
  const a: Coroutine = new Coroutine(() => {
    child = new Coroutine(() => "of the child");
  });
  const b = new Coroutine(() => a.switchTo());
  await b.switchTo();
  assertStrictEquals(child!.parent, a);
  assertStrictEquals(a.parent, b.parent); // of the code outside
  assertEquals(a.parent!.parent, undefined);
});

Deno.test("Coroutine that ends gives its result to its parent", async () => {
  const log: unknown[] = [];
  const parent = new Coroutine(async () => {
    const child: Coroutine = new Coroutine(() => other.switchTo("from child"));
    const other: Coroutine = new Coroutine((value: unknown) => `${value}, end`);
    log.push(await child.switchTo());
    log.push(other.state, child.state);
    return "to the outside";
  });
  assertEquals(await parent.switchTo(), "to the outside");
  assertEquals(log, ["from child, end", "done", "suspended"]);
});

Deno.test("Coroutine that ends goes to the next parent that is not done", async () => {
  const log: unknown[] = [];
  const grandparent = new Coroutine(async () => {
    let child: Coroutine | undefined;
    const parent = new Coroutine(() => {
      child = new Coroutine(() => "of the child");
      return "of the parent";
    });
    log.push(await parent.switchTo(), parent.state);
    log.push(await child!.switchTo());
    assertStrictEquals(child!.parent, parent);
    return "over";
  });
  assertEquals(await grandparent.switchTo(), "over");
  assertEquals(log, ["of the parent", "done", "of the child"]);
});

Deno.test("Coroutine that throws throws at the switch of its parent", async () => {
  const error = new SyntaxError("its own");
  const fail = (): never => {
    throw error;
  };
  for (const fn of [fail, () => sleep(1).then(fail)]) {
    const parent = new Coroutine(async () => {
      const child = new Coroutine(fn);
      const thrown = await assertRejects(() => child.switchTo());
      assertStrictEquals(thrown, error);
      assertEquals(child.state, "done");
      throw thrown;
    });
    const thrown = await assertRejects(() => parent.switchTo());
    assertStrictEquals(thrown, error);
    assertEquals(parent.state, "done");
  }
});

Deno.test("Coroutine runs alone in its family, while other tasks go on", async () => {
  let running = 0;
  const work = async () => {
    assertEquals(++running, 1);
    await sleep(1);
    assertEquals(running--, 1);
  };
  const team: Coroutine[] = [0, 1, 2].map((n) =>
    new Coroutine(async () => {
      for (let turn = 0; turn < 3; turn++) {
        await work();
        if (n < 2 || turn < 2) await team[(n + 1) % 3]!.switchTo();
      }
    })
  );
  let over = false;
  let others = 0;
  const beside = spawn(async () => {
    for (; !over; await sleep(1)) others++;
  });
  await team[0]!.switchTo();
  over = true;
  await beside.join();
  assertEquals(team.map(({ state }) => state), [
    "suspended",
    "suspended",
    "done",
  ]);
  assert(others > 1);
});

Deno.test("Coroutine is an owner of locks of its own, and part of no task", async () => {
  const lock = new RLock();
  const log: unknown[] = [];
  const a: Coroutine = new Coroutine(async () => {
    using _held = await lock.acquire();
    await b.switchTo();
  });
  const b: Coroutine = new Coroutine(async () => {
    log.push(currentTask(), lock.tryAcquire());
    await a.switchTo();
  });
  await spawn(() => a.switchTo()).join();
  assertEquals([log, lock.locked], [[undefined, undefined], false]);
});

Deno.test("Coroutine.switchTo() does not deepen the stack", async () => {
  let left = 12_000;
  const next = (): Promise<unknown> | string =>
    left-- > 0 ? new Coroutine(next).switchTo() : "the last";
  assertEquals(await new Coroutine(next).switchTo(), "the last");
  let turns = 0;
  const a: Coroutine = new Coroutine(async () => {
    while (turns++ < 12_000) await b.switchTo();
  });
  const b: Coroutine = new Coroutine(async () => {
    for (;;) await a.switchTo();
  });
  await a.switchTo();
  assertEquals(turns, 12_001);
});
