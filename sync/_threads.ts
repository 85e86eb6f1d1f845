import type { Outcome } from "./_outcome.ts";
import type { Thread } from "./thread.ts";

/** A thread that exists already, for the constructor of `Thread`. */
export interface Existing {
  readonly id: number;
  readonly name: string;
  readonly daemon: boolean;
  readonly outcome: Outcome | undefined;
}

/** What the entry of a thread and pools need of `Thread`, and nobody else does. */
export const friends: {
  /** Makes the object of the thread that runs here. */
  adopt?: (Class: typeof Thread, existing: Existing) => Thread;
  /** As `Thread.start()`, but it is stopped when the thread that asks has ended. */
  startBound?: typeof Thread.start;
} = {};
