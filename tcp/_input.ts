import { concat } from "@std/bytes";

const NONE = new Uint8Array();

/**
 * The piece of input that a decoder works on, which is not copied: what is left
 * of it is in `chunk`, from `at` on.
 */
export class Input {
  chunk: Uint8Array = NONE;
  at = 0;
  ended = false;

  /** Octets that are left. */
  get length(): number {
    return this.chunk.length - this.at;
  }

  push(octets: Uint8Array): void {
    if (this.ended) throw new TypeError("Cannot push: the input has ended");
    this.chunk = this.length === 0
      ? plain(octets)
      : concat([this.chunk.subarray(this.at), octets]);
    this.at = 0;
  }

  end(): void {
    this.ended = true;
  }

  /** Takes octets, as many as there are; a view. */
  view(most: number): Uint8Array {
    const start = this.at;
    this.at = Math.min(start + most, this.chunk.length);
    return this.chunk.subarray(start, this.at);
  }

  /** Takes octets, as many as there are; a copy. */
  copy(most: number): Uint8Array<ArrayBuffer> {
    const start = this.at;
    this.at = Math.min(start + most, this.chunk.length);
    return this.chunk.slice(start, this.at) as Uint8Array<ArrayBuffer>;
  }

  /** Drops octets; answers how many there were to drop. */
  drop(most: number): number {
    const count = Math.min(most, this.length);
    this.at += count;
    return count;
  }
}

/** Not a Buffer of node:buffer, whose `slice()` is a view. */
function plain(octets: Uint8Array): Uint8Array {
  if (octets.constructor === Uint8Array) return octets;
  return new Uint8Array(octets.buffer, octets.byteOffset, octets.length);
}
