import { waitFor, type WaitOptions } from "../sync/wait_options.ts";
import { Deadline } from "./_deadline.ts";
import {
  outOfTurn,
  type Step,
  StepDecoder,
  stepEncoding,
} from "./_handshake_steps.ts";
import { checkSize } from "./_length_field.ts";
import { Turn } from "./_turn.ts";
import { FrameError } from "./frame_error.ts";
import { FrameReader } from "./frame_reader.ts";
import { FrameWriter } from "./frame_writer.ts";
import type { ByteSink, ByteSource } from "./framing.ts";
import { MAX_FRAME_BYTES } from "./length_prefixed.ts";
import { UnexpectedEofError } from "./unexpected_eof.ts";

/** Options of {@linkcode handshake}. */
export interface HandshakeOptions {
  /**
   * Most octets of a message, both ways, at most 4,294,967,295. Default:
   * {@linkcode MAX_FRAME_BYTES}.
   */
  maxFrameBytes?: number | undefined;
}

/**
 * Sends messages that the other side has agreed to: the length, then its answer,
 * then the payload.
 *
 * ```
 *  sender                receiver
 *    │ ── offer, length ──► │   receive() is called
 *    │ ◄─ accept ────────── │   or refuse: it is too large
 *    │ ── payload ────────► │
 * ```
 *
 * Both sides must do so. A message costs a round trip, for which a payload never
 * leaves before somebody wants it, and one that is too large is refused while the
 * stream stays in step. Both sides may send at the same time, if both receive
 * meanwhile.
 *
 * @param stream A `TcpSocket`, or anything like it; nobody else may use it.
 * @param options Limit of size.
 * @returns What messages are sent and received by.
 * @throws {RangeError} If the limit is out of range.
 *
 * @example
 * ```ts
 * import { connect, handshake, listen } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = listen();
 * const accepted = listener.accept();
 * using client = await connect(listener.addr);
 * using server = await accepted;
 *
 * const [ours, theirs] = [handshake(client), handshake(server)];
 * const sent = ours.send(new TextEncoder().encode("hello"));
 * const payload = await theirs.receive({ timeoutMs: 1_000 });
 * assertEquals(new TextDecoder().decode(payload!), "hello");
 * await sent;
 * ```
 */
export function handshake(
  stream: ByteSource & ByteSink,
  options: HandshakeOptions = {},
): Handshake {
  return new Handshake(stream, options);
}

/** One side of a stream of messages; see {@linkcode handshake}. */
export class Handshake {
  readonly #reader: FrameReader<Step>;
  readonly #writer: FrameWriter<Step>;
  readonly #max: number;
  readonly #reading: Turn = new Turn();
  readonly #sending: Turn = new Turn();
  readonly #receiving: Turn = new Turn();
  /** What we have offered: whether it was answered, and how. */
  #asked = false;
  #answer: boolean | undefined;
  /** What the peer has offered, what of it we accepted, and what came. */
  #offer: number | undefined;
  #accepted: number | undefined;
  #payload: Uint8Array<ArrayBuffer> | undefined;
  /** Our answer, on its way. */
  #answering: Promise<void> = Promise.resolve();
  #ended = false;

