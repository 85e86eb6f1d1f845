import { Lock } from "../../sync/lock.ts";
import { RLock } from "../../sync/rlock.ts";
import { RwLock } from "../../sync/rw_lock.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { Hands } from "./_hands.ts";
import { type Next, random, STRESS, withSeed } from "./_random.ts";
import { storm } from "./_storm.ts";
import type { Door } from "./_stress_bodies.ts";

type Bodies = typeof import("./_stress_bodies.ts");

const BODIES = import.meta.resolve("./_stress_bodies.ts");
const ROUNDS = STRESS ? 20 : 1;
const TIMES = STRESS ? 200 : 60;
const THREADS = STRESS ? [2, 4, 8] : [2, 3];

const hands = new Hands<Bodies>(BODIES, Math.max(...THREADS));

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
      await storm(hands, make(next), {
        seed,
        threads,
        deaths: 0,
        times: TIMES,
      });
    });
  });
}

Deno.test(`${Object.keys(DOORS).join(", ")} keep order among threads that die at any time`, async () => {
  await using mortals = new Hands<Bodies>(BODIES);
  for (const [name, make] of Object.entries(DOORS)) {
    const play = async (seed: number) => {
      const next = random(seed);
      const threads = 2 + next(STRESS ? 3 : 2);
      const deaths = STRESS ? 6 : 1 + next(2);
      const weather = { seed, threads, deaths, times: TIMES };
      await storm(mortals, make(next), weather);
    };
    await withSeed(ROUNDS, play, name);
  }
});
