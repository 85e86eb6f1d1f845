/**
 * Four ways to wait for many sockets, each as the field does it; see `_engine.ts`.
 */
import { Doorbell } from "../mux/doorbell.ts";
import { Epoll } from "../mux/epoll.ts";
import { EPOLLONESHOT, POLLIN, POLLOUT } from "../mux/event_bits.ts";
import { Poll } from "../mux/poll.ts";
import { readiness, type Watchable } from "../mux/readiness.ts";
import { select } from "../mux/select.ts";
import { Wakeup } from "../mux/wakeup.ts";
import { sleep } from "../sync/sleep.ts";
import type { Multiplexer } from "./_engine.ts";

type Ready = Iterable<readonly [Watchable, number]>;

/** Gives all sources to each wait, and looks through all answers. */
export class SelectMultiplexer implements Multiplexer {
  readonly #wanted = new Map<Watchable, number>();
  readonly #wakeup = new Wakeup();

  want(source: Watchable, events: number): void {
    if (events === 0) {
      this.#wanted.delete(source);
    } else {
      this.#wanted.set(source, events);
      this.#wakeup.wake(); // the lists of the wait are old
    }
  }

  async wait(): Promise<Ready> {
    this.#wakeup.tryTake();
    const read: Watchable[] = [this.#wakeup];
    const write: Watchable[] = [];
    for (const [source, events] of this.#wanted) {
      if ((events & POLLIN) !== 0) read.push(source);
      if ((events & POLLOUT) !== 0) write.push(source);
    }
    const [readable, writable] = await select(read, write);
    const ready: [Watchable, number][] = [];
    for (const source of readable) ready.push([source, POLLIN]);
    for (const source of writable) ready.push([source, POLLOUT]);
    return ready;
  }

  close(): void {
    this.#wakeup.wake();
  }
}

/** Registers and unregisters sources one by one; what is ready comes back. */
export class PollMultiplexer implements Multiplexer {
  readonly #poll = new Poll<Watchable>();

  want(source: Watchable, events: number): void {
    if (events !== 0) this.#poll.register(source, events);
    else if (this.#poll.has(source)) this.#poll.unregister(source);
  }

  wait(): Promise<Ready> {
    return this.#poll.poll();
  }

  close(): void {
    this.#poll.close();
  }
}

/** Sources stay registered, off, until they are wanted again (`EPOLLONESHOT`). */
export class EpollMultiplexer implements Multiplexer {
  readonly #epoll = new Epoll<Watchable>();

  want(source: Watchable, events: number): void {
    if (events === 0) return; // it was reported, or will be once more
    if (this.#epoll.has(source)) {
      this.#epoll.modify(source, events | EPOLLONESHOT);
    } else {
      this.#epoll.register(source, events | EPOLLONESHOT);
    }
  }

  wait(): Promise<Ready> {
    return this.#epoll.poll();
  }

  close(): void {
    this.#epoll.close();
  }
}

/** Rounds in a row in which nothing was ready, before it takes breaks. */
const EAGER_ROUNDS = 100;
const BREAK_MS = 1;

/** Waits for nothing: asks all sources in rounds, with a pass in between. */
export class RoundsMultiplexer implements Multiplexer {
  readonly #wanted = new Map<Watchable, number>();
  readonly #doorbell = new Doorbell();
  readonly #closing = new AbortController();

  want(source: Watchable, events: number): void {
    if (events === 0) this.#wanted.delete(source);
    else this.#wanted.set(source, events);
  }

  async wait(): Promise<Ready> {
    for (let rounds = 0; !this.#closing.signal.aborted; rounds++) {
      const ready = this.#round();
      if (ready.length > 0) return ready;
      await (rounds < EAGER_ROUNDS ? this.#doorbell.ring() : this.#break());
    }
    return [];
  }

  close(): void {
    this.#closing.abort();
    this.#doorbell.close();
  }

  async #break(): Promise<void> {
    const { signal } = this.#closing;
    await sleep(BREAK_MS, { signal }).catch(() => {}); // closed meanwhile
  }

  #round(): [Watchable, number][] {
    const ready: [Watchable, number][] = [];
    for (const [source, wanted] of this.#wanted) {
      const events = source[readiness].events & wanted;
      if (events === 0) source[readiness].arm(wanted);
      else ready.push([source, events]);
    }
    return ready;
  }
}
