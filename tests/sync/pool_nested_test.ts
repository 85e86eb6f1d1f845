import { assertEquals, assertRejects } from "@std/assert";
import { Event } from "../../sync/event.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { Thread } from "../../sync/thread.ts";
import { threads } from "../../sync/threads.ts";
import { NAME } from "./_pool_nested_bodies.ts";
import { BODIES, LIMIT, withPool } from "./_pool_use.ts";
import { until } from "./_until.ts";

const nested = threads<typeof import("./_pool_nested_bodies.ts")>(
  import.meta.resolve("./_pool_nested_bodies.ts"),
);

/** Threads of pools of the functions above. */
function left(): Thread[] {
  return Thread.all().filter(({ name }) => name.startsWith(NAME));
}

/** Requires that they end; ends them, if they do not. */
async function assertNoneLeft(): Promise<void> {
  const threads = left();
  try {
    for (const thread of threads) await thread.join(LIMIT);
  } finally {
    for (const thread of threads) await thread.terminate(LIMIT);
  }
  assertEquals(left(), []);
}

/** What {@linkcode useAndClose} gives. */
const USED: [number[], number, string] = [[1, 4, 9], 25, "PaintError"];

Deno.test("ThreadPool works in a thread while the main thread blocks", async () => {
  const thread = nested.start("useAndClose", [BODIES]);
  assertEquals(thread.joinSync(LIMIT), USED);
  await assertNoneLeft();
});

Deno.test("ThreadPool works in a task of a pool", async () => {
  const module = import.meta.resolve("./_pool_nested_bodies.ts");
  await withPool({ module }, async (pool) => {
    const task = "useAndClose" as "giveBack";
    assertEquals(await pool.submit(task, [BODIES]), USED);
    assertEquals(left(), []);
  });
});

for (const name of ["leaveIdle", "leaveIdleLater"] as const) {
  Deno.test(`ThreadPool without tasks ends with the thread that made it: ${name}()`, async () => {
    await nested.start(name, [BODIES]).join(LIMIT);
    await assertNoneLeft();
  });
}

Deno.test("ThreadPool runs no more tasks once the thread that made it has ended", async () => {
  const [gate, id] = [new Event(), new SharedValue("i32", 0)];
  const thread = nested.start("leaveBusy", [BODIES, gate, id]);
  await thread.join(LIMIT);
  gate.set();
  await assertNoneLeft();
  assertEquals(id.get(), 0);
});

Deno.test("ThreadPool that blocks in a task ends with the thread that made it", async () => {
  const gate = new Event();
  const thread = nested.start("failWithPool", [BODIES, gate]);
  await assertRejects(() => thread.join(LIMIT), RangeError, "failed");
  await assertNoneLeft();
});

Deno.test("ThreadPool that spins in a task ends with the thread that made it, if that is terminated", async () => {
  const [id, counter] = [new SharedValue("i32", 0), new SharedValue("i32", 0)];
  const thread = nested.start("waitForSpinning", [BODIES, id, counter]);
  await until(() => id.get() !== 0);
  await thread.terminate(LIMIT);
  await assertNoneLeft();
});
