/**
 * Waiting on the mailbox of this thread: the only file with `Atomics.wait`,
 * `waitAsync` and `notify`.
 *
 * A mailbox is a counter. Who waits reads it, then looks whether there is still
 * something to wait for, then waits while the counter is what was read; who
 * rings counts up, then notifies. So no ring is lost, one that nobody needed
 * costs a look, and it does not matter who else waits on the mailbox: they are
 * of the same thread, and all are woken.
 */
import type { Registry, STATE } from "./_registry.ts";
import { trap } from "./_trap.ts";
import { MAX_DELAY_MS } from "./wait_options.ts";

/** Something asynchronous that waits in this thread. */
export interface Listener {
  /** Looks whether its time has come. */
  onRing(): void;
}

/** Wakes a thread, whatever it waits for. */
export function ring(registry: Registry, id: number): void {
  if (id === registry.me) soon(registry);
  const mailbox = registry.mailboxOf(id);
  Atomics.add(registry.words, mailbox, 1);
  Atomics.notify(registry.words, mailbox);
}

/**
 * Notes that a thread ended or died, and lets every waiter look again. A thread
 * that does so for itself may be killed on the way; whoever sees it dead then
 * tells the others anew.
 */
export function bury(
  registry: Registry,
  id: number,
  state: typeof STATE.ENDED | typeof STATE.DEAD,
): void {
  if (!registry.setGone(id, state)) return;
  trap("gone");
  registry.noteChange();
  for (const other of registry.alive()) ring(registry, other);
  registry.setTold(id);
}

/**
 * Blocks this thread.
 *
 * @param deadline When to give up, as `performance.now()` counts.
 * @param over Whether there is nothing to wait for any more.
 * @returns Whether it was over before the deadline.
 */
export function parkUntil(
  registry: Registry,
  deadline: number,
  over: () => boolean,
): boolean {
  const { words, mailbox } = registry;
  for (;;) {
    const seen = Atomics.load(words, mailbox);
    for (const errand of errands) errand(); // for who rang before, too
    if (over()) return true;
    const left = deadline - performance.now();
    if (left <= 0) return false;
    registry.setBlocked(true);
    Atomics.wait(words, mailbox, seen, left);
    registry.setBlocked(false);
  }
}

const errands = new Set<() => void>();

/**
 * Calls a function at each ring of this thread, even while it blocks. Unlike a
 * listener it does not keep the event loop alive.
 */
export function addErrand(registry: Registry, errand: () => void): void {
  errands.add(errand);
  arm(registry, deskOf(registry));
}

/** The asynchronous waiters of this thread on one table. */
interface Desk {
  readonly listeners: Set<Listener>;
  /** Keeps the event loop alive: `waitAsync` alone does not. */
  keepAlive: ReturnType<typeof setInterval> | undefined;
  armed: boolean;
  /** A turn is due without a ring. */
  due: boolean;
}

const desks = new WeakMap<Registry, Desk>();

/**
 * Tells a listener of each ring from now on, until {@linkcode deafen}, and keeps
 * the event loop alive.
 */
export function listen(registry: Registry, listener: Listener): void {
  const desk = deskOf(registry);
  desk.listeners.add(listener);
  desk.keepAlive ??= setInterval(() => {}, MAX_DELAY_MS);
  arm(registry, desk);
}

/** Tells a listener no more, and lets the event loop end. */
export function deafen(registry: Registry, listener: Listener): void {
  const desk = desks.get(registry);
  if (!desk?.listeners.delete(listener) || desk.listeners.size > 0) return;
  clearInterval(desk.keepAlive);
  desk.keepAlive = undefined;
}

/** Who listens in this thread. */
export function listeners(registry: Registry): Listener[] {
  return [...desks.get(registry)?.listeners ?? []];
}

function deskOf(registry: Registry): Desk {
  let desk = desks.get(registry);
  if (desk === undefined) {
    const listeners = new Set<Listener>();
    desk = { listeners, keepAlive: undefined, armed: false, due: false };
    desks.set(registry, desk);
  }
  return desk;
}

/** At most one `waitAsync` is pending: there is no way to cancel one. */
function arm(registry: Registry, desk: Desk): void {
  if (desk.armed) return;
  desk.armed = true;
  const { words, mailbox } = registry;
  for (;;) {
    const seen = Atomics.load(words, mailbox);
    const { async, value } = Atomics.waitAsync(words, mailbox, seen);
    if (!async) continue; // rung in between
    value.then(() => answer(registry, desk));
    return;
  }
}

function answer(registry: Registry, desk: Desk): void {
  desk.armed = false;
  if (desk.listeners.size === 0 && errands.size === 0) return;
  arm(registry, desk); // before looking: what comes meanwhile rings again
  turn(desk);
}

function turn(desk: Desk): void {
  for (const errand of errands) errand();
  for (const listener of desk.listeners) listener.onRing();
}

/** This thread rings itself: its event loop need not hear of it from outside. */
function soon(registry: Registry): void {
  const desk = desks.get(registry);
  if (desk === undefined || desk.due || desk.listeners.size === 0) return;
  desk.due = true;
  queueMicrotask(() => {
    desk.due = false;
    turn(desk);
  });
}
