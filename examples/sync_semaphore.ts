/**
 * A semaphore is a number of permits. A restaurant has two chairs for four guests;
 * and a consumer takes what a producer gives: it stops when nothing is left, and
 * runs on as soon as there is more.
 *
 *     deno run --allow-read examples/sync_semaphore.ts
 */
import {
  Barrier,
  BoundedSemaphore,
  Semaphore,
  SharedValue,
  sleep,
  threads,
} from "@lockstep/lockstep/sync";

/** Eats; answers how many were seated then. */
export function eat(
  chairs: Semaphore,
  table: Barrier,
  seated: SharedValue,
): number {
  using _chair = chairs.acquireSync();
  const now = seated.add(1) + 1;
  table.waitSync(); // dinner is served when the table is full
  seated.add(-1);
  return now;
}

/** Takes eight, and gives nothing back. */
export function consume(goods: Semaphore, taken: SharedValue): void {
  while (taken.get() < 8) {
    goods.acquireSync();
    taken.add(1);
  }
}

if (import.meta.main) {
  const here = threads<typeof import("./sync_semaphore.ts")>(import.meta.url);

  const [chairs, table] = [new Semaphore(0), new Barrier(2)];
  const seated = new SharedValue("i32", 0);
  const guests = Array.from(
    { length: 4 },
    () => here.start("eat", [chairs, table, seated]),
  );
  while (chairs.waiting < 4) await sleep(1);
  console.log(`${chairs.waiting} wait for the restaurant to open`);
  chairs.release(2);
  const counts: number[] = [];
  for (const guest of guests) counts.push(await guest.join());
  console.log(`${counts.length} ate, at most ${Math.max(...counts)} at a time`);

  const [goods, taken] = [new Semaphore(3), new SharedValue("i32", 0)];
  const consumer = here.start("consume", [goods, taken]);
  while (goods.waiting === 0) await sleep(1);
  console.log(`the consumer took ${taken.get()}, and stopped`);
  for (let i = 0; i < 5; i++) goods.release(); // this thread produces
  await consumer.join();
  console.log(`it ran on, and took ${taken.get()}`);

  const bounded = new BoundedSemaphore(2);
  bounded.acquireSync().release();
  try {
    bounded.release();
  } catch (error) {
    console.log(`${error}`);
  }
}
