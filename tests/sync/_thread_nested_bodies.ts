import { Event } from "../../sync/event.ts";
import type { Lock } from "../../sync/lock.ts";
import type { SharedValue } from "../../sync/shared_value.ts";
import { Thread } from "../../sync/thread.ts";
import type { ThreadError } from "../../sync/thread_error.ts";
import { aboutMe, add, type Facts, waitFor } from "./_thread_bodies.ts";
import { until } from "./_until.ts";

const BODIES = import.meta.resolve("./_thread_bodies.ts");
const HERE = import.meta.url;
const LIMIT = { timeoutMs: 10_000 };

/** Waits until the main thread blocks, and starts a thread then. */
export async function startWhileMainBlocks(): Promise<
  [string, boolean, number]
> {
  const main = Thread.all()[0]!;
  await until(() => main.state === "blocked");
  const sum = await Thread.start(BODIES, add.name, [3, 4]).join(LIMIT);
  return [main.name, main.alive, sum as number];
}

/** Starts a thread that starts a thread, and so on. */
export function tower(floors: number): number {
  if (floors === 0) return 0;
  const above = Thread.start(HERE, tower.name, [floors - 1]);
  return 1 + (above.joinSync(LIMIT) as number);
}

/** Starts a thread and leaves it behind. */
export function leave(event: Event, name: string): number {
  return Thread.start(BODIES, waitFor.name, [event], { name }).id;
}

/** What threads are that are started here without a word, and with one. */
export async function daemons(given: boolean): Promise<boolean[]> {
  const found = [Thread.current.daemon];
  for (const daemon of [undefined, given]) {
    const thread = new Thread(BODIES, aboutMe.name, [], { daemon });
    const facts = await thread.start().join(LIMIT) as Facts;
    found.push(thread.daemon, facts.daemon);
  }
  return found;
}

/** State of a thread before and after its start, while the host computes. */
export function statesWhileHostSpins(spinning: SharedValue): string[] {
  const thread = new Thread(BODIES, "nothing");
  const states: string[] = [thread.state];
  while (spinning.get() === 0);
  thread.start();
  states.push(thread.state);
  spinning.set(2);
  thread.joinSync(LIMIT);
  return [...states, thread.state];
}

/** Names of all threads, and what comes of one that somebody else started. */
export async function joinOther(
  id: number,
  found: Event,
): Promise<[names: string[], ...joined: unknown[]]> {
  const names = Thread.all().map(({ name }) => name);
  const other = Thread.all().find((thread) => thread.id === id)!;
  found.set();
  const result = await other.join(LIMIT);
  return [names, result, other.alive, other.joinSync(LIMIT)];
}

/** Asks for the end of a thread before the host may block. */
export function terminateWhileHostSpins(id: number, told: SharedValue): string {
  const other = Thread.all().find((thread) => thread.id === id)!;
  try {
    other.terminateSync({ timeoutMs: 0 });
  } catch {
    // It still stops, once the host has heard of it.
  }
  told.set(1);
  other.terminateSync(LIMIT);
  return other.state;
}

/** Ends a thread that was started here and spins. */
export async function startAndTerminate(): Promise<string[]> {
  const started = new Event();
  const spinning = Thread.start(BODIES, "spin", [started]);
  started.waitSync(LIMIT);
  await spinning.terminate(LIMIT);
  const error = await spinning.join(LIMIT).catch((error) =>
    error
  ) as ThreadError;
  return [spinning.state, error.name, error.code];
}

export async function joinMyself(): Promise<string[]> {
  const me = Thread.current;
  const names: string[] = [];
  try {
    me.joinSync({ timeoutMs: 100 });
  } catch (error) {
    names.push((error as Error).name);
  }
  await me.join({ timeoutMs: 100 }).catch((error) => names.push(error.name));
  return names;
}

export async function terminateMyself(): Promise<never> {
  Thread.current.terminate(LIMIT);
  return await new Promise(() => {});
}

export function terminateMain(): string {
  try {
    Thread.all()[0]!.terminateSync(LIMIT);
  } catch (error) {
    return (error as Error).name;
  }
  return "terminated";
}

/** Starts a thread that blocks on a lock, and ends by an error. */
export function startAndFail(lock: Lock, name: string): never {
  Thread.onUncaught = () => {};
  Thread.start(BODIES, "acquire", [lock, new Event()], { name });
  throw new Error("failed");
}
