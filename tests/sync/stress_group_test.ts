import { assert, assertEquals } from "@std/assert";
import { Barrier } from "../../sync/barrier.ts";
import { Condition } from "../../sync/condition.ts";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { RLock } from "../../sync/rlock.ts";
import { spawn } from "../../sync/task.ts";
import { threads } from "../../sync/threads.ts";
import { Crew, type Weather } from "./_crew.ts";
import { Hands } from "./_hands.ts";
import { BOARD, goesOn, membersOf, turn } from "./_plan.ts";
import { type Next, random, STRESS, withSeed } from "./_random.ts";
import { GROUP, NOTICE } from "./_stress_group_bodies.ts";

type Bodies = typeof import("./_stress_group_bodies.ts");

const BODIES = import.meta.resolve("./_stress_group_bodies.ts");
const ROUNDS = STRESS ? 20 : 1;
const TIMES = STRESS ? 200 : 60;
const THREADS = STRESS ? 4 : 3;

const hands = new Hands<Bodies>(BODIES, THREADS);
const mortals = threads<Bodies>(BODIES);

function newBoard(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * BOARD.WORDS));
}

for (const isPatient of [true, false]) {
  const who = isPatient
    ? "all who wait, though it is cleared"
    : "who come again";

  Deno.test(`Event.set() lets pass ${who}`, async () => {
    await withSeed(ROUNDS, async (seed) => {
      const next = random(seed);
      const event = new Event();
      const board = newBoard();
      const weather = {
        seed,
        threads: 2 + next(THREADS - 1),
        deaths: 0,
        times: TIMES,
      };
      const crew = new Crew({
        board,
        subject: event,
        start: (plan) => hands.start("pass", [event, board, plan, isPatient]),
      }, weather);
      const rounds = async () => {
        for (let round = 1; round <= weather.times; round++) {
          while (isPatient && event.waiting < crew.members) await turn();
          if (!isPatient && next(4) === 0) await turn(next(3));
          event.set();
          if (isPatient) event.clear();
          const goal = round * crew.members;
          while (Atomics.load(board, GROUP.PASSED) < goal) await turn();
          event.clear();
          Atomics.store(board, GROUP.ROUND, round);
        }
      };
      await crew.work(rounds());
      assertEquals(board[GROUP.PASSED], weather.times * crew.members);
      assertEquals([event.waiting, event.isSet], [0, false]);
    });
  });
}

Deno.test("Event.wait() ends, whoever else dies", async () => {
  await withSeed(ROUNDS, async (seed) => {
    const next = random(seed);
    const event = new Event();
    const board = newBoard();
    const weather = {
      seed,
      threads: 2 + next(THREADS - 1),
      deaths: STRESS ? 6 : 1 + next(2),
      times: TIMES,
    };
    const crew = new Crew({
      board,
      subject: event,
      start: (plan) => mortals.start("passAnytime", [event, board, plan]),
    }, weather);
    const toggle = async () => {
      while (goesOn(board)) {
        event.set();
        if (next(2) === 0) await turn(next(2));
        event.clear();
        await turn(next(2));
      }
      event.set();
    };
    await crew.work(toggle());
    assert(board[GROUP.PASSED]! > 0, "nobody ever passed");
    assertEquals(event.waiting, 0);
  });
});

Deno.test("Barrier.wait() keeps all together, round by round", async () => {
  await withSeed(ROUNDS, async (seed) => {
    const parties = 2 + random(seed)(4);
    const barrier = new Barrier(parties);
    const board = newBoard();
    const crew = new Crew({
      board,
      subject: barrier,
      start: (plan) => hands.start("meet", [barrier, board, plan]),
    }, {
      seed,
      threads: Math.min(parties, 3),
      deaths: 0,
      times: TIMES,
      tasksOf: (thread) => thread === 2 ? parties - 2 : thread,
    });
    assertEquals(crew.members, parties);
    await crew.work(Promise.resolve());
    assertEquals(board[GROUP.ARRIVED], TIMES * parties);
    assertEquals([barrier.waiting, barrier.broken], [0, false]);
  });
});

Deno.test("Barrier.wait() ends, whoever gives up or dies", async () => {
  await withSeed(ROUNDS, async (seed) => {
    const next = random(seed);
    const barrier = new Barrier(2 + next(2));
    const board = newBoard();
    const crew = new Crew({
      board,
      subject: barrier,
      start: (plan) => mortals.start("meetAnytime", [barrier, board, plan]),
      tick() {
        if (Atomics.load(board, GROUP.OVER) !== 0) barrier.abort();
      },
    }, {
      seed,
      threads: 3,
      deaths: STRESS ? 6 : 1 + next(2),
      times: 0,
      tasksOf: () => next(2),
    });
    const goal = async () => {
      while (goesOn(board) || board[GROUP.PASSED]! < 100) await turn();
      Atomics.store(board, GROUP.OVER, 1);
    };
    await crew.work(goal());
    barrier.reset();
    assertEquals([barrier.waiting, barrier.broken], [0, false]);
  });
});

/** Many wait to be notified, and some of them give up, or die. */
async function storm(
  hands: Pick<Hands<Bodies>, "start">,
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
    const isIdle = () => Atomics.load(board, NOTICE.ENDED) === 0;
    for (let time = 0; time < times || goesOn(board) || isIdle(); time++) {
      await notify(condition, board, next, deaths === 0);
      if (next(4) === 0) await turn(next(2));
    }
    const isExact = () => board[NOTICE.ENDED] === board[NOTICE.GIVEN];
    while (deaths === 0 && !isExact()) await turn(1);
    Atomics.store(board, NOTICE.OVER, 1);
  });
  await crew.work(notifier.join());
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
