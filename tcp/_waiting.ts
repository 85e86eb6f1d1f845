/**
 * How a socket waits that does not wait by itself: it tries, and if it would have
 * to wait, somebody else tells when to try again. One caller at a time, in order.
 */
import { POLLIN, POLLOUT } from "../mux/event_bits.ts";
import type { Cut, Inbox } from "../mux/inbox.ts";
import type { WaitOptions } from "../sync/wait_options.ts";
import { Deadline } from "./_deadline.ts";
import type { Outbox } from "./_outbox.ts";
import { Turn } from "./_turn.ts";

/** Waits until one of these events is there. */
export type Until = (events: number, options: WaitOptions) => Promise<void>;

/** See the top of this file. */
export class Waiting {
  readonly #until: Until;
  readonly #receiving = new Turn();
  readonly #sending = new Turn();

  constructor(until: Until) {
    this.#until = until;
  }

  /** As `Inbox.take()`. */
  async take<R>(
    inbox: Inbox,
    cut: Cut<R>,
    options?: WaitOptions,
  ): Promise<R> {
    const deadline = new Deadline(options);
    await this.#receiving.take(deadline.rest);
    try {
      for (;;) {
        const found = inbox.tryTake(cut);
        if (found !== undefined) return found;
        await this.#until(POLLIN, deadline.rest);
      }
    } finally {
      inbox.need(1);
      this.#receiving.pass();
    }
  }

  /** As `Outbox.send()`; what has begun is sent whole, whatever the caller does. */
  async send(
    outbox: Outbox,
    data: Uint8Array,
    all: boolean,
    options?: WaitOptions,
  ): Promise<number> {
    const deadline = new Deadline(options);
    await this.#sending.take(deadline.rest);
    try {
      let sent = 0;
      do {
        const count = outbox.trySend(sent === 0 ? data : data.subarray(sent));
        if (count !== undefined) sent += count;
        else await this.#until(POLLOUT, sent === 0 ? deadline.rest : {});
      } while (sent === 0 || (all && sent < data.length));
      return sent;
    } finally {
      this.#sending.pass();
    }
  }
}
