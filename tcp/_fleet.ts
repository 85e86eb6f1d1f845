/** A server that several members share; see `_model.ts`. */
import type { ServerStats, ShutdownOptions } from "../mux/server.ts";
import type { Backend, Member } from "./_model.ts";
import { keepFilled } from "./_place.ts";

/** What a {@linkcode Fleet} is made of. */
export interface FleetOptions {
  /** Address that the members share. */
  readonly addr: Deno.Addr;
  /** How many members there are. */
  readonly size: number;
  /** Starts the member of a place, counted from 0; again when it has died. */
  start(index: number): Member;
  /** Called when all members are there, before anybody is told. */
  onReady?: (() => void | Promise<void>) | undefined;
  /** Called with the address after that. */
  onListen?: ((addr: Deno.Addr) => void) | undefined;
  /** Gives back what is shared, after the last member. */
  close?: (() => void | Promise<void>) | undefined;
  /** The time in milliseconds; for tests. */
  now?: (() => number) | undefined;
}

/**
 * Members that serve one address. Who dies is replaced; the fleet ends if one dies
 * again and again.
 */
export class Fleet implements Backend {
  readonly addr: Deno.Addr;
  readonly #options: FleetOptions;
  readonly #members = new Set<Member>();
  /** What those have done who are gone. */
  #past: ServerStats = {
    taken: 0,
    handled: 0,
    failed: 0,
    refused: 0,
    inFlight: 0,
  };
  #state: "new" | "serving" | "closed" = "new";
  #missing: number;
  #finished: Promise<number> | undefined;

  /** @throws {RangeError} If there is not at least one member. */
  constructor(options: FleetOptions) {
    const { addr, size } = options;
    if (!(Number.isInteger(size) && size >= 1)) {
      throw new RangeError(
        `Cannot serve: size must be a whole number of at least 1, got ${size}`,
      );
    }
    this.addr = addr;
    this.#options = options;
    this.#missing = size;
  }

  get stats(): ServerStats {
    return [...this.#members].map(({ stats }) => stats).reduce(sum, this.#past);
  }

  async serveForever(): Promise<void> {
    if (this.#state !== "new") {
      throw new TypeError(`Cannot serve: the server is ${this.#state} already`);
    }
    this.#state = "serving";
    const places = { length: this.#options.size };
    try {
      await Promise.all(Array.from(places, (_, index) => this.#keep(index)));
    } finally {
      await this.shutdown();
    }
  }

  async shutdown(options: ShutdownOptions = {}): Promise<number> {
    const { graceMs = 10_000 } = options;
    if (!(graceMs >= 0)) {
      throw new RangeError(
        `Cannot shut down: graceMs must be 0 or more, got ${graceMs}`,
      );
    }
    this.#state = "closed";
    const left = [...this.#members].map(async (member) => {
      try {
        return await member.shutdown(options);
      } catch {
        return 0; // it died on the way
      }
    });
    return await (this.#finished ??= this.#finish(left));
  }

  close(): void {
    this.#state = "closed";
    for (const member of this.#members) member.close();
    this.#finished ??= this.#finish([]);
  }

  #keep(index: number): Promise<void> {
    const { now } = this.#options;
    return keepFilled({
      name: `member ${index}`,
      isOver: () => this.#state === "closed",
      start: () => {
        const member = this.#options.start(index);
        this.#members.add(member);
        return member;
      },
      onReady: () => this.#count(),
      onGone: (member) => {
        this.#members.delete(member);
        this.#past = sum(this.#past, fateOf(member.stats));
      },
      ...(now === undefined ? {} : { now }),
    });
  }

  /** Tells the world when the last one is there. */
  async #count(): Promise<void> {
    const { addr, onReady, onListen } = this.#options;
    if (--this.#missing > 0) return;
    await onReady?.();
    if (this.#state === "serving") onListen?.(addr);
  }

  async #finish(left: readonly Promise<number>[]): Promise<number> {
    const counts = await Promise.all(left);
    const members = [...this.#members];
    for (const member of members) member.close(); // with whom it left behind
    await Promise.allSettled(members.map(({ gone }) => gone));
    await this.#options.close?.();
    return counts.reduce((all, count) => all + count, 0);
  }
}

/** Connections that were in flight have failed. */
function fateOf(stats: ServerStats): ServerStats {
  return { ...stats, failed: stats.failed + stats.inFlight, inFlight: 0 };
}

function sum(one: ServerStats, other: ServerStats): ServerStats {
  return {
    taken: one.taken + other.taken,
    handled: one.handled + other.handled,
    failed: one.failed + other.failed,
    refused: one.refused + other.refused,
    inFlight: one.inFlight + other.inFlight,
  };
}
