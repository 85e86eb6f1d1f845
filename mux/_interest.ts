/** A source that is waited for, and what was told of it. */
import { POLLERR, POLLHUP, POLLNVAL } from "./event_bits.ts";
import type { Readiness, Waitable, Watcher } from "./readiness.ts";

/** Reported whether they were asked for or not. */
const ALWAYS = POLLERR | POLLHUP | POLLNVAL;

/** When a source is reported. */
export interface Mode {
  /** When something comes, rather than as long as it is there. */
  readonly edge: boolean;
  /** Once, until it is modified. */
  readonly oneShot: boolean;
}

/** What a caller sees of it. */
export interface Interest<S extends Waitable, D> {
  readonly source: S;
  readonly events: number;
  readonly data: D;
}

/** See the top of this file. */
export class Entry<S extends Waitable, D> implements Interest<S, D>, Watcher {
  readonly source: S;
  readonly events: number;
  readonly data: D;
  readonly readiness: Readiness;
  /** As {@linkcode Mode.edge}; never for a source that is silent. */
  readonly edge: boolean;
  readonly #oneShot: boolean;
  readonly #onChange: (entry: Entry<S, D>) => void;
  /** Whether it is not reported any more. */
  isOff = false;
  /** What came since it was looked at. */
  #edges = 0;
  /** What was there then. */
  #seen = 0;

  constructor(
    { source, events, data }: Interest<S, D>,
    { edge, oneShot }: Mode,
    readiness: Readiness,
    onChange: (entry: Entry<S, D>) => void,
  ) {
    this.source = source;
    this.events = events;
    this.data = data;
    this.readiness = readiness;
    this.edge = edge && readiness.silent !== true;
    this.#oneShot = oneShot;
    this.#onChange = onChange;
  }

  /** What is ready of what is waited for. */
  get level(): number {
    return this.isOff ? 0 : this.readiness.events & (this.events | ALWAYS);
  }

  /** Starts what must be under way for its events to come. */
  arm(): void {
    if (!this.isOff) this.readiness.arm(this.events);
  }

  /**
   * Whether that level is to be told: always, or if some of it is new. What was
   * looked at once is not new again.
   */
  tells(level: number): boolean {
    const fresh = (this.#edges | (level & ~this.#seen)) & level;
    this.#edges = 0;
    this.#seen = level;
    const tells = this.edge ? fresh !== 0 : level !== 0;
    if (tells && this.#oneShot) this.isOff = true;
    return tells;
  }

  changed(edges: number): void {
    if (this.isOff) return;
    if (edges !== 0 && (edges & (this.events | ALWAYS)) === 0) return;
    this.#edges |= edges;
    this.#onChange(this);
  }
}
