import type { RttStatistics } from "./rtt.ts";

/**
 * Sums up probes as they are settled, in constant memory.
 *
 * The variance is updated by Welford's method: mean(x²) - mean(x)² would cancel
 * out for times that are long and close to each other.
 */
export class RttTally {
  #received = 0;
  #lost = 0;
  #duplicates = 0;
  #minMs = Infinity;
  #maxMs = -Infinity;
  #meanMs = 0;
  #squares = 0;

  answered(ms: number): void {
    this.#received++;
    this.#minMs = Math.min(this.#minMs, ms);
    this.#maxMs = Math.max(this.#maxMs, ms);
    const distance = ms - this.#meanMs;
    this.#meanMs += distance / this.#received;
    this.#squares += distance * (ms - this.#meanMs);
  }

  lost(): void {
    this.#lost++;
  }

  duplicate(): void {
    this.#duplicates++;
  }

  get statistics(): RttStatistics {
    const any = this.#received > 0;
    return {
      sent: this.#received + this.#lost,
      received: this.#received,
      lost: this.#lost,
      duplicates: this.#duplicates,
      minMs: any ? this.#minMs : undefined,
      avgMs: any ? this.#meanMs : undefined,
      maxMs: any ? this.#maxMs : undefined,
      stddevMs: any ? Math.sqrt(this.#squares / this.#received) : undefined,
    };
  }
}
