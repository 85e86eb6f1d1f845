/**
 * Shared memory that grows in place, seen as words and octets.
 *
 * Views that follow the length of their buffer are several times slower than
 * others. So these have a fixed length, and are made again when it has grown.
 */
export class Octets {
  readonly buffer: SharedArrayBuffer;
  words!: Int32Array;
  doubles!: Float64Array;
  octets!: Uint8Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#view();
  }

  /** Sees at least so many octets, which some thread has made sure of. */
  see(octets: number): void {
    if (this.octets.length < octets) this.#view();
  }

  /**
   * Makes sure of so many octets.
   *
   * @throws {RangeError} If that is more than it may ever have.
   */
  grow(octets: number): void {
    if (octets > this.buffer.maxByteLength) {
      throw new RangeError(
        `Cannot put the message: the queue would need more than ${this.buffer.maxByteLength} octets`,
      );
    }
    if (this.buffer.byteLength < octets) this.buffer.grow(octets);
    this.see(octets);
  }

  #view(): void {
    const { buffer } = this;
    const length = buffer.byteLength;
    this.words = new Int32Array(buffer, 0, length / 4);
    this.doubles = new Float64Array(buffer, 0, length / 8);
    this.octets = new Uint8Array(buffer, 0, length);
  }
}

/** Memory for {@linkcode Octets}. */
export function growing(octets: number, most: number): SharedArrayBuffer {
  return new SharedArrayBuffer(octets, { maxByteLength: most });
}

/** Longer pieces are copied by the platform, shorter ones by words. */
const BY_WORDS = 32;

/** A thread's own octets, where messages arrive; they grow. */
export class Scratch {
  octets: Uint8Array = new Uint8Array(1024);
  words: Int32Array = new Int32Array(this.octets.buffer);

  /** Makes sure of room; what was there is lost. */
  reserve(octets: number): void {
    const { length } = this.octets;
    if (length >= octets && (length <= SMALL || octets > SMALL)) return;
    let size = 1024;
    while (size < octets) size *= 2;
    this.octets = new Uint8Array(size > SMALL ? (octets + 7) & ~7 : size);
    this.words = new Int32Array(this.octets.buffer);
  }
}

/** A scratch that was larger than this is not kept. */
const SMALL = 2 ** 20;

const viewed = new WeakMap<ArrayBufferLike, Int32Array>();
let lastViewed: Int32Array = new Int32Array(0);

/** The words of octets that begin with their buffer, to copy by words. */
export function wordsOf(octets: Uint8Array): Int32Array | undefined {
  const { buffer } = octets;
  if (octets.byteOffset !== 0) return undefined;
  if (lastViewed.buffer === buffer) return lastViewed;
  let words = viewed.get(buffer);
  if (words === undefined) {
    words = new Int32Array(buffer, 0, buffer.byteLength >> 2);
    viewed.set(buffer, words);
  }
  return lastViewed = words;
}

/** Copies the first octets of a message to a place that is a multiple of 8. */
export function copyIn(
  to: Octets,
  at: number,
  from: Uint8Array,
  start: number,
  length: number,
): void {
  const words = length <= BY_WORDS * 4 && start % 4 === 0
    ? wordsOf(from)
    : undefined;
  if (words === undefined || words.length * 4 < start + length + 3) {
    to.octets.set(from.subarray(start, start + length), at);
    return;
  }
  const target = to.words;
  const first = at >> 2;
  const offset = start >> 2;
  for (let i = 0, n = length + 3 >> 2; i < n; i++) {
    target[first + i] = words[offset + i]!;
  }
}

/** Copies octets from a place that is a multiple of 8. */
export function copyOut(
  from: Octets,
  at: number,
  to: Scratch,
  start: number,
  length: number,
): void {
  if (length > BY_WORDS * 4) {
    to.octets.set(from.octets.subarray(at, at + length), start);
    return;
  }
  const source = from.words;
  const target = to.words;
  const first = at >> 2;
  const offset = start >> 2;
  for (let i = 0, n = length + 3 >> 2; i < n; i++) {
    target[offset + i] = source[first + i]!;
  }
}
