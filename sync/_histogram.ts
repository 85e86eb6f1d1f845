/** Steps of the scale in which a value doubles. */
const STEPS = 16;

/** Values from 1 to 2 ** 40; what is smaller counts as 1. */
const BUCKETS = 40 * STEPS;

/** How often which values occurred, each to some 5 percent. */
export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS);
  #total = 0;
  #max = 0;

  /** Counts a value. */
  add(value: number): void {
    const step = value > 1 ? Math.ceil(Math.log2(value) * STEPS) : 0;
    this.#counts[Math.min(step, BUCKETS - 1)]! += 1;
    this.#total++;
    if (value > this.#max) this.#max = value;
  }

  /** The largest value; 0 if there is none. */
  get max(): number {
    return this.#max;
  }

  /** The least value that a part of all, from 0 to 1, does not exceed. */
  percentile(part: number): number {
    const wanted = part * this.#total;
    let seen = 0;
    for (let step = 0; step < BUCKETS; step++) {
      seen += this.#counts[step]!;
      if (seen >= wanted) return Math.min(2 ** (step / STEPS), this.#max);
    }
    return this.#max;
  }
}
