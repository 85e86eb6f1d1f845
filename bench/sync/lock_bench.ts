/*
 * What a lock costs while nobody else wants it: taken and given back. The
 * baseline is the least that excludes other threads, two operations on a word
 * that knows no owner and no waiters. Goals: withLockSync() within 1.6 times of
 * it, and acquire() of a free lock within 150 ns. The numbers decide whether a
 * hot loop may lock in each turn, and whether withLock is worth its name as the
 * fast form.
 */
import { Lock } from "../../sync/lock.ts";
import { RLock } from "../../sync/rlock.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { FutexMutex } from "./_futex_mutex.ts";

const group = "free lock";
const words = new Int32Array(new SharedArrayBuffer(4));
const mutex = new FutexMutex(new Int32Array(new SharedArrayBuffer(4)));
const lock = new Lock();
const rlock = new RLock();
const semaphore = new Semaphore();
let total = 0;
const add = () => {
  total++;
};

Deno.bench({ name: "Atomics, by hand", group, baseline: true }, () => {
  Atomics.compareExchange(words, 0, 0, 1);
  total++;
  Atomics.store(words, 0, 0);
});

Deno.bench({ name: "the lock of Rust", group }, () => {
  mutex.lock();
  total++;
  mutex.unlock();
});

Deno.bench({ name: "Lock.withLockSync()", group }, () => {
  lock.withLockSync(add);
});

Deno.bench({ name: "Lock.acquireSync(), release()", group }, () => {
  lock.acquireSync();
  total++;
  lock.release();
});

Deno.bench({ name: "Lock.acquireSync(), using", group }, () => {
  using _held = lock.acquireSync();
  total++;
});

Deno.bench({ name: "Lock.tryAcquire(), release()", group }, () => {
  if (lock.tryAcquire() === undefined) throw new Error("It is not free");
  total++;
  lock.release();
});

Deno.bench({ name: "Lock.acquire(), release()", group }, async () => {
  await lock.acquire();
  total++;
  lock.release();
});

Deno.bench({ name: "Lock.withLock()", group }, async () => {
  await lock.withLock(add);
});

Deno.bench({ name: "RLock.withLockSync()", group }, () => {
  rlock.withLockSync(add);
});

Deno.bench({ name: "Semaphore.acquireSync(), release()", group }, () => {
  semaphore.acquireSync();
  total++;
  semaphore.release();
});
