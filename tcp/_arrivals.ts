import type { Arrived } from "../mux/inbox.ts";

const NONE = new Uint8Array();

/** Octets that come in pieces, and are taken in others. */
export class Arrivals implements Arrived {
  #buffer: Uint8Array<ArrayBuffer> = NONE;
  #start = 0;
  #end = 0;
  readonly #onTaken: (isAll: boolean) => void;
  ended = false;

  /**
   * @param onTaken Called when some were taken; with `true` when somebody needs
   * more than there are.
   */
  constructor(onTaken: (isAll: boolean) => void) {
    this.#onTaken = onTaken;
  }

  get octets(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** Adds a piece, which is used as it is. */
  push(piece: Uint8Array<ArrayBuffer>): void {
    if (this.length === 0) {
      this.#buffer = piece;
      this.#start = 0;
      this.#end = piece.length;
      return;
    }
    this.#makeRoom(piece.length);
    this.#buffer.set(piece, this.#end);
    this.#end += piece.length;
  }

  consume(count: number): void {
    this.#start += count;
    if (this.length === 0) this.clear();
    this.#onTaken(false);
  }

  need(_count: number): void {
    this.#onTaken(true);
  }

  /** Drops all. */
  clear(): void {
    this.#buffer = NONE;
    this.#start = this.#end = 0;
  }

  #makeRoom(count: number): void {
    const { octets } = this;
    const needed = octets.length + count;
    if (this.#end + count <= this.#buffer.length) return;
    if (needed > this.#buffer.length / 2) {
      this.#buffer = new Uint8Array(2 * needed);
    }
    this.#buffer.set(octets);
    this.#start = 0;
    this.#end = octets.length;
  }
}
