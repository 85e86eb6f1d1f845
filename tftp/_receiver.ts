import { blocksAhead, toWire } from "./_block_number.ts";
import { type Failure, failureOf, times } from "./_failure.ts";
import type { Agreement, Machine } from "./_machine.ts";
import { encodeAck, type Packet } from "./packet.ts";
import type { RetransmissionTimer } from "./_retransmission_timer.ts";

/** What a {@linkcode Receiver} needs to know. */
export interface ReceiverOptions extends Agreement {
  /** Waits between repetitions. */
  readonly timer: RetransmissionTimer;
  /** How often in a row to repeat before giving up. */
  readonly retries: number;
  /**
   * Packet that asks for block 1: an OACK or ACK 0; missing where block 1 is
   * here already, in answer to the request.
   */
  readonly opening?: Uint8Array<ArrayBuffer> | undefined;
  /** Least time to answer repetitions of the last block, in milliseconds. */
  readonly dallyMs: number;
}

/**
 * The side that receives DATA: a client that reads, a server that is written.
 *
 * ```
 *  state      │ block due          │ other block        │ deadline
 *  ───────────┼────────────────────┼────────────────────┼──────────────────────
 *  opening    │ receiving          │ repeat the opening │ repeat the opening
 *  receiving  │ store; full window │ drop; acknowledge  │ part of a window is
 *             │ or last: see below │ the last in order, │ here: acknowledge it;
 *             │                    │ once per burst     │ else repeat the ACK
 *  complete   │ –                  │ ignored            │ never: our disk's turn
 *  dallying   │ –                  │ acknowledge again  │ done
 *  done, failed                 nothing matters any more
 * ```
 *
 * ERROR, a block that is too long, a packet that a sender never sends (ACK, a
 * request) and a repetition too many lead to failed from opening and receiving.
 *
 * The last block, shorter than the others, leads to complete: nothing is
 * acknowledged before `commit()` says that the file is safe. Then the ACK leaves
 * and is repeated while the peer repeats the block (dallying).
 *
 * "Once per burst": out-of-order blocks with rising numbers are the rest of one
 * window. They are answered by one ACK (RFC 7440 section 4.1), which may get
 * lost; a number that does not rise is a new burst, answered again.
 */
