import { blocksAhead, toWire } from "./_block_number.ts";
import { type Failure, failureOf, times } from "./_failure.ts";
import type { Agreement, Machine } from "./_machine.ts";
import { OPCODE, type Packet } from "./packet.ts";
import type { RetransmissionTimer } from "./_retransmission_timer.ts";

/** What a {@linkcode Sender} needs to know. */
export interface SenderOptions extends Agreement {
  /** Waits between repetitions. */
  readonly timer: RetransmissionTimer;
  /** How often in a row to repeat before giving up. */
  readonly retries: number;
  /**
   * Blocks that were sent and acknowledged before: 1 where block 1 answered the
   * request. The data that is loaded begins behind them. Default: 0.
   */
  readonly acknowledged?: 0 | 1 | undefined;
}

/**
 * The side that sends DATA: a server that is read, a client that writes.
 *
 * ```
 *  state    │ ACK, block in flight │ another ACK │ deadline          │ ERROR
 *  ─────────┼──────────────────────┼─────────────┼───────────────────┼────────
 *  sending  │ base moves; the last │ ignored     │ back to base and  │ failed
 *           │ one: done            │             │ repeat the window │
 *  done, failed                 nothing matters any more
 * ```
 *
 * A repetition too many leads to failed from everywhere, and so does a packet
 * that a receiver never sends (DATA, a request).
 *
 * Blocks are counted from 1 without wrapping; only the wire wraps, 65535 being
 * followed by 0. In flight are `base` to `highest`; an ACK of any of them moves
 * `base` behind it and starts the next window there (RFC 7440 section 4). Any
 * other ACK is a duplicate, or from the future: it restarts no timer and repeats
 * nothing, so nobody can start the Sorcerer's Apprentice (RFC 1123 section
 * 4.2.3.1).
 *
 * ```
 *            base        cursor      loaded      base + window
 *   ──acked────┼──in flight──┼──to send──┼──free slots──┼───
 * ```
 */
export class Sender implements Machine {
  readonly #options: SenderOptions;
  /** Packets of the window, block b in slot b % window; made when needed. */
  readonly #slots: Uint8Array<ArrayBuffer>[] = [];
  readonly #lengths: number[] = [];
  readonly #sentAt: number[] = [];
  #done = false;
  #failure: Failure | undefined;
  #deadline = Infinity;
  /** First block that is not acknowledged. */
  #base: number;
  /** Next block to send. */
  #cursor: number;
  /** Last block that was ever sent. */
  #highest: number;
  /** Blocks up to this one were sent twice: no sample from them. */
  #repeatedUpTo = 0;
  /** Last block that is complete in its slot. */
  #loaded: number;
  /** Octets in the slot behind it. */
  #partial = 0;
  /** Whether there is no more data. */
  #ended = false;
  /** The last block of all, once it is loaded. */
  #final = Infinity;
  #attempts = 0;
  #retransmissions = 0;

  constructor(options: SenderOptions) {
    const { acknowledged = 0 } = options;
    this.#options = options;
    this.#base = this.#cursor = acknowledged + 1;
    this.#highest = this.#loaded = acknowledged;
  }

  get deadline(): number {
    return this.#deadline;
  }

  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Whether the last block was acknowledged. */
  get done(): boolean {
    return this.#done;
  }

  /** Blocks that were acknowledged. */
  get blocks(): number {
    return this.#base - 1;
  }

  /** Packets that were sent again. */
  get retransmissions(): number {
    return this.#retransmissions;
  }

  /** Whether `load()` would take at least one octet, or `finish()` is due. */
  get wantsData(): boolean {
    return !this.#ended && this.#hasRoom();
  }

