import { assertEquals } from "@std/assert";
import { printed } from "./_child.ts";

/**
 * Text of a program: what it imports, and a thread that it starts. No program
 * may await at its top level: that keeps more alive than a wait inside does.
 */
const HEAD = `
  import {
    BoundedSemaphore, Event, Lock, RLock, Semaphore, spawn, Thread,
  } from "@lockstep/lockstep/sync";
  const BODIES = ${JSON.stringify(import.meta.resolve("./_lock_bodies.ts"))};
  const start = (...args) =>
    Thread.start(BODIES, ...args, { daemon: true, name: "daemon" });
`;

/** Ways to wait for what a daemon holds, which keeps nothing alive itself. */
const WAITS = {
  "Lock.acquire()": "const p = new Lock(); const wait = () => p.acquire();",
  "Lock.whenReady()": "const p = new Lock(); const wait = () => p.whenReady();",
  "RLock.withLock()":
    "const p = new RLock(); const wait = () => p.withLock(() => {});",
  "Semaphore.acquire()":
    "const p = new Semaphore(1); const wait = () => p.acquire();",
  "BoundedSemaphore.acquire()":
    "const p = new BoundedSemaphore(1); const wait = () => p.acquire();",
  "Event.wait()": "const p = new Event(); const wait = () => p.wait();",
};

for (const [symbol, program] of Object.entries(WAITS)) {
  Deno.test(`${symbol} keeps the process alive, and lets it end then`, async () => {
    const output = await printed(`
      ${HEAD}
      ${program}
      const [closed, go] = [new Event(), new Event()];
      start("closeUntil", [p, closed, go]);
      closed.waitSync({ timeoutMs: 10_000 });
      start("setLater", [go]);
      wait().then(() => console.log("done"));
    `);
    assertEquals(output, "done\n");
  });
}

Deno.test("Lock.acquire() that has ended lets the process end, however it ended", async () => {
  const output = await printed(`
    ${HEAD}
    const [lock, closed, go] = [new Lock(), new Event(), new Event()];
    start("closeUntil", [lock, closed, go]);
    closed.waitSync({ timeoutMs: 10_000 });
    const controller = new AbortController();
    const aborted = lock.acquire({ signal: controller.signal });
    const late = lock.acquire({ timeoutMs: 5 });
    const polled = lock.whenReady({ signal: controller.signal });
    aborted.catch(console.log);
    polled.catch(console.log);
    late.catch((error) => {
      console.log(error.name);
      controller.abort("aborted");
    });
  `);
  assertEquals(output, "TimeoutError\naborted\naborted\n");
});

Deno.test("Lock.acquire() in a thread keeps it alive", async () => {
  const output = await printed(`
    ${HEAD}
    const [lock, closed, go] = [new Lock(), new Event(), new Event()];
    start("closeUntil", [lock, closed, go]);
    closed.waitSync({ timeoutMs: 10_000 });
    const waiter = Thread.fromFunction(async (lock) => {
      using _held = await lock.acquire();
      return "done";
    }, [lock]);
    while (lock.waiting === 0) await new Promise((done) => setTimeout(done, 1));
    go.set();
    console.log(await waiter.join());
  `);
  assertEquals(output, "done\n");
});
