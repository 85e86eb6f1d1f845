/**
 * How a thread ended, in memory that grows with its result.
 *
 * ```
 * word 0   kind      NONE until the thread is about to end
 *      1   octets    length of what follows
 * octet 8…           the value or error, as `node:v8` serializes it
 * ```
 *
 * Whoever is first to write a kind has decided; a result that arrives as the
 * thread is terminated is dropped, or the other way round.
 */
import { Deserializer, Serializer } from "node:v8";
import { swap } from "./_words.ts";

/** Kinds of an end. */
export const END = {
  NONE: 0,
  WRITING: 1,
  VALUE: 2,
  ERROR: 3,
  /** It travels by a port: it holds shared memory. */
  POSTED_VALUE: 4,
  POSTED_ERROR: 5,
  TERMINATED: 6,
  EXITED: 7,
  DIED: 8,
} as const;

const KIND = 0;
const OCTETS = 1;
const HEADER = 8;
const MAX_OCTETS = 2 ** 30;

/** See the top of this file. */
export class Outcome {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(buffer?: SharedArrayBuffer) {
    this.buffer = buffer ??
      new SharedArrayBuffer(HEADER, { maxByteLength: MAX_OCTETS });
    this.#words = new Int32Array(this.buffer, 0, HEADER / 4);
  }

  /** How the thread ended. */
  get kind(): number {
    return Atomics.load(this.#words, KIND);
  }

  /**
   * Writes what the thread returned or threw.
   *
   * @returns Whether it counts.
   * @throws If it cannot be serialized, or is over 1 GiB.
   */
  write(kind: typeof END.VALUE | typeof END.ERROR, value: unknown): boolean {
    const octets = serialize(value);
    if (!this.mark(END.WRITING)) return false;
    this.buffer.grow(HEADER + octets.length);
    new Uint8Array(this.buffer, HEADER).set(octets);
    this.#words[OCTETS] = octets.length;
    Atomics.store(this.#words, KIND, kind);
    return true;
  }

  /** Notes how the thread ended, unless that is known. */
  mark(kind: number): boolean {
    return swap(this.#words, KIND, END.NONE, kind);
  }

  /** What the thread returned or threw. */
  read(): unknown {
    const octets = this.#words[OCTETS]!;
    const copy = new Uint8Array(this.buffer, HEADER, octets).slice();
    const deserializer = new Deserializer(copy);
    deserializer.readHeader();
    return deserializer.readValue();
  }
}

/** As `serialize()` of node:v8, but that views keep buffers of their own. */
function serialize(value: unknown): Uint8Array {
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}
