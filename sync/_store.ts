import type { Message } from "./_message.ts";

/**
 * Where a queue keeps its messages. Those who put hold a lock while they call
 * this, and those who get another one, or the same. What counts changes by one
 * store to one word; whoever finds the lock of a dead thread calls `mend…` first.
 */
export interface Store {
  /** How many messages there are. */
  readonly size: number;
  /** Octets that they take, with their heads. */
  readonly octets: number;
  /** How many were ever put. */
  readonly puts: number;

  /** Whether there is none; for those who get. */
  isEmpty(): boolean;

  /**
   * Adds a message; for those who put.
   *
   * @param priority The lowest is the first to get.
   * @param alone Calls a function when nobody can get.
   * @throws {RangeError} If there is no memory left for it.
   */
  push(
    message: Message,
    priority: number,
    alone: (fn: () => void) => void,
  ): void;

  /**
   * Takes the next message; for those who get. It must not be empty.
   *
   * @param claim Called with it just before it is gone: whoever dies in that call
   * has claimed it, but others will get it, too.
   * @returns Its octets are good until the next call.
   */
  pop(claim?: (message: Message) => void): Message;

  /** Removes messages, wherever they are; for those who put, of one lock only. */
  remove?(unwanted: (message: Message) => boolean): void;

  /** Repairs what a thread left that died while it put. */
  mendPut(): void;

  /** Repairs what a thread left that died while it got. */
  mendGet(): void;
}
