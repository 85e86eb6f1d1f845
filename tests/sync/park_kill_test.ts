import { assertEquals } from "@std/assert";
import { Event } from "../../sync/event.ts";
import { Lock } from "../../sync/lock.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { SharedValue } from "../../sync/shared_value.ts";
import type { Thread } from "../../sync/thread.ts";
import { threads } from "../../sync/threads.ts";
import { Hands } from "./_hands.ts";
import { type Gate, STAGE, visit, type Way } from "./_kill_bodies.ts";
import type { Place } from "./_perish.ts";
import { STRESS } from "./_random.ts";
import { until } from "./_until.ts";

const BODIES = import.meta.resolve("./_kill_bodies.ts");
const hands = new Hands<typeof import("./_kill_bodies.ts")>(BODIES, 3);
const mortals = threads<typeof import("./_kill_bodies.ts")>(BODIES);

const LIMIT = { timeoutMs: 10_000 };

/** How a thread dies, and what happens meanwhile. */
interface Scene {
  readonly way: Way;
  readonly at: Place["label"];
  readonly nth?: number;
  /** Whether it comes to the label only once the gate has been opened. */
  readonly afterOpening?: boolean;
  /** Whether others wait already when it comes. */
  readonly last?: boolean;
}

/** A gate where a thread dies. */
class Stage {
  readonly fate;
  readonly #gate: Gate;
  readonly #scene: Scene;
  readonly #inside = new SharedValue("i32", 0);
  readonly #come = new Event();
  readonly #walker;
  readonly #held;
  #task = Promise.resolve();

  constructor(gate: Gate, scene: Scene) {
    const { way, at: label, nth = 1 } = scene;
    const stage = new SharedValue("i32", 0);
    this.fate = { gate, way, place: { label, nth }, stage };
    this.#gate = gate;
    this.#scene = scene;
    this.#held = way === "release" ? undefined : gate.tryAcquire();
    this.#walker = hands.start("walk", [gate, this.#inside, this.#come, 2]);
  }

  /** Has a task and a blocking thread wait. */
  async gather(): Promise<void> {
    const gate = this.#gate;
    const before = gate.waiting;
    this.#task = gate.acquire(LIMIT).then((guard) => {
      visit(this.#inside);
      guard.release();
    });
    this.#come.set();
    await until(() => gate.waiting === before + 2);
  }

  /** Lets the victim come to where it dies. */
  async lead(victim: Thread<void>): Promise<void> {
    const { way, afterOpening, last } = this.#scene;
    const isStuck = () => this.fate.stage.get() === STAGE.STUCK;
    if (afterOpening) {
      const parked = way === "waitAsync" ? "running" : "blocked";
      await until(() => this.#gate.waiting === 1 && victim.state === parked);
      await this.gather();
      this.open();
    } else if (way !== "release" && !last) {
      await until(isStuck);
      await this.gather();
    }
    await until(isStuck);
  }

  open(): void {
    this.#held?.release();
  }

  /** Both get in all the same, and so does who comes after. */
  async end(): Promise<void> {
    const gate = this.#gate;
    const lost = this.#scene.at === "taken";
    if (lost && gate instanceof Semaphore) gate.release(); // nobody else does
    await this.#task;
    await this.#walker.join(LIMIT);
    assertEquals(gate.waiting, 0);
    if (gate instanceof Lock) assertEquals(gate.ownerDied, lost);
    (await gate.acquire(LIMIT)).release();
    gate.acquireSync(LIMIT).release();
    if (gate instanceof Lock) assertEquals(gate.locked, false);
    else assertEquals(gate.value, 1);
  }
}

/**
 * At each of some gates, a task and a blocking thread wait when another thread,
 * which has to do with all of the gates, dies.
 */
async function play(
  makeGate: () => Gate,
  scenes: readonly Scene[],
  opensFirst: boolean,
): Promise<void> {
  const stages = scenes.map((scene) => new Stage(makeGate(), scene));
  for (const [index, scene] of scenes.entries()) {
    if (scene.last) await stages[index]!.gather();
  }
  const victim = mortals.start("die", [stages.map(({ fate }) => fate)]);
  const { stage } = stages[0]!.fate;
  if (scenes[0]!.way === "release") {
    await until(() => stage.get() === STAGE.READY);
    for (const stage of stages) await stage.gather();
    stage.set(STAGE.GO);
  }
  for (const stage of stages) await stage.lead(victim);
  if (opensFirst) { for (const stage of stages) stage.open(); }
  await victim.terminate(LIMIT);
  for (const stage of stages) stage.open();
  for (const stage of stages) await stage.end();
}

/** Who dies; one thread is all of those that stand together. */
const SCENES: Readonly<Record<string, readonly Scene[]>> = {
  "a waiter that does not show, or has not tried yet, or was refused": [
    { way: "wait", at: "claimed" },
    { way: "wait", at: "published" },
    { way: "wait", at: "refused" },
  ],
  "a waiter that was woken, or has just got in": [
    { way: "wait", at: "woken", afterOpening: true },
    { way: "wait", at: "taken", afterOpening: true },
  ],
  "a task that has not tried yet, or was refused": [
    { way: "waitAsync", at: "published" },
    { way: "waitAsync", at: "refused" },
  ],
  "a task that was woken": [
    { way: "waitAsync", at: "published", nth: 2, afterOpening: true },
  ],
  "who gives up, as it wakes a task, or has not yet": [
    { way: "giveUpAsync", at: "chosen", last: true },
    { way: "giveUp", at: "chosen", last: true },
    { way: "giveUp", at: "cancelled" },
  ],
  "who gives up, as it wakes a thread": [
    { way: "giveUpAsync", at: "chosen", nth: 2, last: true },
    { way: "giveUp", at: "chosen", nth: 2, last: true },
  ],
  "a releaser, before it wakes a task, or a thread": [
    { way: "release", at: "released" },
    { way: "release", at: "chosen" },
    { way: "release", at: "chosen", nth: 2 },
  ],
};

for (const [who, scenes] of Object.entries(SCENES)) {
  const canOpenFirst = scenes.every(({ afterOpening, way }) =>
    !afterOpening && way !== "release"
  );

  Deno.test(`Lock.acquire() outlives ${who}`, async () => {
    await play(() => new Lock(), scenes, false);
  });

  Deno.test(`Semaphore.acquire() outlives ${who}`, async () => {
    await play(() => new Semaphore(1), scenes, canOpenFirst);
  });

  if (!canOpenFirst || !STRESS) continue;

  Deno.test(`Lock.release() is not lost with ${who}`, async () => {
    await play(() => new Lock(), scenes, true);
  });
}

Deno.test("Lock.release() by another thread does not hide that the holder died", async () => {
  const lock = new Lock();
  const stage = new SharedValue("i32", 0);
  const place = { label: "released", nth: 1 } as const;
  const fate = { gate: lock, way: "release", place, stage } as const;
  const victim = mortals.start("die", [[fate]]);
  await until(() => stage.get() === STAGE.READY);
  await victim.terminate(LIMIT);
  lock.release(); // that of the dead: nobody else would
  const guard = await lock.acquire(LIMIT);
  assertEquals(lock.ownerDied, true);
  lock.markConsistent();
  guard.release();
  assertEquals([lock.ownerDied, lock.locked], [false, false]);
});
