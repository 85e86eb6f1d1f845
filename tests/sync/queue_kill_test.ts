import { assert, assertEquals } from "@std/assert";
import type { Label } from "../../sync/_trap.ts";
import { Queue } from "../../sync/queue.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import { threads } from "../../sync/threads.ts";
import { Hands } from "./_hands.ts";
import { type Side, STAGE, VICTIM } from "./_queue_kill_bodies.ts";
import { drain, LIMIT, range } from "./_queue_ways.ts";
import { STRESS } from "./_random.ts";
import { until } from "./_until.ts";

type Bodies = typeof import("./_queue_kill_bodies.ts");

const BODIES = import.meta.resolve("./_queue_kill_bodies.ts");
const bodies = threads<Bodies>(BODIES);
const survivor = new Hands<Bodies>(BODIES, 1);

/** How a thread dies that waits, and what happens meanwhile. */
interface Scene {
  readonly body: "wait" | "waitAsync" | "giveUp" | "giveUpAsync";
  readonly label: Label;
  readonly nth?: number;
  /** Whether it comes to the label only once there is something. */
  readonly afterOpening?: boolean;
  /** Whether others wait already when it comes. */
  readonly last?: boolean;
}

/** Who dies. */
const SCENES: Readonly<Record<string, Scene>> = {
  "a thread that does not show yet": { body: "wait", label: "claimed" },
  "a thread that has not tried yet": { body: "wait", label: "published" },
  "a thread that was refused": { body: "wait", label: "refused" },
  "a thread that was woken": {
    body: "wait",
    label: "woken",
    afterOpening: true,
  },
  "a thread that has just had its turn": {
    body: "wait",
    label: "taken",
    afterOpening: true,
  },
  "a thread whose time is over": { body: "giveUp", label: "cancelled" },
  "a task that has not tried yet": { body: "waitAsync", label: "published" },
  "a task that was refused": { body: "waitAsync", label: "refused" },
  "a task that was woken": {
    body: "waitAsync",
    label: "published",
    nth: 2,
    afterOpening: true,
  },
};

/** A queue where one has to wait, and how to end that. */
function gateOf(side: Side): Gate {
  if (side === "get") {
    const queue = new Queue<number>();
    let next = 10;
    const open = () => queue.putSync(next++);
    return { queue, open, waiting: () => queue.waitingToGet };
  }
  const queue = new Queue<number>({ maxSize: 2 });
  queue.putSync(10);
  queue.putSync(11);
  const open = () => queue.getSync(LIMIT);
  return { queue, open, waiting: () => queue.waitingToPut };
}

interface Gate {
  readonly queue: Queue<number>;
  readonly open: () => unknown;
  readonly waiting: () => number;
}

/**
 * A task and a blocking thread wait for an item, or for room, when another one
 * dies who did, too: both have it all the same, and so does who comes after.
 */
async function play(side: Side, scene: Scene, opensFirst: boolean) {
  const { queue, open, waiting } = gateOf(side);
  const stage = new SharedValue("i32", 0);
  const place = { label: scene.label, nth: scene.nth ?? 1 };
  const victim = bodies.start(scene.body, [queue, side, place, stage]);
  if (scene.afterOpening) {
    const parked = scene.body === "waitAsync" ? "running" : "blocked";
    await until(() => waiting() === 1 && victim.state === parked);
  } else await until(() => stage.get() === STAGE.STUCK);
  const before = waiting();
  const task = side === "get" ? queue.get(LIMIT) : queue.put(1, LIMIT);
  const thread = survivor.start("live", [queue, side]);
  await until(() => waiting() === before + 2 && thread.state === "blocked");
  // for all three, if the victim takes, since a task may be first now and then
  const times = scene.label === "taken" ? 3 : 2;
  const openAll = () => range(0, times).forEach(open);
  if (scene.afterOpening || opensFirst) openAll();
  await until(() => stage.get() === STAGE.STUCK);
  await victim.terminate(LIMIT);
  if (!scene.afterOpening && !opensFirst) openAll();
  const items = await Promise.all([task, thread.join(LIMIT)]);
  assertEquals(waiting(), 0);
  if (side === "get") {
    const left = drain(queue); // of the victim, if it has not taken it yet
    assert(left.length === 0 || scene.label === "taken" && left.length === 1);
    assertEquals(new Set([...items, ...left]).size, 2 + left.length);
  } else {
    const left = drain(queue).filter((item) => item !== VICTIM);
    assert(left.every((item) => item === 1 || item === 2), `${left}`);
  }
  await useAgain(queue);
}

/** Asserts that all works as ever. */
async function useAgain(queue: Queue<number>): Promise<void> {
  queue.putSync(1, LIMIT);
  await queue.put(2, LIMIT);
  assertEquals([queue.size, queue.full], [2, queue.maxSize === 2]);
  assertEquals(queue.tryPut(3), queue.maxSize === 0);
  assertEquals(drain(queue).slice(0, 2), [1, 2]);
  const got = queue.get(LIMIT);
  queue.putSync(4);
  assertEquals(await got, 4);
}

for (const [who, scene] of Object.entries(SCENES)) {
  Deno.test(`Queue.get() has its turn in spite of ${who}`, async () => {
    await play("get", scene, true);
  });

  if (!STRESS && !scene.afterOpening) continue;

  Deno.test(`Queue.put() has its turn after the death of ${who}`, async () => {
    await play("put", scene, false);
  });
}

for (const nth of STRESS ? [1, 2] : [2]) {
  for (const side of ["get", "put"] as const) {
    const body = side === "get" ? "giveUp" : "giveUpAsync";
    Deno.test(`Queue.${side}() outlives who dies in ${body}() as it wakes number ${nth}`, async () => {
      const { queue, open, waiting } = gateOf(side);
      const stage = new SharedValue("i32", 0);
      const task = side === "get" ? queue.get(LIMIT) : queue.put(1, LIMIT);
      const thread = survivor.start("live", [queue, side]);
      await until(() => waiting() === 2 && thread.state === "blocked");
      const place = { label: "chosen", nth } as const;
      const victim = bodies.start(body, [queue, side, place, stage]);
      await until(() => stage.get() === STAGE.STUCK);
      await victim.terminate(LIMIT);
      open();
      open();
      await Promise.all([task, thread.join(LIMIT)]);
      assertEquals(waiting(), 0);
      drain(queue);
      await useAgain(queue);
    });
  }
}
