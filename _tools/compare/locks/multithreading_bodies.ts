import { work } from "../../../bench/sync/gate.ts";

/** What was locked. */
export interface MutexGuardPeer {
  readonly value: Int32Array;
  dispose(): void;
}

/** A lock that holds what it protects. */
export interface MutexPeer {
  blockingLock(): MutexGuardPeer;
  lock(): Promise<MutexGuardPeer>;
}

/** Waits for what a lock protects. */
export interface CondvarPeer {
  blockingWait(guard: MutexGuardPeer): void;
  notifyOne(): void;
}

/** Permits. */
export interface SemaphorePeer {
  blockingAcquire(): { dispose(): void };
  acquire(): Promise<{ dispose(): void }>;
}

/** Lets threads pass together. */
export interface BarrierPeer {
  blockingWait(): unknown;
}

/** As the body of that name in bench/sync/bodies.ts. */
export function addLocked(
  gate: Int32Array,
  place: number,
  mutex: MutexPeer,
): Promise<void> {
  return work(gate, place, (turns) => {
    for (let i = 0; i < turns; i++) {
      const guard = mutex.blockingLock();
      guard.value[0]!++;
      guard.dispose();
    }
  });
}

/** Two threads in turn; a semaphore cannot be released by whoever did not acquire. */
export function pass(
  gate: Int32Array,
  place: number,
  whose: MutexPeer,
  changed: CondvarPeer,
): Promise<void> {
  return work(gate, place, (turns) => {
    for (let i = 0; i < turns; i++) {
      const guard = whose.blockingLock();
      while (guard.value[0] !== place) changed.blockingWait(guard);
      guard.value[0] = 1 - place;
      guard.dispose();
      changed.notifyOne();
    }
  });
}

/** As the body of that name in bench/sync/bodies.ts. */
export function meet(
  gate: Int32Array,
  place: number,
  barrier: BarrierPeer,
): Promise<void> {
  return work(gate, place, (turns) => {
    for (let i = 0; i < turns; i++) barrier.blockingWait();
  });
}
