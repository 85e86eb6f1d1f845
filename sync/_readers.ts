/**
 * Who reads, by threads: each counts in a word of its own, so that readers do
 * not slow each other down, and the reads of a thread that died can be dropped.
 *
 * ```
 * entry 0      reads of threads without an entry      1 word
 * entry 1…64   thread │ its reads                     2 words each
 * ```
 */
import type { Registry } from "./_registry.ts";
import { swap } from "./_words.ts";

const ENTRIES = 64;

/** Words that the entries take. */
export const READER_WORDS: number = 1 + 2 * ENTRIES;

/** The readers of one lock. */
export class Readers {
  readonly #words: Int32Array;
  readonly #registry: Registry;
  readonly #start: number;
  /** Where this thread counts; 0 until it does. */
  #mine = 0;

  constructor(words: Int32Array, registry: Registry, start: number) {
    this.#words = words;
    this.#registry = registry;
    this.#start = start;
  }

  /** One more read of this thread. */
  add(): void {
    this.#mine ||= this.#claim();
    Atomics.add(this.#words, this.#mine, 1);
  }

  /** One read of this thread less. */
  remove(): void {
    Atomics.sub(this.#words, this.#mine, 1);
  }

  /** How many reads this thread has. */
  get mine(): number {
    const { me } = this.#registry;
    for (const entry of this.#entries()) {
      const thread = Atomics.load(this.#words, entry);
      if (thread === me) return Atomics.load(this.#words, entry + 1);
      if (thread === 0) break;
    }
    return 0;
  }

  /** How many reads there are, but for those of the dead. */
  get count(): number {
    let count = Atomics.load(this.#words, this.#start);
    for (const entry of this.#entries()) {
      const thread = Atomics.load(this.#words, entry);
      if (thread === 0) return count; // they are claimed in order
      if (this.#registry.isDead(thread)) continue;
      count += Atomics.load(this.#words, entry + 1);
    }
    return count;
  }

  /** The entry of this thread, a new one, or that of one that is gone. */
  #claim(): number {
    const { me } = this.#registry;
    for (const entry of this.#entries()) {
      const thread = Atomics.load(this.#words, entry);
      if (thread === me) return entry + 1;
      const reads = Atomics.load(this.#words, entry + 1);
      const isFree = thread === 0 || this.#registry.isDead(thread) ||
        (reads === 0 && !this.#registry.isAlive(thread));
      if (!isFree || !swap(this.#words, entry, thread, me)) continue;
      Atomics.sub(this.#words, entry + 1, reads);
      return entry + 1;
    }
    return this.#start;
  }

  *#entries(): Generator<number, void, void> {
    const first = this.#start + 1;
    for (let index = 0; index < ENTRIES; index++) yield first + 2 * index;
  }
}
