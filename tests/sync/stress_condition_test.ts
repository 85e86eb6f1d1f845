import { assert, assertEquals } from "@std/assert";
import { Condition } from "../../sync/condition.ts";
import { Lock } from "../../sync/lock.ts";
import { RLock } from "../../sync/rlock.ts";
import { spawn } from "../../sync/task.ts";
import { Crew, type Weather } from "./_crew.ts";
import { Hands } from "./_hands.ts";
import { BOARD, goesOn, membersOf, turn } from "./_plan.ts";
import { type Next, random, STRESS, withSeed } from "./_random.ts";
import { NOTICE } from "./_stress_condition_bodies.ts";

type Bodies = typeof import("./_stress_condition_bodies.ts");

const BODIES = import.meta.resolve("./_stress_condition_bodies.ts");
const ROUNDS = STRESS ? 20 : 1;
const TIMES = STRESS ? 200 : 60;
const THREADS = STRESS ? 4 : 3;

const hands = new Hands<Bodies>(BODIES, THREADS);

/** Many wait to be notified, and some of them give up, or die. */
async function storm(
  hands: Hands<Bodies>,
  condition: Condition,
  weather: Weather,
): Promise<void> {
  const { seed, deaths, times } = weather;
  const board = new Int32Array(new SharedArrayBuffer(4 * BOARD.WORDS));
  const crew = new Crew({
    board,
    subject: condition,
    start: (plan) => hands.start("listen", [condition, board, plan]),
    tick() {
      if (Atomics.load(board, NOTICE.OVER) === 0) return;
      if (condition.tryAcquire() === undefined) return;
      board[NOTICE.GIVEN]! += 1000; // more than there are
      condition.notifyAll();
      condition.release();
    },
  }, weather);
  const next = random(seed);
  const notifier = spawn(async () => {
    for (let time = 0; time < times || goesOn(board); time++) {
      await notify(condition, board, next, deaths === 0);
      if (next(4) === 0) await turn(next(2));
    }
    const isExact = () => board[NOTICE.ENDED] === board[NOTICE.GIVEN];
    while (deaths === 0 && !isExact()) await turn(1);
    Atomics.store(board, NOTICE.OVER, 1);
  });
  await crew.work(notifier.join());
  assert(board[NOTICE.ENDED]! > 0, "nobody was ever notified");
  assertEquals(condition.waiting, 0);
  condition.acquireSync({ timeoutMs: 10_000 });
  condition.release();
}

/** Notifies so few that all of it must arrive, unless somebody dies. */
async function notify(
  condition: Condition,
  board: Int32Array,
  next: Next,
  isExact: boolean,
): Promise<void> {
  using _held = await condition.acquire();
  if (condition.lock.ownerDied) condition.lock.markConsistent();
  const patient = membersOf(board[NOTICE.PATIENT]!).length;
  const due = board[NOTICE.GIVEN]! - board[NOTICE.ENDED]!;
  const count = isExact ? Math.min(next(4), patient - due) : next(4);
  if (count <= 0) return;
  board[NOTICE.GIVEN]! += count;
  condition.notify(count);
}

for (const Class of [Lock, RLock]) {
  Deno.test(`Condition.notify() of a ${Class.name} ends exactly so many waits, whoever else gives up`, async () => {
    await withSeed(ROUNDS, async (seed) => {
      const threads = 2 + random(seed)(THREADS - 1);
      const condition = new Condition(new Class());
      const weather = { seed, threads, deaths: 0, times: TIMES };
      await storm(hands, condition, weather);
    });
  });
}

Deno.test("Condition.wait() of a Lock, or an RLock, ends, whoever else dies", async () => {
  await using mortals = new Hands<Bodies>(BODIES);
  for (const Class of [Lock, RLock]) {
    const play = async (seed: number) => {
      const next = random(seed);
      const threads = 2 + next(THREADS - 1);
      const deaths = STRESS ? 6 : 1 + next(2);
      const condition = new Condition(new Class());
      const weather = { seed, threads, deaths, times: TIMES };
      await storm(mortals, condition, weather);
    };
    await withSeed(ROUNDS, play, Class.name);
  }
});
