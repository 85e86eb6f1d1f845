import { assertEquals } from "@std/assert";
import { hardKill } from "../../sync/hard_kill.ts";
import { Thread } from "../../sync/thread.ts";
import { printed } from "./_child.ts";
import { until } from "./_until.ts";

/** A program in which Deno seems unable to kill a thread that spins. */
const WITHOUT = `
  import { hardKill, Lock, Event, Thread } from "@lockstep/lockstep/sync";
  import { registry } from "./sync/_registry.ts";
  import { until } from "./tests/sync/_until.ts";

  const bodies = import.meta.resolve("./tests/sync/_thread_bodies.ts");
  const LIMIT = { timeoutMs: 10_000 };
  await Thread.start(bodies, "nothing").join(LIMIT);
  await until(() => hardKill() !== undefined);
  registry().hardKill = false;

  /** How a thread ended, and what there is of it. */
  async function end(thread) {
    const { code } = await thread.join(LIMIT).catch((error) => error);
    console.log(code, thread.state, Thread.count, hardKill());
  }
`;

Deno.test("hardKill() is known some time after the first thread, and true", async () => {
  await Thread.fromFunction(() => 1, []).join({ timeoutMs: 10_000 });
  await until(() => hardKill() !== undefined);
  assertEquals(hardKill(), true);
  const seen = Thread.fromFunction(async (url: string) => {
    const { hardKill } = await import(url);
    return hardKill();
  }, [import.meta.resolve("../../sync/hard_kill.ts")]);
  assertEquals(await seen.join({ timeoutMs: 10_000 }), true);
});

Deno.test("hardKill() tries it out with a thread that nobody sees", async () => {
  const output = await printed(`
    import { Event, hardKill, Thread } from "@lockstep/lockstep/sync";
    import { until } from "./tests/sync/_until.ts";
    console.log(hardKill());
    const event = new Event();
    const bodies = import.meta.resolve("./tests/sync/_thread_bodies.ts");
    const thread = Thread.start(bodies, "waitFor", [event], { name: "mine" });
    const seen = new Set();
    await until(() => {
      for (const { name } of Thread.all()) seen.add(name);
      return hardKill() !== undefined;
    });
    event.set();
    await thread.join({ timeoutMs: 10_000 });
    console.log(hardKill(), seen.size, seen.has("mine"), Thread.count);
  `);
  assertEquals(output, "undefined\ntrue 2 true 1\n");
});

Deno.test("Without hardKill() a thread that waits is stopped", async () => {
  const output = await printed(`
    ${WITHOUT}
    const ways = [
      (thread) => thread.terminate(LIMIT),
      (thread) => thread.terminateSync(LIMIT),
    ];
    const lock = new Lock();
    lock.acquireSync();
    for (const stop of ways) {
      for (const name of ["sleepLong", "awaitForEver"]) {
        const started = new Event();
        const thread = Thread.start(bodies, name, [started]);
        await started.wait(LIMIT);
        await stop(thread);
        await end(thread);
      }
      for (const name of ["acquire", "awaitLock"]) {
        const thread = Thread.start(bodies, name, [lock, new Event()]);
        await until(() => lock.waiting === 1);
        await stop(thread);
        await end(thread);
      }
      const early = Thread.start(bodies, "awaitForEver", [new Event()]);
      await stop(early);
      await end(early);
    }
    console.log(lock.waiting, lock.locked);
  `);
  assertEquals(output, "terminated dead 1 false\n".repeat(10) + "0 true\n");
});

Deno.test("Without hardKill() a thread that spins is stopped at its next wait", async () => {
  const output = await printed(`
    ${WITHOUT}
    const [spins, go] = [new Event(), new Event()];
    const thread = Thread.fromFunction((spins, go, never) => {
      spins.set();
      while (!go.isSet);
      try {
        never.waitSync({ timeoutMs: 10_000 });
      } finally {
        for (let n = 0; n < 3; n++) try { never.waitSync(); } catch { /* again */ }
      }
    }, [spins, go, new Event()]);
    spins.waitSync(LIMIT);
    const late = await thread.terminate({ timeoutMs: 5 }).catch((error) => error);
    const controller = new AbortController();
    const stopping = thread.terminate(controller);
    controller.abort(new Error("not that long"));
    const { message } = await stopping.catch((error) => error);
    console.log(late.name, message, thread.state);
    go.set();
    await until(() => !thread.alive); // though nobody waits for it
    await thread.terminate(LIMIT);
    await end(thread);
  `);
  assertEquals(
    output,
    "TimeoutError not that long running\nterminated dead 1 false\n",
  );
});
