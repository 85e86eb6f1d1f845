import {
  type Cells,
  cellsOf,
  type SharedKind,
  type SharedNumber,
} from "./_cells.ts";
import { declare } from "./_primitives.ts";

export type { SharedKind, SharedNumber };

/** What another thread attaches to; goes through `postMessage` as it is. */
export interface SharedValueHandle<K extends SharedKind> {
  /** Says what it is a handle of. */
  readonly type: "SharedValue";
  /** Kind of the number. */
  readonly kind: K;
  /** The memory that is shared. */
  readonly buffer: SharedArrayBuffer;
}

/**
 * A number in memory that threads share. Each operation is atomic and seen by
 * all threads in the same order; `get` and `set` one after the other are not.
 *
 * Source: ECMA-262 section 25.4, Atomics.
 *
 * @typeParam K `"i32"` and `"f64"` hold a `number`, `"i64"` a `bigint`. Integers
 * wrap around.
 *
 * @example
 * ```ts
 * import { SharedValue } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const total = new SharedValue("i64", 40n);
 * const elsewhere = SharedValue.attach(total.share());
 * assertEquals(elsewhere.add(2n), 40n);
 * assertEquals(total.get(), 42n);
 * ```
 */
export class SharedValue<K extends SharedKind = "i32"> {
  static {
    declare(this);
  }

  /** Kind of the number. */
  readonly kind: K;
  readonly #cells: Cells<SharedNumber<K>>;

  /**
   * Allocates a number, or uses that of another thread.
   *
   * @param kind Kind of the number.
   * @param from Its first value, or what another thread shared.
   * @throws {TypeError} If the kind is unknown, or holds no such value.
   */
  constructor(kind: K, from: SharedNumber<K> | SharedValueHandle<K>) {
    this.kind = kind;
    if (typeof from === "object") {
      this.#cells = cellsOf(kind, from.buffer);
    } else {
      this.#cells = cellsOf(kind, 1);
      this.#cells.set(0, from);
    }
  }

  /** Uses the number of another thread. */
  static attach<K extends SharedKind>(
    handle: SharedValueHandle<K>,
  ): SharedValue<K> {
    return new SharedValue(handle.kind, handle);
  }

  /** What another thread attaches to. */
  share(): SharedValueHandle<K> {
    const { buffer } = this.#cells;
    return { type: "SharedValue", kind: this.kind, buffer };
  }

  /** Reads the number. */
  get(): SharedNumber<K> {
    return this.#cells.get(0);
  }

  /** Writes the number. */
  set(value: SharedNumber<K>): void {
    this.#cells.set(0, value);
  }

  /**
   * Adds to the number.
   *
   * @returns What it was before.
   */
  add(value: SharedNumber<K>): SharedNumber<K> {
    return this.#cells.add(0, value);
  }

  /**
   * Writes the number if it is what is expected. `NaN` equals `NaN`, and 0 does
   * not equal -0.
   *
   * @param expected What it must be.
   * @param replacement What to write then.
   * @returns What it was before: `expected`, if it was written.
   */
  compareExchange(
    expected: SharedNumber<K>,
    replacement: SharedNumber<K>,
  ): SharedNumber<K> {
    return this.#cells.compareExchange(0, expected, replacement);
  }
}
