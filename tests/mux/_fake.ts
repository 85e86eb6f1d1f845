import { POLLIN } from "../../mux/event_bits.ts";
import {
  type Readiness,
  readiness,
  type Watchable,
  type Watcher,
  Watchers,
} from "../../mux/readiness.ts";

/** So that a test that fails does not hang. */
export const LIMIT = { timeoutMs: 10_000 };

/** A source whose events the test sets; it counts what is asked of it. */
export class Fake implements Watchable, Readiness {
  /** How often it was asked what is ready. */
  looks = 0;
  /** What it was armed for, each time. */
  readonly arms: number[] = [];
  readonly watchers = new Watchers();
  #events: number;

  constructor(events = 0) {
    this.#events = events;
  }

  get [readiness](): Readiness {
    return this;
  }

  get events(): number {
    this.looks++;
    return this.#events;
  }

  /** Something comes, and whoever watches is told. */
  comes(events: number = POLLIN): void {
    this.#events |= events;
    this.watchers.tell(events);
  }

  /** All of it is taken. */
  goes(events: number = POLLIN): void {
    this.#events &= ~events;
    this.watchers.tell(0);
  }

  arm(events: number): void {
    this.arms.push(events);
  }

  watch(watcher: Watcher): void {
    this.watchers.add(watcher);
  }

  unwatch(watcher: Watcher): void {
    this.watchers.delete(watcher);
  }
}
