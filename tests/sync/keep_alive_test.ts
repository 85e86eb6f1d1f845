import { assertEquals } from "@std/assert";
import { printed } from "./_child.ts";

/** Holds what is waited for, waits, and what ends the wait, for each primitive. */
const WAITS = `
  const [lock, rlock, event] = [new Lock(), new RLock(), new Event()];
  const seats = [new Semaphore(0), new BoundedSemaphore(1)];
  const [closed, condition] = [new Event(), new Condition()];
  const barrier = new Barrier(2);
  lock.acquireSync();
  rlock.acquireSync();
  seats[1].acquireSync();
  const waits = {
    "Lock.acquire()": [() => lock.acquire(), () => lock.release()],
    "Lock.whenReady()": [() => lock.whenReady(), () => lock.release()],
    "RLock.withLock()": [() => rlock.withLock(() => {}), () => rlock.release()],
    "Semaphore.acquire()": [() => seats[0].acquire(), () => seats[0].release()],
    "BoundedSemaphore.acquire()":
      [() => seats[1].acquire(), () => seats[1].release()],
    "Event.wait()": [() => event.wait(), () => event.set()],
    "Event.whenReady()": [() => closed.whenReady(), () => closed.set()],
    "Barrier.wait()": [() => barrier.wait(), () => barrier.wait()],
    "Condition.wait()": [
      () => condition.withLock(() => condition.wait()),
      () => condition.withLock(() => condition.notify()),
    ],
  };
`;

// No program may await at its top level: that keeps more alive than a wait does.

Deno.test("A wait keeps the process alive, and lets it end then", async () => {
  const output = await printed(`
    import {
      Barrier, BoundedSemaphore, Condition, Event, Lock, RLock, Semaphore,
    } from "@lockstep/lockstep/sync";
    ${WAITS}
    async function main() {
      for (const [symbol, [wait, end]] of Object.entries(waits)) {
        Deno.unrefTimer(setTimeout(end, 2)); // which keeps nothing alive
        await wait();
        console.log(symbol);
      }
    }
    main();
  `);
  const symbols = [...WAITS.matchAll(/^ +"(.*)":/gm)].map(([, name]) => name);
  assertEquals(output.trimEnd().split("\n"), symbols);
});

Deno.test("Lock.acquire() keeps a thread alive, and the process though a daemon holds it, however it ends", async () => {
  const output = await printed(`
    import { Event, Lock, Thread } from "@lockstep/lockstep/sync";
    async function waitInThread() {
      const lock = new Lock();
      lock.acquireSync();
      const waiter = Thread.fromFunction(async (lock) => {
        using _held = await lock.acquire();
        return "done";
      }, [lock]);
      while (lock.waiting === 0) await new Promise((done) => setTimeout(done, 1));
      lock.release();
      console.log(await waiter.join());
    }
    function waitForDaemon() {
      const [lock, closed, go] = [new Lock(), new Event(), new Event()];
      const bodies = ${
    JSON.stringify(import.meta.resolve("./_lock_bodies.ts"))
  };
      const options = { daemon: true };
      Thread.start(bodies, "closeUntil", [lock, closed, go], options);
      closed.waitSync({ timeoutMs: 10_000 });
      const controller = new AbortController();
      const aborted = lock.acquire({ signal: controller.signal });
      const late = lock.acquire({ timeoutMs: 5 });
      const polled = lock.whenReady({ signal: controller.signal });
      const waited = lock.acquire();
      aborted.catch(console.log);
      polled.catch(console.log);
      late.catch((error) => {
        console.log(error.name);
        controller.abort("aborted");
        go.set();
      });
      waited.then(() => console.log("acquired"));
    }
    waitInThread().then(waitForDaemon);
  `);
  assertEquals(output, "done\nTimeoutError\naborted\naborted\nacquired\n");
});
