import { assertEquals } from "@std/assert";
import { printed } from "./_child.ts";

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

Deno.test("hardKill() is known some time after the first thread, everywhere, and true; nobody sees how it is tried out", async () => {
  const output = await printed(`
    import { Event, hardKill, Thread } from "@lockstep/lockstep/sync";
    import { until } from "./tests/sync/_until.ts";
    console.log(hardKill());
    const event = new Event();
    const look = async (event, url) => {
      await event.wait({ timeoutMs: 10_000 });
      return (await import(url)).hardKill();
    };
    const url = import.meta.resolve("./sync/hard_kill.ts");
    const thread = Thread.fromFunction(look, [event, url], { name: "mine" });
    const seen = new Set();
    await until(() => {
      for (const { name } of Thread.all()) seen.add(name);
      return hardKill() !== undefined;
    });
    event.set();
    console.log(await thread.join({ timeoutMs: 10_000 }));
    console.log(hardKill(), seen.size, seen.has("mine"), Thread.count);
  `);
  assertEquals(output, "undefined\ntrue\ntrue 2 true 1\n");
});

Deno.test("Without hardKill() a thread that waits is stopped, and one that spins at its next wait", async () => {
  const output = await printed(`
    ${WITHOUT}
    const lock = new Lock();
    lock.acquireSync();
    const bySync = (thread) => thread.terminateSync(LIMIT);
    const byPromise = (thread) => thread.terminate(LIMIT);
    const waits = async (name, stop) => {
      const started = new Event();
      const thread = Thread.start(bodies, name, [started]);
      await started.wait(LIMIT);
      await stop(thread);
      await end(thread);
    };
    const waitsForLock = async (name, stop) => {
      const thread = Thread.start(bodies, name, [lock, new Event()]);
      await until(() => lock.waiting === 1);
      await stop(thread);
      await end(thread);
    };
    await waits("sleepLong", byPromise);
    await waits("sleepLong", bySync);
    await waits("awaitForEver", byPromise);
    await waits("awaitForEver", bySync);
    await waitsForLock("acquire", byPromise);
    await waitsForLock("awaitLock", bySync);
    const early = Thread.start(bodies, "awaitForEver", [new Event()]);
    await early.terminate(LIMIT);
    await end(early);
    console.log(lock.waiting, lock.locked);

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
  const ended = "terminated dead 1 false\n";
  assertEquals(
    output,
    `${ended.repeat(7)}0 true\nTimeoutError not that long running\n${ended}`,
  );
});
