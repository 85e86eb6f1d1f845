import { assertEquals, assertRejects } from "@std/assert";
import { Lock } from "../../sync/lock.ts";
import { Thread } from "../../sync/thread.ts";
import { threads } from "../../sync/threads.ts";

const BODIES = import.meta.resolve("./_thread_bodies.ts");
const LIMIT = { timeoutMs: 10_000 };

const bodies = threads<typeof import("./_thread_bodies.ts")>(BODIES);

Deno.test("threads() starts functions of a module, with the type of the result", async () => {
  const sum = bodies.start("add", [1, 2], { name: "adder" });
  const thread: Thread<number> = sum;
  const total: number = await thread.join(LIMIT);
  assertEquals([total, sum.name, sum instanceof Thread], [3, "adder", true]);
  const later: number = await bodies.start("addLater", [3, 4]).join(LIMIT);
  assertEquals(later, 7); // what it resolves to
});

Deno.test("threads() checks the name and the arguments", async () => {
  const started = [
    // @ts-expect-error there is no such function
    bodies.start("subtract", [1, 2]),
    // @ts-expect-error that is no function
    bodies.start("answer", []),
  ];
  for (const thread of started) {
    await assertRejects(() => thread.join(LIMIT), TypeError);
  }
});

/** Never called: the compiler has to refuse it. */
function _refused(): void {
  // @ts-expect-error an argument is missing
  bodies.start("add", [1]);
  // @ts-expect-error an argument has the wrong type
  bodies.start("add", [1, "2"]);
}

Deno.test("threads() takes primitives where the function takes them", async () => {
  const lock = new Lock();
  const same = await bodies.start("areOneLock", [lock, { b: lock }])
    .join(LIMIT);
  assertEquals(same, [true, true, true]);
});
