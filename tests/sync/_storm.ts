import { assert, assertEquals } from "@std/assert";
import { RwLock } from "../../sync/rw_lock.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { Crew, MAX_MEMBERS, type Weather } from "./_crew.ts";
import type { Hands } from "./_hands.ts";
import { BOARD, membersOf } from "./_plan.ts";
import { DOOR, type Door, isExclusive, visit } from "./_stress_bodies.ts";

const LIMIT = { timeoutMs: 10_000 };

/** After how many looks there is no permit left. */
const STARVED = 30;

/** Many visit a door at once, some of whom die. */
export async function storm(
  hands: Pick<Hands<typeof import("./_stress_bodies.ts")>, "start">,
  door: Door,
  weather: Weather,
): Promise<void> {
  const board = new Int32Array(new SharedArrayBuffer(4 * BOARD.WORDS));
  board[DOOR.LIMIT] = door instanceof Semaphore ? door.value : 1;
  let lost = 0; // at most so many permits, or visits, went with the dead
  let starving = 0;
  const crew = new Crew({
    board,
    subject: door,
    start: (plan) => hands.start("visit", [door, board, plan]),
    bury(bits) {
      lost += membersOf(Atomics.load(board, DOOR.BUSY) & bits).length;
      if (!(door instanceof Semaphore)) return;
      const inside = Atomics.and(board, DOOR.INSIDE, ~bits) & bits;
      const permits = membersOf(inside).length;
      if (permits > 0) door.release(permits);
      lost -= permits;
    },
    tick() {
      if (!(door instanceof Semaphore) || lost === 0) return;
      const isEmpty = door.value === 0 && board[DOOR.INSIDE] === 0;
      starving = isEmpty ? starving + 1 : 0;
      if (starving < STARVED) return;
      starving = 0;
      Atomics.add(board, DOOR.LIMIT, 1);
      door.release();
    },
  }, weather);
  const { seed, times } = weather;
  const own = { seed, first: MAX_MEMBERS, tasks: 2, times };
  await crew.work(visit(door, board, own));
  await inspect(door, board, lost);
}

/** Whether all is as it should be once nobody is there. */
async function inspect(
  door: Door,
  board: Int32Array,
  lost: number,
): Promise<void> {
  const [first, second] = [board[DOOR.FIRST]!, board[DOOR.SECOND]!];
  const visits = board[DOOR.VISITS]!;
  const limit = board[DOOR.LIMIT]!;
  assert(visits > 0, "nobody got in");
  assertEquals(door.waiting, 0);
  if (!isExclusive(door)) {
    assertEquals(board[DOOR.INSIDE], 0);
    assert(door.value <= limit && door.value >= limit - lost, `${door.value}`);
    return;
  }
  const guard = door instanceof RwLock
    ? await door.write(LIMIT)
    : door.acquireSync(LIMIT);
  assert(first <= visits && first >= visits - lost, `${first} of ${visits}`);
  assert(first === second || door.ownerDied, `${first}, but ${second}`);
  guard.release();
  const held = door instanceof RwLock ? door.writing : door.locked;
  assertEquals([held, door.waiting], [false, 0]);
}