  /** See {@linkcode handshake}. */
  constructor(stream: ByteSource & ByteSink, options: HandshakeOptions = {}) {
    this.#max = checkSize(
      "maxFrameBytes",
      options.maxFrameBytes ?? MAX_FRAME_BYTES,
    );
    checkSize("4294967295 - maxFrameBytes", 0xffff_ffff - this.#max);
    const decoder = () => new StepDecoder(() => this.#accepted);
    this.#reader = new FrameReader(stream, { decoder });
    this.#writer = new FrameWriter(stream, stepEncoding);
  }

  /**
   * Offers a message, and sends it when the other side accepts.
   *
   * If aborted or timed out before its turn, nothing is sent. If later, while
   * there is no answer, no other message can be sent; after the answer, the
   * payload is still sent to its end.
   *
   * @param payload What to send; must not change until the promise settles.
   * @param options Timeout and abort signal.
   * @throws {FrameError} `refused` if it is too large for the other side;
   * `cut-off` if an offer before it was left without an answer.
   * @throws {RangeError} If it is longer than `maxFrameBytes`.
   * @throws {UnexpectedEofError} If the other side ends instead of an answer.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   */
  async send(payload: Uint8Array, options?: WaitOptions): Promise<void> {
    const call = new Deadline(options);
    const { length } = payload;
    if (length > this.#max) {
      throw new RangeError(
        `Cannot offer a message: ${length} octets exceed ${this.#max}`,
      );
    }
    await this.#sending.take(call.rest);
    try {
      if (!await this.#ask(length, call)) {
        throw new FrameError(
          "refused",
          `Cannot send ${length} octets: the other side refuses`,
        );
      }
      await this.#writer.write({ type: "payload", payload }, call.rest);
    } finally {
      this.#sending.pass();
    }
  }

  /**
   * Waits for a message; one that is too large is refused, and the wait goes on.
   *
   * If aborted or timed out, nothing is lost: the next call gets the message.
   *
   * @param options Timeout and abort signal.
   * @returns The message, a copy; `null` if the stream has ended between messages.
   * @throws {UnexpectedEofError} If it has ended inside of one.
   * @throws {FrameError} If what came was not due, or is no handshake at all.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   */
  async receive(
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    const call = new Deadline(options);
    await this.#receiving.take(call.rest);
    try {
      while (this.#accepted === undefined && this.#payload === undefined) {
        await waitFor(this.#answering, call.rest); // one at a time
        const offer = await this.#until(() => this.#offer, call);
        if (offer === null) return null;
        this.#offer = undefined;
        if (offer <= this.#max) this.#accepted = offer;
        const type = offer <= this.#max ? "accept" : "refuse";
        this.#answering = this.#writer.write({ type });
      }
      await waitFor(this.#answering, call.rest);
      const payload = await this.#until(() => this.#payload, call);
      if (payload === null) throw new UnexpectedEofError(0, this.#accepted!);
      this.#payload = undefined;
      return payload;
    } finally {
      this.#receiving.pass();
    }
  }

  /** Whether the other side accepts so many octets. */
  async #ask(length: number, call: Deadline): Promise<boolean> {
    if (this.#asked) {
      throw new FrameError(
        "cut-off",
        "Cannot offer a message: an offer before it was given up",
      );
    }
    this.#asked = true;
    await this.#writer.write({ type: "offer", length }, call.rest);
    const answer = await this.#until(() => this.#answer, call);
    if (answer === null) throw new UnexpectedEofError(0, 1);
    this.#answer = undefined;
    this.#asked = false;
    return answer;
  }

  /**
   * Reads steps until one brings what this caller waits for; they may be for
   * others, and others' reads may bring it. At the end it answers `null`.
   */
  async #until<T>(
    found: () => T | undefined,
    call: Deadline,
  ): Promise<T | null> {
    for (;;) {
      const value = found();
      if (value !== undefined) return value;
      if (this.#ended) return null;
      await this.#reading.take(call.rest);
      try {
        if (found() !== undefined || this.#ended) continue;
        const step = await this.#reader.read(call.rest);
        if (step === null) this.#ended = true;
        else this.#handle(step);
      } finally {
        this.#reading.pass();
      }
    }
  }

  #handle(step: Step): void {
    switch (step.type) {
      case "offer":
        if (this.#offer !== undefined || this.#accepted !== undefined) {
          throw outOfTurn("got two offers at once");
        }
        this.#offer = step.length;
        break;
      case "payload":
        this.#accepted = undefined;
        this.#payload = step.payload as Uint8Array<ArrayBuffer>;
        break;
      default:
        if (!this.#asked || this.#answer !== undefined) {
          throw outOfTurn("got an answer to no offer");
        }
        this.#answer = step.type === "accept";
    }
  }
}
