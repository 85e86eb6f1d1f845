import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Event } from "../../sync/event.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { Thread } from "../../sync/thread.ts";
import { threads } from "../../sync/threads.ts";
import { until } from "./_until.ts";

const BODIES = import.meta.resolve("./_thread_bodies.ts");
const LIMIT = { timeoutMs: 10_000 };

const bodies = threads<typeof import("./_thread_bodies.ts")>(BODIES);

function assertTimeout(error: Error): void {
  assertEquals([error.name, error instanceof DOMException], [
    "TimeoutError",
    true,
  ]);
  assert(error.message.includes('"endless"'), error.message);
}

Deno.test("Thread.join() gives results in the order of the calls", async () => {
  const gates = Array.from({ length: 3 }, () => new Event());
  const started = gates.map((gate, n) =>
    Thread.fromFunction(async (gate: Event, next: Event | null, n: number) => {
      await gate.wait({ timeoutMs: 10_000 });
      next?.set();
      return n;
    }, [gate, gates[n - 1] ?? null, n])
  );
  gates.at(-1)!.set(); // the last one ends first
  const results: number[] = [];
  for (const thread of started) results.push(await thread.join(LIMIT));
  assertEquals(results, [0, 1, 2]);
});

Deno.test("Thread.join() that times out or is aborted leaves an endless thread alive", async () => {
  const flag = new SharedValue("i32", 0);
  const thread = bodies.start("runUntil", [flag], { name: "endless" });
  await until(() => flag.get() === 1);
  for (const timeoutMs of [0, 5]) {
    assertTimeout(await assertRejects(() => thread.join({ timeoutMs }), Error));
    assertTimeout(assertThrows(() => thread.joinSync({ timeoutMs }), Error));
  }
  for (const timeoutMs of [-1, NaN]) {
    await assertRejects(() => thread.join({ timeoutMs }), RangeError);
    assertThrows(() => thread.joinSync({ timeoutMs }), RangeError);
  }
  const controller = new AbortController();
  const joining = thread.join({ signal: controller.signal });
  const reason = new Error("enough");
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => joining), reason);
  assertStrictEquals(
    await assertRejects(() => thread.join(controller)),
    reason,
  );
  const { signal } = new AbortController();
  const joined = thread.join({ ...LIMIT, signal });
  await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals([thread.alive, thread.state], [true, "running"]);
  flag.set(2); // only this task can, and it goes on
  assertEquals(await joined, undefined);
});

Deno.test("Thread.join() with a timeout of 0 has the result of a thread that is dead, again and again", async () => {
  const thread = bodies.start("giveBack", [{ n: 1 }]);
  await until(() => !thread.alive);
  const [one, other] = await Promise.all([
    thread.join({ timeoutMs: 0 }),
    thread.join(LIMIT),
  ]);
  assertEquals(one, [{ n: 1 }]);
  assertStrictEquals(other, one);
  assertStrictEquals(thread.joinSync({ timeoutMs: 0 }), one);
});

Deno.test("Thread.join() before the start is a TypeError", async () => {
  const thread = new Thread(BODIES, "add", [1, 2], { name: "early" });
  await assertRejects(() => thread.join(LIMIT), TypeError, '"early"');
  assertThrows(() => thread.joinSync(LIMIT), TypeError, '"early"');
  assertEquals(thread.state, "new");
});

Deno.test("Thread.join() of the thread that asks is a TypeError", async () => {
  const main = Thread.current;
  await assertRejects(() => main.join(LIMIT), TypeError, main.name);
  assertThrows(() => main.joinSync(LIMIT), TypeError, main.name);
  const thread = Thread.start(
    import.meta.resolve("./_thread_nested_bodies.ts"),
    "joinMyself",
  );
  assertEquals(await thread.join(LIMIT), ["TypeError", "TypeError"]);
});

Deno.test("Thread.joinSync() waits while the main thread blocks; join() gives all who wait the same result", async () => {
  const event = new Event();
  const thread = bodies.start("waitThenGive", [event, { n: 1 }]);
  const waiting = [thread.join(LIMIT), thread.join(LIMIT)];
  const opener = Thread.fromFunction(async (event: Event) => {
    while (event.waiting === 0) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    event.set();
  }, [event]);
  const result = thread.joinSync(LIMIT);
  assertEquals(result, { n: 1 });
  opener.joinSync(LIMIT);
  for (const same of await Promise.all(waiting)) {
    assertStrictEquals(same, result);
  }
});
