/**
 * One direction of a pipe, in shared memory.
 *
 * ```
 * block 0   those who wait to send       WANTED │ USER │ CLOSED
 *       1   those who wait to receive    WAITING
 * line      TAIL │ SERIAL                of the end that sends
 * line      HEAD                         of the end that receives
 *
 *            HEAD                 TAIL
 *             ▼                    ▼
 *   ┌────────┬──────┬─────┬───────┬──────────┐
 *   │  free  │ head, octets │ …   │   free   │   a power of 2 of octets
 *   └────────┴──────┴─────┴───────┴──────────┘
 * ```
 *
 * Positions only grow, in steps of 8 octets; where they are in the ring is their
 * remainder. Each is written by one end only, whose store is what makes messages
 * be there, or gone; and each end remembers where the other was, and looks again
 * only when that is not enough. So no step waits for the other end.
 *
 * - WANTED: how many steps of room somebody waits for; 0: nobody does.
 * - WAITING: whether somebody waits for a message. Who waits sets one of these,
 *   then looks again; the other end changes its position, then looks at these.
 *   One of the two sees the other.
 * - USER, CLOSED: of the end that sends; see `_pipe_users.ts`.
 *
 * A message that the ring has room for is there as a whole, or not at all. A
 * larger one travels in pieces:
 *
 * ```
 * step 0   head of the message │ octets of this piece    whole messages: 0, or an
 *      1   octets before it    │ number of the message   INTEGER without octets
 *      2…  octets
 * ```
 *
 * ```
 *              first piece                         last piece
 *   NOTHING ────────────────► BEGUN ───┐ next piece ────────► received
 *      ▲                       │  ▲────┘
 *      └───────────────────────┘ another message begins, or the end of the pipe
 * ```
 *
 * So one that is given up needs no mark, for which there might be no room: the
 * next one replaces it. Pieces of a message that has not begun here are dropped.
 */
import type { Memory } from "./_memory.ts";
import { OWN, PRIMITIVE_WORDS } from "./_nodes.ts";
import { copyIn, copyOut, Octets, type Scratch } from "./_octets.ts";
import { WaitQueue } from "./_park.ts";
import type { Registry } from "./_registry.ts";

/** Words that change while messages come and go have a cache line each. */
const LINE_WORDS = 16;

export const WANTED: number = OWN;
export const USER: number = OWN + 1;
export const CLOSED: number = OWN + 2;
export const WAITING: number = PRIMITIVE_WORDS + OWN;
export const TAIL: number = 2 * PRIMITIVE_WORDS;
export const SERIAL: number = TAIL + 1;
export const HEAD: number = TAIL + LINE_WORDS;
const RING: number = HEAD + LINE_WORDS;

/** Octets of a step, and how many bits that is. */
export const STEP_OCTETS = 8;
export const STEP_BITS = 3;

/** Steps of the head of a piece. */
export const PIECE_HEAD = 2;

/** Least and most octets of a ring. */
const LEAST_OCTETS = 64;
export const MAX_CAPACITY: number = 2 ** 28;

/**
 * How many words a direction needs besides those of a primitive.
 *
 * @param byteCapacity Octets of its ring, rounded up to a power of 2.
 */
export function wayWords(byteCapacity: number): number {
  let octets = LEAST_OCTETS;
  while (octets < byteCapacity) octets *= 2;
  return RING - PRIMITIVE_WORDS + octets / 4;
}

/** See the top of this file. */
export class OneWay {
  readonly words: Int32Array;
  readonly registry: Registry;
  readonly senders: WaitQueue;
  readonly receivers: WaitQueue;
  /** Steps of the ring. */
  readonly capacity: number;
  readonly #memory: Octets;

  constructor({ words, registry }: Memory) {
    this.words = words;
    this.registry = registry;
    const block = (index: number) =>
      words.subarray(index * PRIMITIVE_WORDS, (index + 1) * PRIMITIVE_WORDS);
    this.senders = new WaitQueue(block(0), registry);
    this.receivers = new WaitQueue(block(1), registry);
    this.capacity = (words.length - RING) * 4 / STEP_OCTETS;
    this.#memory = new Octets(words.buffer as SharedArrayBuffer);
  }

  /** Index of the first of the two words at a position. */
  at(position: number): number {
    return RING + ((position & this.capacity - 1) << 1);
  }

  /** Copies octets to a position. */
  write(
    position: number,
    from: Uint8Array,
    start: number,
    length: number,
  ): void {
    const at = this.at(position) << 2;
    const before = Math.min(length, this.#memory.octets.length - at);
    copyIn(this.#memory, at, from, start, before);
    if (before === length) return;
    copyIn(this.#memory, RING << 2, from, start + before, length - before);
  }

  /** Copies octets from a position. */
  read(position: number, to: Scratch, length: number): void {
    const at = this.at(position) << 2;
    const before = Math.min(length, this.#memory.octets.length - at);
    copyOut(this.#memory, at, to, 0, before);
    if (before === length) return;
    copyOut(this.#memory, RING << 2, to, before, length - before);
  }

  /** As {@linkcode read}, to octets that hold more. */
  readPiece(
    position: number,
    to: Uint8Array,
    start: number,
    length: number,
  ): void {
    const { octets } = this.#memory;
    const at = this.at(position) << 2;
    const before = Math.min(length, octets.length - at);
    to.set(octets.subarray(at, at + before), start);
    if (before === length) return;
    const first = RING << 2;
    to.set(octets.subarray(first, first + length - before), start + before);
  }
}
