import {
  drop,
  HEAD_OCTETS,
  type Message,
  octetsOf,
  padded,
  unpack,
} from "./_message.ts";
import { Scratch } from "./_octets.ts";
import {
  HEAD,
  type OneWay,
  PIECE_HEAD,
  STEP_BITS,
  TAIL,
  WAITING,
  WANTED,
} from "./_pipe_memory.ts";

/** A large message of which some pieces are here. */
interface Begun {
  readonly serial: number;
  readonly octets: Uint8Array;
  have: number;
}

/** Takes messages out of a ring; see `_pipe_memory.ts`. Waits for nothing. */
export class PipeReader {
  readonly #way: OneWay;
  readonly #words: Int32Array;
  readonly #arrived = new Scratch();
  /** What TAIL was at the last look. */
  #tail = 0;
  /** Position behind what was read last. */
  #next = 0;
  #begun: Begun | undefined;

  constructor(way: OneWay) {
    this.#way = way;
    this.#words = way.words;
  }

  /** Looks anew: it was not this thread that read last. */
  renew(): void {
    this.#tail = Atomics.load(this.#words, TAIL);
  }

  /** Looks whether there is something to read. */
  isFilled(): boolean {
    this.#tail = Atomics.load(this.#words, TAIL);
    return this.#isKnown();
  }

  /** Has the other end wake whoever waits for something to read. */
  await(): void {
    Atomics.store(this.#words, WAITING, 1);
  }

  /**
   * Takes messages.
   *
   * @param max At most so many, as an array; `undefined` for a single one.
   * @returns `undefined` if there is none.
   * @throws What stands in the way of making a value of the next message.
   */
  take(max: number | undefined): unknown {
    if (max !== undefined) return this.#takeMany(max);
    if (!this.#isKnown() && !this.isFilled()) return undefined;
    do {
      const message = this.#read(this.#words[HEAD]!);
      this.#publish();
      if (message !== undefined) return unpack(message);
    } while (this.#isKnown());
    return undefined;
  }

  /** Drops all messages, and what the host keeps for them. */
  drop(): void {
    while (this.isFilled()) {
      const message = this.#read(this.#words[HEAD]!);
      if (message !== undefined) drop(message);
      this.#publish();
    }
    this.#begun = undefined;
  }

  #takeMany(max: number): unknown[] | undefined {
    const values: unknown[] = [];
    const first = this.#words[HEAD]!;
    if ((this.#tail - first | 0) < max) this.isFilled();
    let head = first;
    while (values.length < max && (this.#tail - head | 0) > 0) {
      const message = this.#read(head);
      try {
        if (message !== undefined) values.push(unpack(message));
      } catch (error) {
        if (values.length > 0) {
          this.#next = head; // the next call is to throw that
          break;
        }
        this.#publish();
        throw error;
      }
      head = this.#next;
    }
    if (head !== first) this.#publish();
    return values.length > 0 ? values : undefined;
  }

  /** Whether there is something that was seen before. */
  #isKnown(): boolean {
    return (this.#tail - this.#words[HEAD]! | 0) > 0;
  }

  /**
   * Reads what is at a position, which must be filled.
   *
   * @returns The message; `undefined` if it is not complete. Its octets are good
   * until the next call.
   */
  #read(position: number): Message | undefined {
    const at = this.#way.at(position);
    const head = this.#words[at]!;
    const tag = this.#words[at + 1]!;
    const length = octetsOf(head);
    if (length > 0 && tag !== 0) return this.#readPiece(position, head, tag);
    this.#begun = undefined; // given up
    this.#next = position + (HEAD_OCTETS + padded(length) >> STEP_BITS) | 0;
    if (length > 0) {
      this.#arrived.reserve(length + 3);
      this.#way.read(position + 1, this.#arrived, length);
    }
    return { head, tag, octets: this.#arrived.octets };
  }

  #readPiece(
    position: number,
    head: number,
    octets: number,
  ): Message | undefined {
    const at = this.#way.at(position + 1);
    const offset = this.#words[at]!;
    const serial = this.#words[at + 1]!;
    const length = octetsOf(head);
    this.#next = position + PIECE_HEAD + (padded(octets) >> STEP_BITS) | 0;
    if (offset === 0) {
      this.#begun = { serial, octets: new Uint8Array(padded(length)), have: 0 };
    }
    const begun = this.#begun;
    if (begun?.serial !== serial) return undefined; // others have its beginning
    this.#way.readPiece(position + PIECE_HEAD, begun.octets, offset, octets);
    begun.have += octets;
    if (begun.have < length) return undefined;
    this.#begun = undefined;
    return { head, tag: 0, octets: begun.octets };
  }

  /** Makes room of what was read. */
  #publish(): void {
    Atomics.store(this.#words, HEAD, this.#next);
    if (Atomics.load(this.#words, WANTED) !== 0) this.#wake();
  }

  #wake(): void {
    const words = this.#words;
    const used = Atomics.load(words, TAIL) - this.#next | 0;
    if (this.#way.capacity - used < Atomics.load(words, WANTED)) return;
    Atomics.store(words, WANTED, 0);
    this.#way.senders.wakeAll();
  }
}
