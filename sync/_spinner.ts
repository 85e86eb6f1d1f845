/**
 * How often to look before parking, which costs some 19 µs each way. More would
 * hurt as soon as there are more threads than cores.
 */
const SPINS = navigator.hardwareConcurrency > 1 ? 100 : 0;

/** Somewhat more than it takes to wake a thread, in milliseconds. */
const WAKING_MS = 0.05;

/** Looks between two looks at the clock. */
const BATCH = 50;

/**
 * Looks for something before its thread blocks: for as long as waking it would
 * take, where that was not in vain before; otherwise shortly, since there may be
 * more threads than cores.
 */
export class Spinner {
  readonly #mostMs: number;
  #budgetMs: number;

  /** @param patient Whether it pays at all to look for longer. */
  constructor(patient = true) {
    this.#mostMs = patient && SPINS > 0 ? WAKING_MS : 0;
    this.#budgetMs = this.#mostMs;
  }

  /** Whether something came to be while it was looked for. */
  until(found: () => boolean): boolean {
    for (let left = SPINS; left > 0; left--) if (found()) return this.#paid();
    if (this.#budgetMs < WAKING_MS / 16) return false;
    const end = performance.now() + this.#budgetMs;
    do {
      for (let left = BATCH; left > 0; left--) if (found()) return this.#paid();
    } while (performance.now() < end);
    this.#budgetMs *= 7 / 8;
    return false;
  }

  #paid(): true {
    this.#budgetMs = this.#mostMs;
    return true;
  }
}
