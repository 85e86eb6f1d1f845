import { NetasciiEncoder } from "./netascii.ts";

/**
 * A file on its way to a sender, one piece at a time.
 *
 * Asking for a piece does not wait for it: a source may be slow, and the peer
 * must be served meanwhile. A source whose transfer never began is given back,
 * too.
 */
export class Feed {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #encoder: NetasciiEncoder | undefined;
  /** Octets on the wire that were sent before. */
  #skip: number;
  #coming: Promise<void> | undefined;
  #next: IteratorResult<Uint8Array> | { error: unknown } | undefined;

  /**
   * Takes charge of a source; nothing is read yet.
   *
   * @param source The file. A piece may be reused once the next is asked for.
   * @param options `text`: whether it travels as netascii. `skip`: octets on the
   * wire to leave out at the start.
   */
  constructor(
    source: AsyncIterable<Uint8Array>,
    options: { text: boolean; skip?: number } = { text: false },
  ) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#skip = options.skip ?? 0;
    this.#encoder = options.text ? new NetasciiEncoder() : undefined;
  }

  /**
   * The next piece, `null` at the end, or, if it is still coming, a promise that
   * settles when it is worth to ask again.
   *
   * @throws What the source throws.
   */
  take(): Uint8Array | null | Promise<void> {
    const next = this.#next;
    if (next === undefined) return this.#coming ??= this.#ask();
    this.#next = undefined;
    if ("error" in next) throw next.error;
    if (next.done) return null;
    const wire = this.#encoder?.encode(next.value) ?? next.value;
    if (this.#skip === 0) return wire;
    const rest = wire.subarray(this.#skip);
    this.#skip -= wire.length - rest.length;
    return rest;
  }

  /** Asks for the next piece, so that it may be here when it is needed. */
  prepare(): void {
    if (this.#next === undefined) this.#coming ??= this.#ask();
  }

  /** Gives the source back; does not wait for one that hangs. */
  leave(): void {
    Promise.resolve(this.#iterator.return?.()).catch(() => {
      // what it has to say was said by next(), or comes too late
    });
  }

  /** Never rejects. */
  async #ask(): Promise<void> {
    try {
      this.#next = await this.#iterator.next();
    } catch (error) {
      this.#next = { error };
    }
    this.#coming = undefined;
  }
}
