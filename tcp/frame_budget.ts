import { FrameError } from "./frame_error.ts";

/** What somebody holds. */
interface Holding {
  bytes: number;
}

/**
 * How much memory the unfinished frames of all readers may take together.
 *
 * A reader keeps what has arrived of a frame. One peer that sends half of a large
 * frame does no harm, and a thousand that do may fill the memory: whoever wants
 * more when the budget is used up is refused, and what it held is given back. So
 * is, in time, what a reader held that nobody uses any more.
 *
 * @example Half a frame too many
 * ```ts
 * import {
 *   FrameBudget,
 *   FrameError,
 *   FrameReader,
 *   lengthPrefixed,
 * } from "@lockstep/lockstep/tcp";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const budget = new FrameBudget(100_000);
 * const half = new Uint8Array(60_000);
 * half.set([0, 1, 0, 0]); // the length of the whole is 65,536
 *
 * // Of somebody who sends half a frame, and then takes too long.
 * function reader(): FrameReader<Uint8Array> {
 *   const pieces = [Promise.resolve(half)];
 *   const receive = () => pieces.shift() ?? Promise.reject(new Error("late"));
 *   return new FrameReader({ receive }, lengthPrefixed(), { budget });
 * }
 *
 * const [first, second] = [reader(), reader()];
 * await assertRejects(() => first.read(), Error, "late");
 * assertEquals(budget.usedBytes, 59_996); // it would go on with them
 * const error = await assertRejects(() => second.read(), FrameError);
 * assertEquals(error.code, "over-budget");
 * assertEquals([budget.usedBytes, first.pending], [59_996, 60_000]);
 * ```
 */
export class FrameBudget {
  /** Most octets of all unfinished frames. */
  readonly maxBytes: number;
  readonly #holdings = new WeakMap<object, Holding>();
  readonly #abandoned: FinalizationRegistry<Holding>;
  #used = 0;

  /**
   * Makes a budget that is to be shared, as an option, by many readers.
   *
   * @throws {RangeError} If it is no whole number of at least 0.
   */
  constructor(maxBytes: number) {
    if (!(Number.isSafeInteger(maxBytes) && maxBytes >= 0)) {
      throw new RangeError(
        `Cannot make a FrameBudget: maxBytes must be a whole number of at least 0, got ${maxBytes}`,
      );
    }
    this.maxBytes = maxBytes;
    this.#abandoned = new FinalizationRegistry((holding) => {
      this.#used -= holding.bytes;
    });
  }

  /** Octets of all unfinished frames. */
  get usedBytes(): number {
    return this.#used;
  }

  /**
   * Notes how much a reader holds now; for whoever writes one of their own.
   *
   * @param holder The reader; what it held is given back when it is collected.
   * @param bytes Octets of its unfinished frame.
   * @throws {FrameError} `over-budget` if it holds something, and all together
   * too much; what it holds is noted all the same.
   */
  note(holder: object, bytes: number): void {
    let holding = this.#holdings.get(holder);
    if (holding === undefined) {
      if (bytes === 0) return;
      holding = { bytes: 0 };
      this.#holdings.set(holder, holding);
      this.#abandoned.register(holder, holding);
    }
    this.#used += bytes - holding.bytes;
    holding.bytes = bytes;
    if (bytes === 0 || this.#used <= this.maxBytes) return;
    throw new FrameError(
      "over-budget",
      `Cannot read a frame: all that are unfinished take ${this.#used} octets, more than ${this.maxBytes}`,
    );
  }
}