  /**
   * Copies data into free slots. Packets of blocks that were acknowledged are
   * overwritten, so their sending must have settled.
   *
   * @returns How many octets were taken.
   */
  load(data: Uint8Array): number {
    const { blockSize } = this.#options;
    let taken = 0;
    while (taken < data.length && this.#hasRoom()) {
      const room = blockSize - this.#partial;
      const piece = data.subarray(taken, taken + room);
      this.#slot(this.#loaded + 1).set(piece, 4 + this.#partial);
      this.#partial += piece.length;
      taken += piece.length;
      if (this.#partial === blockSize) this.#completeBlock();
    }
    return taken;
  }

  /** There is no more data: what is loaded so far, even nothing, ends it. */
  finish(): void {
    this.#ended = true;
    this.#completeFinal();
  }

  next(now: number): Uint8Array<ArrayBuffer> | undefined {
    if (this.#failure !== undefined) return undefined;
    const { windowBlocks, timer } = this.#options;
    const block = this.#cursor;
    if (block > this.#loaded || block >= this.#base + windowBlocks) {
      return undefined;
    }
    const slot = block % windowBlocks;
    if (block <= this.#highest) {
      this.#retransmissions++;
      this.#repeatedUpTo = Math.max(this.#repeatedUpTo, block);
    } else {
      this.#highest = block;
    }
    this.#sentAt[slot] = now;
    this.#cursor++;
    if (this.#deadline === Infinity) this.#deadline = now + timer.waitMs;
    return this.#slots[slot]!.subarray(0, this.#lengths[slot]);
  }

  handle(packet: Packet, now: number): void {
    if (this.#failure !== undefined || this.#done) return;
    switch (packet.type) {
      case "ack":
        this.#acknowledge(packet.block, now);
        return;
      case "error":
        this.#fail(failureOf(packet));
        return;
      case "oack": // repeated because our first block was lost
        return;
      default:
        this.#fail({
          code: "illegal-operation",
          reason: `got ${packet.type.toUpperCase()} where ACK was due`,
          tellPeer: true,
        });
    }
  }

  expire(now: number): void {
    if (now < this.#deadline || this.#failure !== undefined) return;
    this.#deadline = Infinity;
    const { retries, timer } = this.#options;
    if (this.#attempts++ >= retries) return this.#giveUp();
    timer.backOff();
    this.#cursor = this.#base;
  }

  #acknowledge(wire: number, now: number): void {
    const { windowBlocks, timer, rollover = 0 } = this.#options;
    const block = this.#base + blocksAhead(wire, this.#base, rollover);
    if (block > this.#highest) return; // a duplicate, or from the future
    if (block > this.#repeatedUpTo) {
      timer.sample(now - this.#sentAt[block % windowBlocks]!);
    }
    this.#base = this.#cursor = block + 1;
    this.#attempts = 0;
    this.#deadline = Infinity; // set again by the next block that is sent
    if (block >= this.#final) this.#done = true;
    else this.#completeFinal();
  }

  #giveUp(): void {
    this.#fail(
      this.#highest >= this.#final
        ? {
          code: "unconfirmed",
          reason: "everything was sent, but the last block not acknowledged",
          tellPeer: false,
        }
        : {
          code: "no-answer",
          reason: `no answer to block ${this.#base} after ${
            times(this.#attempts)
          }`,
          tellPeer: true,
        },
    );
  }

  #fail(failure: Failure): void {
    this.#failure = failure;
    this.#deadline = Infinity;
  }

  #hasRoom(): boolean {
    return this.#loaded + 1 < this.#base + this.#options.windowBlocks;
  }

  /** The packet of a block, its header in place. */
  #slot(block: number): Uint8Array<ArrayBuffer> {
    const { blockSize, windowBlocks, rollover = 0 } = this.#options;
    const packet = this.#slots[block % windowBlocks] ??= new Uint8Array(
      4 + blockSize,
    );
    const number = toWire(block, rollover);
    packet[1] = OPCODE.DATA;
    packet[2] = number >> 8;
    packet[3] = number;
    return packet;
  }

  #completeBlock(): void {
    this.#loaded++;
    this.#lengths[this.#loaded % this.#options.windowBlocks] = 4 +
      this.#partial;
    this.#partial = 0;
  }

  /** The final block is shorter than the others; it may have to wait for room. */
  #completeFinal(): void {
    if (!this.#ended || this.#final < Infinity || !this.#hasRoom()) return;
    this.#slot(this.#loaded + 1);
    this.#completeBlock();
    this.#final = this.#loaded;
  }
}
