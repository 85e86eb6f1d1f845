import { Lock } from "../../sync/lock.ts";
import { RLock } from "../../sync/rlock.ts";
import { RwLock } from "../../sync/rw_lock.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { type Next, random, STRESS, withSeed } from "./_random.ts";
import { storm } from "./_storm.ts";
import type { Door } from "./_stress_bodies.ts";

const ROUNDS = STRESS ? 20 : 1;
const TIMES = STRESS ? 200 : 60;
const DEATHS = STRESS ? 6 : 3;
const THREADS = STRESS ? [2, 4, 8] : [2, 4];

const DOORS: Readonly<Record<string, (next: Next) => Door>> = {
  Lock: () => new Lock(),
  RLock: () => new RLock(),
  Semaphore: (next) => new Semaphore(1 + next(3)),
  RwLock: () => new RwLock(),
};

for (const [name, make] of Object.entries(DOORS)) {
  Deno.test(`${name} keeps order among threads and tasks that give up or are aborted`, async () => {
    await withSeed(ROUNDS, async (seed) => {
      const next = random(seed);
      const threads = THREADS[next(THREADS.length)]!;
      await storm(make(next), { seed, threads, deaths: 0, times: TIMES });
    });
  });

  Deno.test(`${name} keeps order among threads that die at any time`, async () => {
    await withSeed(ROUNDS, async (seed) => {
      const next = random(seed);
      const threads = 2 + next(3);
      await storm(make(next), { seed, threads, deaths: DEATHS, times: TIMES });
    });
  });
}
