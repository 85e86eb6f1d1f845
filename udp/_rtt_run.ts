import type { HostPort } from "../mux/addr.ts";
import { ProbeCodec } from "./_rtt_probe.ts";
import { RttTally } from "./_rtt_tally.ts";
import type { RttProbe, RttStatistics } from "./rtt.ts";

/** The options of `rtt()`, complete and checked. */
export interface RttPlan {
  readonly addr: HostPort;
  readonly count: number;
  readonly intervalMs: number;
  readonly bytes: number;
  readonly lossMs: number;
  readonly onProbe: ((probe: RttProbe) => void) | undefined;
}

/**
 * The course of one measurement: what to send when, and what an answer means.
 *
 * It has no socket and no clock; every `now` comes from the caller.
 *
 * ```
 *  probe:  due ── send() ──► pending ── arrived() in time ──► answered ─┐
 *                              │                                ▲      │ arrived()
 *                              └── expire() after lossMs ─► lost └──────┘ again:
 *                                  (what comes now is ignored)            duplicate
 * ```
 */
export class RttRun {
  readonly #plan: RttPlan;
  readonly #codec: ProbeCodec;
  readonly #tally: RttTally = new RttTally();
  readonly #pending: Map<number, number> = new Map(); // when sent, in order
  readonly #answered: Set<number> = new Set();
  #sent = 0;
  #dueAt: number;

  constructor(plan: RttPlan, now: number) {
    this.#plan = plan;
    this.#codec = new ProbeCodec(plan.bytes);
    this.#dueAt = now;
  }

  /** Whether every probe is answered or lost. */
  get done(): boolean {
    return this.#sent === this.#plan.count && this.#pending.size === 0;
  }

  /** When to look again, if nothing arrives before. */
  get wakeAt(): number {
    const [oldest = Infinity] = this.#pending.values();
    const dueAt = this.#sent < this.#plan.count ? this.#dueAt : Infinity;
    return Math.min(oldest + this.#plan.lossMs, dueAt);
  }

  get statistics(): RttStatistics {
    return this.#tally.statistics;
  }

  /** The next probe, if it is time for it. */
  send(now: number): Uint8Array<ArrayBuffer> | undefined {
    if (this.#sent === this.#plan.count || now < this.#dueAt) return undefined;
    this.#dueAt = Math.max(this.#dueAt + this.#plan.intervalMs, now);
    this.#pending.set(this.#sent, now);
    return this.#codec.encode(this.#sent++);
  }

  /** Takes what the peer sent. */
  arrived(data: Uint8Array<ArrayBuffer>, now: number): void {
    const sequence = this.#codec.decode(data);
    if (sequence === undefined) return;
    const ms = now - (this.#pending.get(sequence) ?? NaN);
    if (ms < this.#plan.lossMs) {
      this.#pending.delete(sequence);
      this.#answered.add(sequence);
      this.#tally.answered(ms);
      this.#report(sequence, ms);
    } else if (this.#answered.has(sequence)) {
      this.#tally.duplicate();
    }
  }

  /** Gives up the probes whose time is over. */
  expire(now: number): void {
    for (const [sequence, sentAt] of this.#pending) {
      if (now - sentAt < this.#plan.lossMs) break;
      this.#pending.delete(sequence);
      this.#tally.lost();
      this.#report(sequence, undefined);
    }
  }

  #report(sequence: number, ms: number | undefined): void {
    const { addr, bytes, onProbe } = this.#plan;
    onProbe?.({ sequence, bytes, addr, ms });
  }
}
