import type { Input } from "./_input.ts";

const FIRST_BYTES = 1024;

/**
 * Puts together what comes in pieces. Its memory grows with what has arrived, to
 * twice as much at most, and never with what somebody claims is to come.
 */
export class Collector {
  #buffer = new Uint8Array();
  #have = 0;

  /** Octets that are here. */
  get have(): number {
    return this.#have;
  }

  /** What is here; a view, until more comes. */
  get octets(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#have);
  }

  /**
   * Takes so many octets together, once they are all here; until then it keeps
   * those that are, and must be asked for the same number again.
   *
   * @returns A copy.
   */
  take(input: Input, need: number): Uint8Array<ArrayBuffer> | undefined {
    if (this.#have === 0 && input.length >= need) return input.copy(need);
    this.add(input.view(need - this.#have), need);
    return this.#have < need ? undefined : this.finish();
  }

  /**
   * Keeps a copy of octets.
   *
   * @param most How many there can be in the end, as far as is known.
   */
  add(octets: Uint8Array, most: number): void {
    if (octets.length === 0) return;
    const size = this.#have + octets.length;
    if (size > this.#buffer.length) {
      const grown = new Uint8Array(
        Math.max(size, Math.min(most, Math.max(2 * size, FIRST_BYTES))),
      );
      grown.set(this.octets);
      this.#buffer = grown;
    }
    this.#buffer.set(octets, this.#have);
    this.#have = size;
  }

  /** Hands out what is here, and begins anew. */
  finish(): Uint8Array<ArrayBuffer> {
    const whole = this.#have === this.#buffer.length
      ? this.#buffer
      : this.#buffer.slice(0, this.#have);
    this.clear();
    return whole;
  }

  /** Forgets what is here. */
  clear(): void {
    this.#buffer = new Uint8Array();
    this.#have = 0;
  }
}
