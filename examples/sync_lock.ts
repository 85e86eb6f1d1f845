/**
 * A lock lets in one thread at a time. Used well, nobody takes what is not there;
 * a thread that forgets to release starves the others; and a thread that wants
 * it twice waits for itself. The last two would wait for ever without a timeout.
 *
 *     deno run --allow-read examples/sync_lock.ts
 */
import {
  Barrier,
  Lock,
  SharedValue,
  sleepSync,
  threads,
} from "@lockstep/lockstep/sync";

/** Looks, and then takes: nobody may come in between. */
export function withdraw(
  opening: Barrier,
  lock: Lock,
  balance: SharedValue,
): boolean {
  opening.waitSync(); // all come at the same time
  using _held = lock.acquireSync(); // released at the end of the block
  const before = balance.get();
  if (before < 40) return false;
  sleepSync(5); // the bank is slow
  balance.set(before - 40);
  return true;
}

/** Takes the lock, and ends without giving it back. */
export function forget(lock: Lock): void {
  lock.acquireSync();
}

/** Waits for the lock, but not for ever. */
export function tryToGet(lock: Lock): string {
  try {
    using _held = lock.acquireSync({ timeoutMs: 50 });
    return "got it";
  } catch (error) {
    return `${error}`;
  }
}

if (import.meta.main) {
  const here = threads<typeof import("./sync_lock.ts")>(import.meta.url);
  const [lock, opening] = [new Lock(), new Barrier(3)];
  const balance = new SharedValue("i32", 100);
  const customers = [1, 2, 3].map(() =>
    here.start("withdraw", [opening, lock, balance])
  );
  let paid = 0;
  for (const customer of customers) if (await customer.join()) paid++;
  console.log(`3 wanted 40 of 100: ${paid} got it, ${balance.get()} are left`);

  await here.start("forget", [lock]).join();
  console.log("forgotten:", await here.start("tryToGet", [lock]).join());
  console.log(`locked: ${lock.locked}, without waiting: ${lock.tryAcquire()}`);
  lock.release(); // any thread may
  console.log("released:", await here.start("tryToGet", [lock]).join());

  lock.acquireSync();
  console.log("twice:", tryToGet(lock)); // this thread waits for itself
  lock.release();
  try {
    lock.release();
  } catch (error) {
    console.log(`free: ${error}`);
  }
}
