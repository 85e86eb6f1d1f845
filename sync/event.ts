import { timeoutError } from "./_errors.ts";
import { handleOf, type Memory, memoryOf } from "./_memory.ts";
import { OWN } from "./_nodes.ts";
import { type Attempt, WaitQueue } from "./_park.ts";
import { Spinner } from "./_spinner.ts";
import { trap } from "./_trap.ts";
import { declare } from "./_primitives.ts";
import { swap } from "./_words.ts";
import type { Handle } from "./handle.ts";
import type { Pollable } from "./pollable.ts";
import { checkWait, type WaitOptions } from "./wait_options.ts";

/**
 * Something that has happened, or not yet: `set` lets all pass who wait, and all
 * who come, until `clear`.
 *
 * One word holds bit 0, whether it is set, and above it how often it was set: by
 * that, who waited when it was set passes even if it is cleared at once.
 *
 * Source: CPython `threading.Event`.
 *
 * @example
 * ```ts
 * import { Event } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const ready = new Event();
 * const waited = ready.wait({ timeoutMs: 1000 }); // in any thread
 * ready.set();
 * await waited;
 * assertEquals(ready.isSet, true);
 * ```
 */
export class Event implements Pollable {
  static {
    declare(this);
  }

  readonly #memory: Memory<"Event">;
  readonly #words: Int32Array;
  readonly #queue: WaitQueue;
  readonly #spinner = new Spinner();

  /**
   * Allocates an event that is not set, or uses that of another thread.
   *
   * @param from What another thread shared.
   */
  constructor(from?: Handle<"Event">) {
    this.#memory = memoryOf("Event", from);
    this.#words = this.#memory.words;
    this.#queue = new WaitQueue(this.#words, this.#memory.registry);
  }

  /**
   * Uses the event of another thread.
   *
   * @throws {TypeError} If the handle is that of something else.
   */
  static attach(handle: Handle<"Event">): Event {
    return new Event(handleOf("Event", handle));
  }

  /** What another thread attaches to. */
  share(): Handle<"Event"> {
    return this.#memory.handle;
  }

  /** Whether it is set. */
  get isSet(): boolean {
    return (Atomics.load(this.#words, OWN) & 1) === 1;
  }

  /** How many wait for it, in all threads. */
  get waiting(): number {
    return this.#queue.nodes.count();
  }

  /** Lets pass all who wait, and all who come; does nothing if it is set. */
  set(): void {
    for (;;) {
      const word = Atomics.load(this.#words, OWN);
      if (word & 1) return;
      if (!swap(this.#words, OWN, word, word + 2 | 1)) continue;
      trap("released");
      return this.#queue.wakeAll();
    }
  }

  /** Lets those who come from now on wait. */
  clear(): void {
    Atomics.and(this.#words, OWN, ~1);
  }

  /**
   * Waits until it is set; returns at once if it is.
   *
   * If aborted or timed out, nothing has changed.
   *
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws The reason of the signal, if it is aborted.
   */
  async wait(options: WaitOptions = {}): Promise<void> {
    const timeoutMs = checkWait(options);
    const passed = this.#passed();
    if (passed(0)) return;
    if (timeoutMs === 0) throw late(0);
    await this.#queue.wait(passed, options, () => late(timeoutMs));
  }

  /**
   * Blocks this thread until it is set; returns at once if it is.
   *
   * If timed out, nothing has changed.
   *
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   */
  waitSync(options?: Pick<WaitOptions, "timeoutMs">): void {
    const timeoutMs = checkWait(options);
    const passed = this.#passed();
    if (passed(0) || this.#spinner.until(() => passed(0))) return;
    if (!this.#queue.waitSync(passed, timeoutMs)) throw late(timeoutMs);
  }

  /** As {@linkcode isSet}. */
  get ready(): boolean {
    return this.isSet;
  }

  /** As {@linkcode wait}, but does not end by a `set` that was cleared. */
  async whenReady(options: WaitOptions = {}): Promise<void> {
    const timeoutMs = checkWait(options);
    const ready = () => this.isSet;
    await this.#queue.poll(ready, options, () => late(timeoutMs));
  }

  /** Whether it is set, or was since this call. */
  #passed(): Attempt {
    const before = Atomics.load(this.#words, OWN) >> 1;
    return () => {
      const word = Atomics.load(this.#words, OWN);
      return (word & 1) === 1 || word >> 1 !== before;
    };
  }
}

function late(timeoutMs: number): DOMException {
  return timeoutError("wait for the Event", timeoutMs);
}