export class Receiver implements Machine {
  readonly #options: ReceiverOptions;
  #state: "opening" | "receiving" | "complete" | "dallying" | "done" =
    "receiving";
  #failure: Failure | undefined;
  #deadline = Infinity;
  /** Next block in order, counted from 1 without wrapping. */
  #due = 1;
  /** Blocks since the last ACK. */
  #unacknowledged = 0;
  /** Whether the ACK, or the opening, is to be sent. */
  #answerDue = false;
  /** Last block that was acknowledged, and when. */
  #acknowledged = 0;
  /** One for all: if an older one has not left yet, the newer one says more. */
  readonly #ack: Uint8Array<ArrayBuffer> = encodeAck(0);
  #answeredAt = 0;
  /** Whether that ACK was sent more than once: no sample from its answer. */
  #repeated = false;
  #everAnswered = false;
  /** Highest out-of-order block of this burst. */
  #burst = Infinity;
  #attempts = 0;
  #retransmissions = 0;
  #duplicates = 0;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    if (options.opening !== undefined) {
      this.#state = "opening";
      this.#answerDue = true;
    }
  }

  get deadline(): number {
    return this.#deadline;
  }

  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Whether the last block is here, and `commit()` is due. */
  get complete(): boolean {
    return this.#state === "complete";
  }

  /** Whether nothing is left to do, not even dallying. */
  get done(): boolean {
    return this.#state === "done";
  }

  /** Whether the peer has answered the opening, or there was none. */
  get opened(): boolean {
    return this.#state !== "opening";
  }

  /** Blocks that arrived in order. */
  get blocks(): number {
    return this.#due - 1;
  }

  /** Acknowledgements that were sent again. */
  get retransmissions(): number {
    return this.#retransmissions;
  }

  /** Blocks that came twice or out of order, and were dropped. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** Takes a packet in; answers the data if it was the block that is due. */
  handle(packet: Packet, now: number): Uint8Array | undefined {
    if (this.#failure !== undefined || this.#deaf(packet)) return undefined;
    switch (packet.type) {
      case "data":
        return this.#receive(packet.block, packet.data, now);
      case "error":
        this.#fail(failureOf(packet));
        return undefined;
      case "oack": // repeated because our ACK 0 was lost
        if (this.#state === "opening") this.#answerDue = true;
        return undefined;
      default:
        this.#fail({
          code: "illegal-operation",
          reason: `got ${packet.type.toUpperCase()} where DATA was due`,
          tellPeer: true,
        });
        return undefined;
    }
  }

  /** The file is safe: acknowledges the last block. */
  commit(): void {
    this.#state = "dallying";
    this.#answerDue = true;
  }

  expire(now: number): void {
    if (now < this.#deadline || this.#failure !== undefined) return;
    this.#deadline = Infinity;
    if (this.#state === "dallying") {
      this.#state = "done";
      return;
    }
    this.#answerDue = true;
    if (this.#unacknowledged > 0) return; // early, for the part that is here
    if (this.#attempts++ >= this.#options.retries) {
      return this.#fail({
        code: "no-answer",
        reason: `no block ${this.#due} after ${times(this.#attempts)}`,
        tellPeer: true,
      });
    }
    this.#options.timer.backOff();
  }

  next(now: number): Uint8Array<ArrayBuffer> | undefined {
    if (!this.#answerDue || this.#failure !== undefined) return undefined;
    const { timer, dallyMs, opening, rollover = 0 } = this.#options;
    this.#answerDue = false;
    this.#unacknowledged = 0;
    this.#repeated = this.#everAnswered && this.#acknowledged === this.#due - 1;
    if (this.#repeated) this.#retransmissions++;
    this.#everAnswered = true;
    this.#acknowledged = this.#due - 1;
    this.#answeredAt = now;
    // Only progress moves a deadline: who repeats himself cannot keep us here.
    if (this.#deadline === Infinity) {
      const dally = Math.max(2 * timer.waitMs, dallyMs);
      this.#deadline = now +
        (this.#state === "dallying" ? dally : timer.waitMs);
    }
    if (this.#state === "opening") return opening;
    const block = toWire(this.#acknowledged, rollover);
    this.#ack[2] = block >> 8;
    this.#ack[3] = block;
    return this.#ack;
  }

  #receive(
    wire: number,
    data: Uint8Array,
    now: number,
  ): Uint8Array | undefined {
    const { blockSize, windowBlocks, timer, rollover = 0 } = this.#options;
    const ahead = blocksAhead(wire, this.#due, rollover);
    if (ahead !== 0 || this.#state === "dallying") {
      // The nearest block that looks like this on the wire.
      const turns = ahead < 0x8000 ? 0 : 0x10000 - rollover;
      this.#dropped(this.#due + ahead - turns);
      return undefined;
    }
    if (data.length > blockSize) {
      this.#fail({
        code: "illegal-operation",
        reason:
          `block ${this.#due} has ${data.length} octets, agreed were ${blockSize}`,
        tellPeer: true,
      });
      return undefined;
    }
    if (this.#unacknowledged === 0 && this.#everAnswered && !this.#repeated) {
      timer.sample(now - this.#answeredAt);
    }
    this.#state = "receiving";
    this.#due++;
    this.#unacknowledged++;
    this.#attempts = 0;
    this.#burst = Infinity;
    this.#deadline = now + timer.waitMs;
    if (data.length < blockSize) {
      this.#state = "complete";
      this.#deadline = Infinity;
    } else if (this.#unacknowledged >= windowBlocks) {
      this.#answerDue = true;
    }
    return data;
  }

  /** Once the file is whole, nothing that comes can spoil it. */
  #deaf(packet: Packet): boolean {
    const state = this.#state;
    return state === "complete" || state === "done" ||
      (state === "dallying" && packet.type !== "data");
  }

  #dropped(block: number): void {
    this.#duplicates++;
    // A copy inside the window: its ACK is still to come.
    if (block > this.#acknowledged && block < this.#due) return;
    if (block <= this.#burst) this.#answerDue = true;
    this.#burst = block;
  }

  #fail(failure: Failure): void {
    this.#failure = failure;
    this.#deadline = Infinity;
  }
}
