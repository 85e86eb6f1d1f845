import { type Failure, failureOf, times } from "./_failure.ts";
import type { Machine } from "./_machine.ts";
import type { Packet } from "./packet.ts";
import type { RetransmissionTimer } from "./_retransmission_timer.ts";

/** What an {@linkcode Opening} needs to know. */
export interface OpeningOptions {
  /** RRQ or WRQ. */
  readonly packet: Uint8Array<ArrayBuffer>;
  /** Waits between repetitions. */
  readonly timer: RetransmissionTimer;
  /** How often to repeat before giving up. */
  readonly retries: number;
}

/**
 * The first exchange of a client: repeats its request until there is a reply.
 *
 * ```
 *  state    │ ERROR  │ a reply  │ deadline
 *  ─────────┼────────┼──────────┼──────────────────────────────────────
 *  asking   │ failed │ answered │ repeat the request; too often: failed
 *  answered, failed          nothing matters any more
 * ```
 *
 * What the reply means is decided by whoever opened: one who reads continues with
 * OACK or DATA 1, one who writes with OACK or ACK 0.
 */
export class Opening implements Machine {
  readonly #options: OpeningOptions;
  #reply: Packet | undefined;
  #failure: Failure | undefined;
  #deadline = Infinity;
  #due = true;
  #askedAt = 0;
  #attempts = 0;

  constructor(options: OpeningOptions) {
    this.#options = options;
  }

  get deadline(): number {
    return this.#deadline;
  }

  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** The first packet that came back; its data is a copy. */
  get reply(): Packet | undefined {
    return this.#reply;
  }

  /** Packets that were sent again. */
  get retransmissions(): number {
    return this.#attempts;
  }

  handle(packet: Packet, now: number): void {
    if (this.#failure !== undefined || this.#reply !== undefined) return;
    this.#deadline = Infinity;
    this.#due = false;
    if (this.#attempts === 0) this.#options.timer.sample(now - this.#askedAt);
    if (packet.type === "error") {
      this.#failure = failureOf(packet);
    } else if (packet.type === "data") {
      this.#reply = { ...packet, data: packet.data.slice() };
    } else {
      this.#reply = packet;
    }
  }

  expire(now: number): void {
    if (now < this.#deadline) return;
    this.#deadline = Infinity;
    if (this.#attempts >= this.#options.retries) {
      this.#failure = {
        code: "no-answer",
        reason: `no answer after ${times(this.#attempts + 1)}`,
        tellPeer: false, // there is nobody
      };
      return;
    }
    this.#attempts++;
    this.#options.timer.backOff();
    this.#due = true;
  }

  next(now: number): Uint8Array<ArrayBuffer> | undefined {
    if (!this.#due) return undefined;
    this.#due = false;
    this.#askedAt = now;
    this.#deadline = now + this.#options.timer.waitMs;
    return this.#options.packet;
  }
}
