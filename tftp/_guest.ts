import type { Destination } from "./_catalog.ts";
import type { Content } from "./_content.ts";
import { RETRANSMIT_MS, RETRIES, UNHEARD_RETRIES } from "./_defaults.ts";
import { type Failure, times } from "./_failure.ts";
import { PLAIN_TERMS, type Terms, termsOf } from "./_negotiation.ts";
import { pack, unpack } from "./_packed.ts";
import { decodePacket, type Packet } from "./packet.ts";
import { RetransmissionTimer } from "./_retransmission_timer.ts";
import type { TftpServerOptions } from "./server_options.ts";

/** What a transfer begins with. */
export interface Agreed {
  readonly terms: Terms;
  /** Waits between repetitions; has measured what could be. */
  readonly timer: RetransmissionTimer;
  /** Longest wait before a packet is sent again, in milliseconds. */
  readonly ceilingMs: number;
  /** What the client has answered; its data is a copy. */
  readonly reply: Packet;
  /** How often our first packet was sent again. */
  readonly repetitions: number;
  /** What is read. */
  readonly content: Content | undefined;
  /** Octets in the first packet, where that was DATA 1. */
  readonly firstBytes: number | undefined;
  /** Where it is written. */
  readonly destination: Destination | undefined;
}

/** What a {@linkcode Guest} asked for: to read, or to write. */
type Wish =
  | { content: Content; destination?: undefined }
  | { content?: undefined; destination: Destination };

/**
 * What a client asked for, found and agreed on; it has not answered yet. Anybody
 * can make a server hold very many of these, so they keep no more than what all
 * else follows from.
 *
 * ```
 *  state    │ ERROR  │ an answer │ deadline
 *  ─────────┼────────┼───────────┼────────────────────────────────────
 *  asking   │ failed │ agreed    │ repeat our packet; too often: silent
 *  failed, agreed, silent          forgotten by whoever holds it
 * ```
 */
export class Guest {
  readonly content: Content | undefined;
  readonly destination: Destination | undefined;
  readonly #server: TftpServerOptions;
  /** Our first packet: OACK, ACK 0 or DATA 1. */
  readonly #first: string;
  #repetitions = 0;
  #sentAt = 0;
  #deadline = Infinity;

  constructor(first: Uint8Array, wish: Wish, server: TftpServerOptions) {
    this.#first = pack(first);
    this.content = wish.content;
    this.destination = wish.destination;
    this.#server = server;
  }

  /** When to look again: to repeat our packet, or to give up. */
  get deadline(): number {
    return this.#deadline;
  }

  /** Our first packet, which is sent now. */
  next(now: number): Uint8Array<ArrayBuffer> {
    this.#sentAt = now;
    this.#deadline = now + this.#timer(this.#terms()).waitMs;
    return unpack(this.#first);
  }

  /** Whether our packet is to be sent again, or was often enough. */
  repeat(): boolean {
    const { retries = RETRIES } = this.#server;
    if (this.#repetitions >= Math.min(retries, UNHEARD_RETRIES)) return false;
    this.#repetitions++;
    return true;
  }

  /** Why there will be no transfer. */
  get silence(): Failure {
    return {
      code: "no-answer",
      reason: `no answer after ${times(this.#repetitions + 1)}`,
      tellPeer: false, // there is nobody
    };
  }

  /**
   * Whether a packet answers ours, be it by an error. Any other that makes no
   * sense does: the machine of the transfer ends it, and tells why.
   */
  isAnswer(packet: Packet): boolean {
    if (packet.type === "oack") return false;
    if (packet.type !== "ack" || this.destination !== undefined) return true;
    return packet.block === (this.#firstBytes === undefined ? 0 : 1);
  }

  /** The transfer that begins with this answer. */
  agree(answer: Packet, now: number): Agreed {
    const terms = this.#terms();
    const timer = this.#timer(terms);
    if (this.#repetitions === 0) timer.sample(now - this.#sentAt);
    const { content, destination } = this;
    return {
      terms,
      timer,
      ceilingMs: this.#ceilingMs(terms),
      reply: answer.type === "data"
        ? { ...answer, data: answer.data.slice() }
        : answer,
      repetitions: this.#repetitions,
      content,
      firstBytes: this.#firstBytes,
      destination,
    };
  }

  /** Octets of the file in our first packet, if that is DATA 1. */
  get #firstBytes(): number | undefined {
    const first = decodePacket(unpack(this.#first));
    return first.type === "data" ? first.data.length : undefined;
  }

  /** What our OACK tells, if it is one. */
  #terms(): Terms {
    const { rollover } = this.#server;
    const first = decodePacket(unpack(this.#first));
    const terms = first.type === "oack" ? termsOf(first.options) : PLAIN_TERMS;
    return { ...terms, rollover: terms.rollover ?? rollover };
  }

  #ceilingMs(terms: Terms): number {
    const { retransmitMs = RETRANSMIT_MS } = this.#server;
    return terms.retransmitMs ?? retransmitMs;
  }

  /** Waits longer after each repetition. */
  #timer(terms: Terms): RetransmissionTimer {
    const timer = new RetransmissionTimer(this.#ceilingMs(terms));
    for (let i = 0; i < this.#repetitions; i++) timer.backOff();
    return timer;
  }
}

/** Gives back what was found for a client, and is not wanted any more. */
export function dismiss(found: Pick<Agreed, "content" | "destination">): void {
  found.content?.leave();
  found.destination?.leave();
}
