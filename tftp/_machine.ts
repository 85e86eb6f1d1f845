import type { Rollover } from "./_block_number.ts";
import type { Failure } from "./_failure.ts";
import type { Packet } from "./packet.ts";

/** What both sides agreed on before the first block. */
export interface Agreement {
  /** Octets in every block but the last, 8 to 65464. */
  readonly blockSize: number;
  /** Blocks sent before an acknowledgement is awaited. */
  readonly windowBlocks: number;
  /** What follows block 65535. Default: 0. */
  readonly rollover?: Rollover | undefined;
}

/**
 * The protocol without its surroundings: packets and the time go in, packets
 * and deadlines come out. No sockets, no files, no clock of its own.
 *
 * Whoever drives it repeats: send what `next()` gives until it gives nothing,
 * then wait for a packet until `deadline`, and tell the machine which of the two
 * happened.
 */
export interface Machine {
  /** When `expire()` wants to be called; `Infinity` for never. */
  readonly deadline: number;
  /** How it failed, once it did. */
  readonly failure: Failure | undefined;
  /** Takes a packet from the peer in. */
  handle(packet: Packet, now: number): void;
  /** Learns that the deadline has passed. */
  expire(now: number): void;
  /**
   * The next packet to send, `undefined` for none. It belongs to the machine
   * and must have left before the machine is given more data to send.
   */
  next(now: number): Uint8Array<ArrayBuffer> | undefined;
}
