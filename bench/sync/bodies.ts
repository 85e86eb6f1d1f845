/*
 * What the threads of the benchmarks do, each time their gate opens: bodies of
 * crew.ts. Where two of them pass something to and fro, the one in place 0 goes
 * first.
 */
import type { Barrier } from "../../sync/barrier.ts";
import type { Event } from "../../sync/event.ts";
import type { Lock } from "../../sync/lock.ts";
import type { Semaphore } from "../../sync/semaphore.ts";
import { BareBarrier, BareTurns } from "./_bare.ts";
import { FutexMutex } from "./_futex_mutex.ts";
import { work } from "./gate.ts";

/** Adds 1 to a plain number under a lock. */
export function addLocked(
  gate: Int32Array,
  place: number,
  lock: Lock,
  total: Int32Array,
): Promise<void> {
  const add = () => {
    total[0]!++;
  };
  return work(gate, place, (times) => {
    for (let i = 0; i < times; i++) lock.withLockSync(add);
  });
}

/** As {@linkcode addLocked}, with the lock to compare with. */
export function addFutexLocked(
  gate: Int32Array,
  place: number,
  word: Int32Array,
  total: Int32Array,
): Promise<void> {
  const mutex = new FutexMutex(word);
  return work(gate, place, (times) => {
    for (let i = 0; i < times; i++) {
      mutex.lock();
      total[0]!++;
      mutex.unlock();
    }
  });
}

/** Two threads, two semaphores without permits. */
export function passPermits(
  gate: Int32Array,
  place: number,
  semaphores: readonly [Semaphore, Semaphore],
): Promise<void> {
  return passToAndFro(gate, place, {
    pass: () => semaphores[1 - place]!.release(),
    wait: () => void semaphores[place]!.acquireSync(),
  });
}

/** Two threads, two locks that are held; each releases what the other awaits. */
export function passLocks(
  gate: Int32Array,
  place: number,
  locks: readonly [Lock, Lock],
): Promise<void> {
  return passToAndFro(gate, place, {
    pass: () => locks[1 - place]!.release(),
    wait: () => void locks[place]!.acquireSync(),
  });
}

/** Two threads, two events. */
export function passEvents(
  gate: Int32Array,
  place: number,
  events: readonly [Event, Event],
): Promise<void> {
  return passToAndFro(gate, place, {
    pass: () => events[1 - place]!.set(),
    wait: () => {
      events[place]!.waitSync();
      events[place]!.clear();
    },
  });
}

/** Two threads, two words. */
export function passWords(
  gate: Int32Array,
  place: number,
  words: Int32Array,
): Promise<void> {
  return passToAndFro(gate, place, new BareTurns(words, place));
}

/** Rounds of a barrier. */
export function meet(
  gate: Int32Array,
  place: number,
  barrier: Barrier,
): Promise<void> {
  return work(gate, place, (times) => {
    for (let i = 0; i < times; i++) barrier.waitSync();
  });
}

/** As {@linkcode meet}, with the least that does it. */
export function meetBare(
  gate: Int32Array,
  place: number,
  words: Int32Array,
  parties: number,
): Promise<void> {
  const barrier = new BareBarrier(words, parties);
  return work(gate, place, (times) => {
    for (let i = 0; i < times; i++) barrier.wait();
  });
}

interface Turns {
  /** Lets the other thread go on. */
  pass(turn: number): void;
  /** Blocks until the other thread has let this one go on. */
  wait(turn: number): void;
}

function passToAndFro(
  gate: Int32Array,
  place: number,
  turns: Turns,
): Promise<void> {
  let turn = 0;
  return work(gate, place, (times) => {
    for (let i = 0; i < times; i++) {
      turn++;
      if (place === 0) turns.pass(turn);
      turns.wait(turn);
      if (place === 1) turns.pass(turn);
    }
  });
}
