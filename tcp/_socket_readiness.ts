/** What is ready of a socket: what has arrived, and whether it can send. */
import { POLLHUP, POLLNVAL, POLLRDHUP } from "../mux/event_bits.ts";
import type { Inbox } from "../mux/inbox.ts";
import type { Readiness, Watcher } from "../mux/readiness.ts";
import type { Outbox } from "./_outbox.ts";

/** See the top of this file. */
export class SocketReadiness implements Readiness {
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;

  /** @param inbox Has the watchers of both. */
  constructor(inbox: Inbox, outbox: Outbox) {
    this.#inbox = inbox;
    this.#outbox = outbox;
  }

  get events(): number {
    const come = this.#inbox.events;
    if ((come & POLLNVAL) !== 0) return come;
    const isOver = (come & POLLRDHUP) !== 0 && this.#outbox.hasEnded;
    return come | this.#outbox.events | (isOver ? POLLHUP : 0);
  }

  arm(events: number): void {
    this.#inbox.arm(events);
  }

  watch(watcher: Watcher): void {
    this.#inbox.watch(watcher);
  }

  unwatch(watcher: Watcher): void {
    this.#inbox.unwatch(watcher);
  }
}
