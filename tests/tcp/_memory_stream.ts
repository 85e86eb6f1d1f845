import type { ByteSink, ByteSource } from "../../tcp/framing.ts";
import { waitFor, type WaitOptions } from "../../sync/wait_options.ts";

/** How a stream in memory behaves. */
export interface MemoryStreamOptions {
  /** Octets that are held for a slow receiver. Default: 65,536. */
  readonly capacity?: number;
  /** How many of so many octets travel at once. Default: all. */
  readonly pieceOf?: (most: number) => number;
}

/**
 * Two ends of a stream in memory, both ways, which is no kinder than it has to
 * be: senders wait while it is full, two that send at once are mixed, and what is
 * received is overwritten by the next call.
 */
export function memoryStream(
  options: MemoryStreamOptions = {},
): [MemoryEnd, MemoryEnd] {
  const there = new Wire(options);
  const back = new Wire(options);
  return [new MemoryEnd(back, there), new MemoryEnd(there, back)];
}

/** One end of a stream in memory. */
export class MemoryEnd implements ByteSource, ByteSink {
  /** Length of each `sendAll()`. */
  readonly sends: number[] = [];
  /** What each `receive()` was called with. */
  readonly receives: (WaitOptions | undefined)[] = [];
  readonly #in: Wire;
  readonly #out: Wire;

  constructor(incoming: Wire, outgoing: Wire) {
    this.#in = incoming;
    this.#out = outgoing;
  }

  receive(max = 65_536, options?: WaitOptions): Promise<Uint8Array | null> {
    this.receives.push(options);
    return this.#in.receive(max, options);
  }

  sendAll(octets: Uint8Array): Promise<void> {
    this.sends.push(octets.length);
    return this.#out.send(octets);
  }

  /** Ends what the other side receives. */
  closeWrite(): void {
    this.#out.end();
  }

  /** Lets whoever sends or receives here, or will, fail. */
  fail(error: Error): void {
    this.#in.fail(error);
    this.#out.fail(error);
  }
}

/** One direction. */
class Wire {
  readonly #pieceOf: (most: number) => number;
  readonly #held: Uint8Array;
  readonly #shown: Uint8Array;
  #size = 0;
  #ended = false;
  #error: Error | undefined;
  #change = Promise.withResolvers<void>();

  constructor({ capacity = 65_536, pieceOf = (n) => n }: MemoryStreamOptions) {
    this.#pieceOf = pieceOf;
    this.#held = new Uint8Array(capacity);
    this.#shown = new Uint8Array(capacity);
  }

  async send(octets: Uint8Array): Promise<void> {
    for (let at = 0; at < octets.length;) {
      const room = this.#held.length - this.#size;
      if (this.#error !== undefined) throw this.#error;
      if (room === 0) {
        await this.#change.promise;
        continue;
      }
      const most = Math.min(room, octets.length - at);
      const piece = octets.subarray(at, at + this.#pieceOf(most));
      this.#held.set(piece, this.#size);
      this.#size += piece.length;
      at += piece.length;
      this.#changed();
      await Promise.resolve(); // somebody else may send
    }
  }

  async receive(
    max: number,
    options?: WaitOptions,
  ): Promise<Uint8Array | null> {
    while (this.#size === 0 && !this.#ended) {
      if (this.#error !== undefined) throw this.#error;
      await waitFor(this.#change.promise, options);
    }
    if (this.#size === 0) return null;
    const count = this.#pieceOf(Math.min(max, this.#size));
    this.#shown.set(this.#held.subarray(0, count));
    this.#held.copyWithin(0, count, this.#size);
    this.#size -= count;
    this.#changed();
    return this.#shown.subarray(0, count);
  }

  end(): void {
    this.#ended = true;
    this.#changed();
  }

  fail(error: Error): void {
    this.#error = error;
    this.#changed();
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}
