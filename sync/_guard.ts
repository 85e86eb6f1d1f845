import type { Guard } from "./guard.ts";

/** What a guard gives back to. */
export interface Guarded {
  /** Gives back an acquisition, unless it is over already. */
  releaseBy(acquisition: number): void;
}

/** The guard of everything here. */
export class OnceGuard implements Guard {
  readonly #guarded: Guarded;
  readonly #acquisition: number;
  #spent = false;

  constructor(guarded: Guarded, acquisition = 0) {
    this.#guarded = guarded;
    this.#acquisition = acquisition;
  }

  release(): void {
    if (this.#spent) return;
    this.#spent = true;
    this.#guarded.releaseBy(this.#acquisition);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
