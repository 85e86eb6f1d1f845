import { HEAD_OCTETS, type Message, octetsOf, padded } from "./_message.ts";
import type { Bundle } from "./_pipe_bundle.ts";
import {
  HEAD,
  type OneWay,
  PIECE_HEAD,
  SERIAL,
  STEP_BITS,
  STEP_OCTETS,
  TAIL,
  WAITING,
  WANTED,
} from "./_pipe_memory.ts";

/** Puts messages into a ring; see `_pipe_memory.ts`. Waits for nothing. */
export class PipeWriter {
  readonly #way: OneWay;
  readonly #words: Int32Array;
  readonly #capacity: number;
  readonly #mostPiece: number;
  /** What HEAD was at the last look. */
  #head = 0;

  constructor(way: OneWay) {
    this.#way = way;
    this.#words = way.words;
    this.#capacity = way.capacity;
    // Several in the ring at a time, so that both ends are at work.
    this.#mostPiece = Math.max(way.capacity >> 2, PIECE_HEAD + 1);
  }

  /** Looks anew: it was not this thread that wrote last. */
  renew(): void {
    this.#head = Atomics.load(this.#words, HEAD);
  }

  /** Whether room was made since the last look. */
  get hasNewRoom(): boolean {
    return Atomics.load(this.#words, HEAD) !== this.#head;
  }

  /** Puts one message, if there is room for the whole of it. */
  put({ head, tag, octets }: Message): boolean {
    const words = this.#words;
    const length = octetsOf(head);
    const steps = (HEAD_OCTETS + padded(length)) >> STEP_BITS;
    const tail = words[TAIL]!;
    const most = this.#capacity - steps;
    if ((tail - this.#head | 0) > most) {
      this.#head = Atomics.load(words, HEAD);
      if ((tail - this.#head | 0) > most) return false;
    }
    const at = this.#way.at(tail);
    words[at] = head;
    words[at + 1] = tag;
    if (length > 0) this.#way.write(tail + 1, octets, 0, length);
    this.#publish(tail + steps);
    return true;
  }

  /** Puts of a bundle what there is room for; answers whether that was all. */
  advance(bundle: Bundle): boolean {
    while (!bundle.isSent) {
      const tail = this.#words[TAIL]!;
      let room = this.#roomAt(tail);
      if (room < bundle.steps) {
        this.#head = Atomics.load(this.#words, HEAD);
        room = this.#roomAt(tail);
      }
      const steps = bundle.firstSteps > this.#capacity
        ? this.#putPiece(bundle, tail, room)
        : this.#putWhole(bundle, tail, room);
      if (steps === 0) return false;
      this.#publish(tail + steps);
    }
    return true;
  }

  /** Has the other end wake whoever waits to put more of a bundle. */
  want(steps: number): void {
    Atomics.store(this.#words, WANTED, steps);
  }

  /** Steps of the first message of a bundle, or of its next piece. */
  stepsFor(bundle: Bundle): number {
    const steps = bundle.firstSteps;
    if (steps <= this.#capacity) return steps;
    const left = padded(octetsOf(bundle.head) - bundle.offset) >> STEP_BITS;
    return Math.min(PIECE_HEAD + left, this.#mostPiece);
  }

  #putWhole(bundle: Bundle, tail: number, room: number): number {
    const start = bundle.at;
    const steps = bundle.take(room);
    this.#way.write(tail, bundle.octets, start, steps << STEP_BITS);
    return steps;
  }

  #putPiece(bundle: Bundle, tail: number, room: number): number {
    const steps = this.stepsFor(bundle);
    if (room < steps) return 0;
    const words = this.#words;
    const length = octetsOf(bundle.head);
    const { offset } = bundle;
    if (offset === 0) bundle.serial = words[SERIAL] = words[SERIAL]! + 1 | 0;
    const most = (steps - PIECE_HEAD) * STEP_OCTETS;
    const octets = Math.min(length - offset, most);
    const first = this.#way.at(tail);
    words[first] = bundle.head;
    words[first + 1] = octets;
    const second = this.#way.at(tail + 1);
    words[second] = offset;
    words[second + 1] = bundle.serial;
    const start = bundle.at + HEAD_OCTETS + offset;
    this.#way.write(tail + PIECE_HEAD, bundle.octets, start, octets);
    bundle.offset += octets;
    if (bundle.offset === length) bundle.skip();
    return steps;
  }

  #roomAt(tail: number): number {
    return this.#capacity - (tail - this.#head | 0);
  }

  #publish(tail: number): void {
    Atomics.store(this.#words, TAIL, tail | 0);
    if (Atomics.load(this.#words, WAITING) !== 0) this.#wake();
  }

  #wake(): void {
    Atomics.store(this.#words, WAITING, 0);
    this.#way.receivers.wakeAll();
  }
}
