/** Shortest wait, in milliseconds: below it, a busy event loop looks like loss. */
const FLOOR_MS = 20;

/** Wait before anything was measured, in milliseconds. */
const INITIAL_MS = 250;

/** How much longer a wait may get by chance, so that peers fall out of step. */
const JITTER = 0.25;

/**
 * How long to wait for an answer before sending again.
 *
 * Source: RFC 6298 sections 2 and 5 with another floor and first value: a boot
 * server is on the same network, and a second lost per packet is what makes TFTP
 * slow. Samples must obey Karn's rule (section 3): never from a packet that was
 * sent twice. A wait that was doubled stays so until the next sample.
 */
export class RetransmissionTimer {
  readonly #ceilingMs: number;
  readonly #random: () => number;
  #smoothedMs: number | undefined;
  #variationMs = 0;
  #waitMs: number;

  /**
   * Starts without a measurement.
   *
   * @param ceilingMs Longest wait, in milliseconds.
   * @param random Source of the jitter, 0 to 1.
   */
  constructor(ceilingMs: number, random: () => number = Math.random) {
    this.#ceilingMs = ceilingMs;
    this.#random = random;
    this.#waitMs = Math.min(INITIAL_MS, ceilingMs);
  }

  /** How long to wait now, in milliseconds. */
  get waitMs(): number {
    return this.#waitMs;
  }

  /** Smoothed round-trip time in milliseconds, once there was a sample. */
  get roundTripMs(): number | undefined {
    return this.#smoothedMs;
  }

  /** Learns from the round trip of a packet that was sent once. */
  sample(roundTripMs: number): void {
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = roundTripMs;
      this.#variationMs = roundTripMs / 2;
    } else {
      const error = Math.abs(this.#smoothedMs - roundTripMs);
      this.#variationMs += (error - this.#variationMs) / 4;
      this.#smoothedMs += (roundTripMs - this.#smoothedMs) / 8;
    }
    const waitMs = this.#smoothedMs + 4 * this.#variationMs;
    this.#waitMs = Math.min(Math.max(waitMs, FLOOR_MS), this.#ceilingMs);
  }

  /** Doubles the wait, with jitter, after one that was in vain. */
  backOff(): void {
    const jitter = 1 + JITTER * this.#random();
    this.#waitMs = Math.min(this.#waitMs * 2 * jitter, this.#ceilingMs);
  }
}
