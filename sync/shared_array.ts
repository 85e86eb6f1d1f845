import {
  type Cells,
  cellsOf,
  type SharedKind,
  type SharedNumber,
} from "./_cells.ts";
import { declare } from "./_primitives.ts";

/** What another thread attaches to; goes through `postMessage` as it is. */
export interface SharedArrayHandle<K extends SharedKind> {
  /** Says what it is a handle of. */
  readonly type: "SharedArray";
  /** Kind of the numbers. */
  readonly kind: K;
  /** The memory that is shared. */
  readonly buffer: SharedArrayBuffer;
}

/**
 * Numbers in memory that threads share. Each operation on one of them is atomic
 * and seen by all threads in the same order.
 *
 * Source: ECMA-262 section 25.4, Atomics.
 *
 * @typeParam K `"i32"` and `"f64"` hold a `number`, `"i64"` a `bigint`. Integers
 * wrap around.
 *
 * @example
 * ```ts
 * import { SharedArray } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const votes = new SharedArray("i32", 3);
 * votes.add(1, 5);
 * const elsewhere = SharedArray.attach(votes.share());
 * assertEquals([...elsewhere], [0, 5, 0]);
 * ```
 */
export class SharedArray<K extends SharedKind = "i32">
  implements Iterable<SharedNumber<K>> {
  static {
    declare(this);
  }

  /** Kind of the numbers. */
  readonly kind: K;
  /** How many there are. */
  readonly length: number;
  readonly #cells: Cells<SharedNumber<K>>;

  /**
   * Allocates numbers, all of them 0, or uses those of another thread.
   *
   * @param kind Kind of the numbers.
   * @param from How many, or what another thread shared.
   * @throws {RangeError} If the number is not a whole number of 0 or more.
   * @throws {TypeError} If the kind is unknown.
   */
  constructor(kind: K, from: number | SharedArrayHandle<K>) {
    this.kind = kind;
    this.#cells = cellsOf(kind, typeof from === "number" ? from : from.buffer);
    this.length = this.#cells.length;
  }

  /** Uses the numbers of another thread. */
  static attach<K extends SharedKind>(
    handle: SharedArrayHandle<K>,
  ): SharedArray<K> {
    return new SharedArray(handle.kind, handle);
  }

  /** What another thread attaches to. */
  share(): SharedArrayHandle<K> {
    const { buffer } = this.#cells;
    return { type: "SharedArray", kind: this.kind, buffer };
  }

  /**
   * Reads a number.
   *
   * @throws {RangeError} If there is none at `index`.
   */
  get(index: number): SharedNumber<K> {
    return this.#cells.get(this.#checked(index));
  }

  /**
   * Writes a number.
   *
   * @throws {RangeError} If there is none at `index`.
   */
  set(index: number, value: SharedNumber<K>): void {
    this.#cells.set(this.#checked(index), value);
  }

  /**
   * Adds to a number.
   *
   * @returns What it was before.
   * @throws {RangeError} If there is none at `index`.
   */
  add(index: number, value: SharedNumber<K>): SharedNumber<K> {
    return this.#cells.add(this.#checked(index), value);
  }

  /**
   * Writes a number if it is what is expected. `NaN` equals `NaN`, and 0 does
   * not equal -0.
   *
   * @returns What it was before: `expected`, if it was written.
   * @throws {RangeError} If there is none at `index`.
   */
  compareExchange(
    index: number,
    change: { expected: SharedNumber<K>; replacement: SharedNumber<K> },
  ): SharedNumber<K> {
    const { expected, replacement } = change;
    return this.#cells.compareExchange(
      this.#checked(index),
      expected,
      replacement,
    );
  }

  /** The numbers in order, each read when it is asked for. */
  *[Symbol.iterator](): Generator<SharedNumber<K>, void, void> {
    for (let index = 0; index < this.length; index++) yield this.get(index);
  }

  #checked(index: number): number {
    if (Number.isInteger(index) && index >= 0 && index < this.length) {
      return index;
    }
    throw new RangeError(
      `Cannot use number ${index}: there are ${this.length}, from 0`,
    );
  }
}
