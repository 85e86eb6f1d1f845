import { assert, assertEquals } from "@std/assert";
import { Lock } from "../../sync/lock.ts";
import type { Queue, QueueOptions } from "../../sync/queue.ts";
import { RLock } from "../../sync/rlock.ts";
import { RwLock } from "../../sync/rw_lock.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { threads } from "../../sync/threads.ts";
import { Crew, MAX_MEMBERS, type Weather } from "./_crew.ts";
import { type Call, Hands } from "./_hands.ts";
import { BOARD, goesOn, membersOf, turn } from "./_plan.ts";
import { CLASSES, LIMIT, range } from "./_queue_ways.ts";
import { HANDS, type Item, LEDGER, MOST, Worker } from "./_queue_worker.ts";
import { type Next, random, STRESS, withSeed } from "./_random.ts";
import { storm } from "./_storm.ts";
import type { Door } from "./_stress_bodies.ts";

type Bodies = typeof import("./_stress_queue_bodies.ts");

const BODIES = import.meta.resolve("./_stress_queue_bodies.ts");
const ROUNDS = STRESS ? 20 : 1;
const TIMES = STRESS ? 200 : 60;
const THREADS = STRESS ? [2, 4, 8] : [2, 3];

const hands = new Hands<Bodies>(BODIES, Math.max(...THREADS) + 1);
const mortals = threads<Bodies>(BODIES);

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

const OPTIONS: readonly QueueOptions[] = [
  {},
  { maxSize: 1 },
  { maxSize: 5 },
  { byteCapacity: 2 ** 17 },
];

/** Many put and get at once, some of whom die. */
async function stormQueue(
  hands: Pick<Hands<Bodies>, "start">,
  queue: Queue<Item>,
  weather: Weather,
): Promise<void> {
  const board = new Int32Array(new SharedArrayBuffer(4 * BOARD.WORDS));
  const ledger = new Int32Array(new SharedArrayBuffer(4 * LEDGER.WORDS));
  const started: Pick<Call<void>, "alive">[] = [];
  let lost = 0; // at most so many items went with the dead
  const crew = new Crew({
    board,
    subject: queue,
    start(plan) {
      const thread = hands.start("work", [queue, board, ledger, plan]);
      started.push(thread);
      return thread;
    },
    bury(bits) {
      lost += membersOf(Atomics.load(board, HANDS.BUSY) & bits).length;
    },
  }, weather);
  const { seed } = weather;
  const helper = hands.start("help", [queue, board, ledger, seed]);
  await crew.work((async () => {
    while (goesOn(board) || started.some(({ alive }) => alive)) await turn(1);
  })()).finally(() => Atomics.store(board, HANDS.OVER, 1));
  await helper.join(LIMIT);
  const own = new Worker(queue, board, ledger, MAX_MEMBERS, random(seed));
  while (own.tryGet());
  inspect(queue, ledger, lost);
  await useAgain(queue, own);
}

/** Whether all is as it should be once nobody is there. */
function inspect(queue: Queue<Item>, ledger: Int32Array, lost: number): void {
  let missing = 0;
  let got = 0;
  for (const member of range(0, MAX_MEMBERS + 1)) {
    const puts = ledger[LEDGER.PUT + member]!;
    for (const number of range(0, MOST)) {
      const times = ledger[LEDGER.GOT + member * MOST + number]!;
      got += times;
      assert(times <= 1, `item ${number} of ${member} came ${times} times`);
      assert(times === 0 || number <= puts, `item ${number} came from nowhere`);
      if (times === 0 && number < puts) missing++;
    }
  }
  assert(got > 0, "nobody got anything");
  assert(missing <= lost, `${missing} items are missing, not ${lost}`);
  const { size, unfinished, waitingToGet, waitingToPut } = queue;
  assertEquals({ size, waitingToGet, waitingToPut }, {
    size: 0,
    waitingToGet: 0,
    waitingToPut: 0,
  });
  assert(unfinished >= missing, `${unfinished} unfinished, ${missing} missing`);
  assert(unfinished <= lost, `${unfinished} unfinished, at most ${lost} lost`);
}

/** Asserts that all works as ever. */
async function useAgain(queue: Queue<Item>, own: Worker): Promise<void> {
  const most = queue.maxSize || 5;
  for (const size of range(0, most)) {
    assertEquals([queue.size, queue.full], [size, false]);
    own.tryPut();
  }
  assertEquals([queue.size, queue.full], [most, queue.maxSize > 0]);
  while (own.tryGet());
  while (queue.unfinished > 0) queue.taskDone();
  await queue.join(LIMIT);
  queue.shutdown();
  assertEquals(queue.closed, true);
}

for (const Class of CLASSES) {
  Deno.test(`${Class.name} loses nothing among threads and tasks that give up or are aborted`, async () => {
    await withSeed(ROUNDS, async (seed) => {
      const next = random(seed);
      const queue = new Class<Item>(OPTIONS[next(OPTIONS.length)]);
      const threads = 2 + next(STRESS ? 5 : 2);
      await stormQueue(hands, queue, {
        seed,
        threads,
        deaths: 0,
        times: TIMES,
      });
    });
  });
}

const names = CLASSES.map(({ name }) => name).join(", ");

Deno.test(`${names} lose only what is in the hands of threads that die at any time`, async () => {
  for (const Class of CLASSES) {
    const play = async (seed: number) => {
      const next = random(seed);
      const queue = new Class<Item>(OPTIONS[next(OPTIONS.length)]);
      const threads = 2 + next(STRESS ? 3 : 1);
      const deaths = STRESS ? 6 : 1 + next(2);
      await stormQueue(mortals, queue, { seed, threads, deaths, times: TIMES });
    };
    await withSeed(ROUNDS, play, Class.name);
  }
});
