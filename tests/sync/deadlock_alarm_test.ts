import { assert, assertEquals } from "@std/assert";
import { Barrier } from "../../sync/barrier.ts";
import { Lock } from "../../sync/lock.ts";
import { RLock } from "../../sync/rlock.ts";
import { spawn } from "../../sync/task.ts";
import { waitFor } from "../../sync/wait_options.ts";
import { crossInTask } from "./_deadlock_bodies.ts";
import { reporting } from "./_deadlocks.ts";
import { LIMIT } from "./_doors.ts";
import { until } from "./_until.ts";

reporting(
  "Lock.detectDeadlocks() leaves a wait with a signal alone",
  async () => {
    const [a, b, met] = [new Lock(), new RLock(), new Barrier(2)];
    const controller = new AbortController();
    const { signal } = controller;
    const one = crossInTask(a, b, met, { signal });
    const two = crossInTask(b, a, met);
    await until(() => a.waiting === 1 && b.waiting === 1);
    controller.abort(new DOMException("enough", "AbortError"));
    assertEquals((await waitFor(one, LIMIT)).how, "AbortError");
    assertEquals((await waitFor(two, LIMIT)).how, "entered");
  },
);

reporting(
  "Lock.detectDeadlocks() reports no wait for a task that ends",
  async () => {
    const lock = new Lock();
    const gate = Promise.withResolvers<void>();
    const holder = spawn(() => lock.withLock(() => gate.promise));
    const waiter = spawn(() => lock.withLock(() => "in"));
    await until(() => lock.waiting === 1);
    gate.resolve();
    assertEquals(await waiter.join(LIMIT), "in");
    await holder.join(LIMIT);
  },
);

reporting(
  "Lock.detectDeadlocks() takes no two branches of a task for a circle",
  async () => {
    const lock = new Lock();
    const visit = async () => {
      using _held = await lock.acquire();
      await new Promise((done) => setTimeout(done, 0));
    };
    const task = spawn(() => Promise.all([visit(), visit(), visit()]));
    await task.join(LIMIT);
    assertEquals(lock.locked, false);
  },
);

for (const [how, Class] of Object.entries({ Lock, RLock })) {
  reporting(
    `Lock.detectDeadlocks() lets a task wait for its parent: ${how}`,
    async () => {
      const lock = new Class();
      const child = await lock.withLock(async () => {
        const child = spawn(() => lock.withLock(() => "in"));
        await until(() => lock.waiting === 1 || child.done);
        return child;
      });
      assertEquals(await child.join(LIMIT), "in");
    },
  );

  reporting(
    `Lock.detectDeadlocks() knows that a parent goes on: ${how}`,
    async () => {
      const [a, b] = [new Class(), new Class()];
      const gate = Promise.withResolvers<void>();
      const other = spawn(() =>
        b.withLock(async () => {
          await gate.promise;
          return await a.withLock(() => "in");
        })
      );
      const child = await a.withLock(async () => {
        const child = spawn(() => b.withLock(() => "in"));
        await until(() => b.waiting === 1);
        gate.resolve();
        await until(() => a.waiting === 1 || other.done);
        return child;
      });
      assertEquals(await other.join(LIMIT), "in");
      assertEquals(await child.join(LIMIT), "in");
    },
  );
}

reporting(
  "Lock.detectDeadlocks() does not take functions beside a task for it",
  async () => {
    const lock = new Lock();
    const held = await lock.acquire();
    const beside = lock.acquire();
    await until(() => lock.waiting === 1);
    held.release();
    (await waitFor(beside, LIMIT)).release();
    assertEquals(lock.locked, false);
  },
);

reporting(
  "Lock.detectDeadlocks() forgets what was released by somebody else",
  async () => {
    const [a, b] = [new Lock(), new Lock()];
    const held = a.acquireSync();
    const other = spawn(() => a.release());
    await other.join();
    const again = a.acquireSync();
    held.release();
    again.release();
    const gate = Promise.withResolvers<void>();
    const holder = spawn(() => a.withLock(() => gate.promise));
    const waiter = spawn(() => b.withLock(() => a.withLock(() => "in")));
    await until(() => a.waiting === 1);
    gate.resolve();
    assertEquals(await waiter.join(LIMIT), "in");
    await holder.join(LIMIT);
  },
);

Deno.test("Lock.detectDeadlocks() can be switched off", async () => {
  Lock.detectDeadlocks(true);
  Lock.detectDeadlocks(false);
  const lock = new Lock();
  await lock.withLock(async () => {
    const again = lock.acquire();
    await until(() => lock.waiting === 1);
    lock.release();
    await waitFor(again, LIMIT);
  });
  assert(lock.locked);
});
