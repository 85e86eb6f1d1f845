import { assert, assertEquals } from "@std/assert";
import { Line } from "../../sync/_line.ts";
import { allocate } from "../../sync/_nodes.ts";
import { registry } from "../../sync/_registry.ts";
import { Event } from "../../sync/event.ts";
import { Queue } from "../../sync/queue.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import type { Thread } from "../../sync/thread.ts";
import { threads } from "../../sync/threads.ts";
import { Hands } from "./_hands.ts";
import type { Place } from "./_perish.ts";
import { type Side, STAGE, VICTIM, type Way } from "./_queue_kill_bodies.ts";
import { drain, LIMIT, range } from "./_queue_ways.ts";
import { STRESS } from "./_random.ts";
import { until } from "./_until.ts";

type Bodies = typeof import("./_queue_kill_bodies.ts");

const BODIES = import.meta.resolve("./_queue_kill_bodies.ts");
const bodies = threads<Bodies>(BODIES);
const survivors = new Hands<Bodies>(BODIES, 3);

/** How a thread dies that waits, and what happens meanwhile. */
interface Scene {
  readonly way: Way;
  readonly at: Place["label"];
  readonly nth?: number;
  /** Whether it comes to the label only once there is something. */
  readonly afterOpening?: boolean;
}

/** Who dies; one thread is all of those that stand together. */
const SCENES: Readonly<Record<string, readonly Scene[]>> = {
  "a thread that does not show, or has not tried yet, or was refused": [
    { way: "wait", at: "claimed" },
    { way: "wait", at: "published" },
    { way: "wait", at: "refused" },
  ],
  "a thread that was woken, or has just had its turn": [
    { way: "wait", at: "woken", afterOpening: true },
    { way: "wait", at: "taken", afterOpening: true },
  ],
  "a task that has not tried yet, or was refused, or a thread that is late": [
    { way: "waitAsync", at: "published" },
    { way: "waitAsync", at: "refused" },
    { way: "giveUp", at: "cancelled" },
  ],
  "a task that was woken": [
    { way: "waitAsync", at: "published", nth: 2, afterOpening: true },
  ],
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

/** A queue where a thread dies that waits. */
class Stage {
  readonly fate;
  readonly #side: Side;
  readonly #scene: Scene;
  readonly #gate: Gate;
  #items: readonly Promise<unknown>[] = [];

  constructor(side: Side, scene: Scene) {
    this.#side = side;
    this.#scene = scene;
    this.#gate = gateOf(side);
    const { queue } = this.#gate;
    const { way, at: label, nth = 1 } = scene;
    const stage = new SharedValue("i32", 0);
    this.fate = { queue, side, way, place: { label, nth }, stage };
  }

  /** Lets the victim come to where it dies, while others wait. */
  async lead(victim: Thread<void>): Promise<void> {
    const { afterOpening, way } = this.#scene;
    const { waiting } = this.#gate;
    const isStuck = () => this.fate.stage.get() === STAGE.STUCK;
    if (afterOpening) {
      const parked = way === "waitAsync" ? "running" : "blocked";
      await until(() => waiting() === 1 && victim.state === parked);
    } else await until(isStuck);
    const before = waiting();
    const { queue } = this.#gate;
    const isGet = this.#side === "get";
    const task = isGet ? queue.get(LIMIT) : queue.put(1, LIMIT);
    const thread = survivors.start("live", [queue, this.#side]);
    await until(() => waiting() === before + 2 && thread.state === "blocked");
    this.#items = [task, thread.join(LIMIT)];
    if (afterOpening) this.open();
    await until(isStuck);
  }

  /**
   * For all three, if the victim takes, since a task may be first now and then.
   */
  open(): void {
    const times = this.#scene.at === "taken" ? 3 : 2;
    range(0, times).forEach(this.#gate.open);
  }

  /** The others have it all the same, and so does who comes after. */
  async end(): Promise<void> {
    const { queue, waiting } = this.#gate;
    const items = await Promise.all(this.#items);
    assertEquals(waiting(), 0);
    if (this.#side === "get") {
      const left = drain(queue); // of the victim, if it has not taken it yet
      const isTaken = this.#scene.at === "taken";
      assert(left.length === 0 || isTaken && left.length === 1);
      assertEquals(new Set([...items, ...left]).size, 2 + left.length);
    } else {
      const left = drain(queue).filter((item) => item !== VICTIM);
      assert(left.every((item) => item === 1 || item === 2), `${left}`);
    }
    await useAgain(queue);
  }
}

/**
 * At each of some queues, a task and a blocking thread wait for an item, or for
 * room, when another one dies who did, too.
 */
async function play(
  side: Side,
  scenes: readonly Scene[],
  opensFirst: boolean,
): Promise<void> {
  const stages = scenes.map((scene) => new Stage(side, scene));
  const victim = bodies.start("die", [stages.map(({ fate }) => fate)]);
  for (const stage of stages) await stage.lead(victim);
  const openAll = () => {
    if (!scenes[0]!.afterOpening) stages.forEach((stage) => stage.open());
  };
  if (opensFirst) openAll();
  await victim.terminate(LIMIT);
  if (!opensFirst) openAll();
  for (const stage of stages) await stage.end();
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

for (const [who, scenes] of Object.entries(SCENES)) {
  Deno.test(`Queue.get() has its turn in spite of ${who}`, async () => {
    await play("get", scenes, true);
  });

  if (!STRESS && !scenes[0]!.afterOpening) continue;

  Deno.test(`Queue.put() has its turn after the death of ${who}`, async () => {
    await play("put", scenes, false);
  });
}

for (const nth of STRESS ? [1, 2] : [2]) {
  for (const side of ["get", "put"] as const) {
    const body = side === "get" ? "giveUp" : "giveUpAsync";
    Deno.test(`Queue.${side}() outlives who dies in ${body}() as it wakes number ${nth}`, async () => {
      const { queue, open, waiting } = gateOf(side);
      const stage = new SharedValue("i32", 0);
      const task = side === "get" ? queue.get(LIMIT) : queue.put(1, LIMIT);
      const thread = survivors.start("live", [queue, side]);
      await until(() => waiting() === 2 && thread.state === "blocked");
      const place = { label: "chosen", nth } as const;
      const fate = { queue, side, way: body, place, stage } as const;
      const victim = bodies.start("die", [[fate]]);
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

Deno.test("Line.wake() wakes nobody while a thread looks, until that is dead", async () => {
  const words = new Int32Array(allocate("Queue"));
  const line = new Line(words, registry());
  line.mark();
  const looks = new Event();
  const thread = bodies.start("look", [words, looks]);
  await looks.wait(LIMIT);
  assertEquals(line.wake(), false);
  let looked = false;
  line.look(() => looked = true);
  assert(!looked, "two look at once");
  await thread.terminate(LIMIT);
  assertEquals([line.wake(), line.wake()], [true, false]); // the mark is gone
  line.look(() => looked = true);
  assert(looked, "nobody looks any more");
});

Deno.test("Line.look() ends, also if there was nothing", () => {
  const line = new Line(new Int32Array(allocate("Queue")), registry());
  line.mark();
  line.look(() => assertEquals(line.wake(), false));
  assertEquals(line.wake(), true);
});
