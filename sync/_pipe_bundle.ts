import {
  drop,
  HEAD_OCTETS,
  type Message,
  octetsOf,
  padded,
} from "./_message.ts";
import { STEP_BITS } from "./_pipe_memory.ts";

/** Messages that are to be sent one after the other, as they lie in a ring. */
export class Bundle {
  octets: Uint8Array;
  #words: Int32Array;
  #end = 0;
  /** Where the first message is that was not sent, in octets. */
  #at = 0;
  #sent = 0;
  /** How many octets of it were sent, if it travels in pieces. */
  offset = 0;
  /** Its number then. */
  serial = 0;

  /** @param octets How many to expect. */
  constructor(octets: number) {
    this.octets = new Uint8Array(octets);
    this.#words = new Int32Array(this.octets.buffer);
  }

  /** A bundle of one message. */
  static of(message: Message): Bundle {
    const bundle = new Bundle(HEAD_OCTETS + padded(octetsOf(message.head)));
    bundle.add(message);
    return bundle;
  }

  /** Puts a copy of a message to the end. */
  add({ head, tag, octets }: Message): void {
    const length = octetsOf(head);
    const end = this.#end + HEAD_OCTETS + padded(length);
    if (end > this.octets.length) this.#grow(end);
    const words = this.#words;
    words[this.#end >> 2] = head;
    words[(this.#end >> 2) + 1] = tag;
    if (length > 0) {
      const whole = octets.length === length
        ? octets
        : octets.subarray(0, length);
      this.octets.set(whole, this.#end + HEAD_OCTETS);
    }
    this.#end = end;
  }

  /** Whether all were sent. */
  get isSent(): boolean {
    return this.#at === this.#end;
  }

  /** How many were sent. */
  get sent(): number {
    return this.#sent;
  }

  /** Where the octets of the first message begin, or those of all that follow. */
  get at(): number {
    return this.#at;
  }

  /** Head of the first message. */
  get head(): number {
    return this.#words[this.#at >> 2]!;
  }

  /** Steps that are left. */
  get steps(): number {
    return (this.#end - this.#at) >> STEP_BITS;
  }

  /** Steps of the first message. */
  get firstSteps(): number {
    return (HEAD_OCTETS + padded(octetsOf(this.head))) >> STEP_BITS;
  }

  /**
   * Counts off whole messages.
   *
   * @param room At most so many steps.
   * @returns How many steps they have.
   */
  take(room: number): number {
    const start = this.#at;
    while (!this.isSent) {
      const steps = this.firstSteps;
      if ((this.#at - start >> STEP_BITS) + steps > room) break;
      this.skip();
    }
    return (this.#at - start) >> STEP_BITS;
  }

  /** Counts off the first message. */
  skip(): void {
    this.#at += this.firstSteps << STEP_BITS;
    this.#sent++;
    this.offset = 0;
  }

  /** Drops what the host keeps for messages that will not be sent. */
  drop(): void {
    for (; !this.isSent; this.skip()) {
      const start = this.#at + HEAD_OCTETS;
      const octets = this.octets.subarray(start);
      drop({ head: this.head, tag: 0, octets });
    }
  }

  #grow(octets: number): void {
    const before = this.octets;
    this.octets = new Uint8Array(Math.max(octets, 2 * before.length));
    this.octets.set(before);
    this.#words = new Int32Array(this.octets.buffer);
  }
}
