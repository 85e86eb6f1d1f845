import type { Lock } from "./lock.ts";
import type { RLock } from "./rlock.ts";

/** Takes a lock again as it was held before; nothing ends that but the lock. */
export interface Resume {
  /** Waits for it. */
  resume(): Promise<void>;
  /** Blocks for it. */
  resumeSync(): void;
}

/**
 * What a condition needs of its lock and nobody else does: the classes put it
 * here when they are loaded.
 */
export const suspenders: {
  /** Gives a lock back, however often it was acquired. */
  lock?: (lock: Lock) => Resume;
  /** As `lock`. */
  rlock?: (lock: RLock) => Resume;
} = {};
