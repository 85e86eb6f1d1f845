import { handleOf, type Memory, memoryOf } from "./_memory.ts";
import { OWN, PRIMITIVE_WORDS } from "./_nodes.ts";
import { MAX_ID } from "./_registry.ts";
import { settled } from "./_settled.ts";
import { type Attempt, WaitQueue } from "./_park.ts";
import { Spinner } from "./_spinner.ts";
import { trap } from "./_trap.ts";
import { swap } from "./_words.ts";
import { timeoutError } from "./_errors.ts";
import { declare } from "./_primitives.ts";
import { BrokenBarrierError } from "./broken_barrier.ts";
import type { Handle } from "./handle.ts";
import { checkWait, type WaitOptions } from "./wait_options.ts";

/*
 * One word holds all that decides:
 *
 *   31 … 15    │ 14     │ 13     │ 12    │ 11 … 0
 *   generation │ BROKEN │ ACTING │ RESET │ how many have arrived
 *
 *             arrive                    arrive, the last
 *   filling ─────────► filling, one more ───────────────► ACTING
 *      ▲                  │ time over, aborted, abort()     │ action done
 *      │                  ▼                                 │ (next generation)
 *      │               BROKEN ◄─────────────────────────────┤ threw, or thread died
 *      │    reset()       │                                 │
 *      └──────────────────┴─────────────────────────────────┘
 *
 * A waiter remembers its generation. When that is over, RESET of the next one
 * says whether by a reset, and later the history does, which goes back by 256.
 * When it is BROKEN, all get an error until the next reset. Without an action
 * nobody sees ACTING. A generation number comes again after 131,072 rounds, and a
 * waiter is woken after each.
 */
const ARRIVED = 0xfff;
const RESET = 1 << 12;
const ACTING = 1 << 13;
const BROKEN = 1 << 14;
const GENERATION_SHIFT = 15;
const GENERATIONS = 0x1ffff;

const STATE = OWN;
const PARTIES = OWN + 1;
/** The thread that runs the action, below the last 6 bits of the generation. */
const ACTOR = OWN + 2;

/** How the last generations ended, for those who look late. */
const HISTORY = PRIMITIVE_WORDS;
const HISTORY_WORDS = 256;

/** Options of {@linkcode Barrier}. */
export interface BarrierOptions {
  /**
   * Called once for each group by the last to arrive, before anybody passes; in
   * the thread that gave it, it is not shared. If it throws, the barrier breaks,
   * and that caller gets the error. Default: none.
   */
  action?: (() => void) | undefined;
  /** Longest wait of each `wait` that has no limit of its own, in ms. */
  timeoutMs?: number | undefined;
}

/** What another thread attaches a {@linkcode Barrier} to. */
export interface BarrierHandle extends Handle<"Barrier"> {
  /** Longest wait, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * A place where a fixed number of parties wait for each other, then pass
 * together; it can be used again at once.
 *
 * If one of them times out or is aborted, the others would wait for ever: so the
 * barrier breaks, and all get a {@linkcode BrokenBarrierError}, until
 * {@linkcode Barrier.reset}. A party is a call of `wait`, of whatever thread; one
 * that dies while it waits counts as having arrived, and one that dies in the
 * action breaks the barrier.
 *
 * Source: CPython `threading.Barrier`.
 *
 * @example
 * ```ts
 * import { Barrier } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const barrier = new Barrier(2);
 * const order = await Promise.all([barrier.wait(), barrier.wait()]);
 * assertEquals(order.sort(), [0, 1]);
 * ```
 */
export class Barrier {
  static {
    declare(this);
  }

  readonly #memory: Memory<"Barrier">;
  readonly #words: Int32Array;
  readonly #queue: WaitQueue;
  readonly #action: (() => void) | undefined;
  readonly #timeoutMs: number;
  readonly #spinner: Spinner;

  /**
   * Makes a barrier, or uses that of another thread.
   *
   * @param from How many pass together; or what another thread shared.
   * @throws {RangeError} If the number is not a whole one from 1 to 4095, or
   * `timeoutMs` is negative.
   */
  constructor(from: number | BarrierHandle, options: BarrierOptions = {}) {
    const fresh = typeof from === "number";
    if (fresh && !(Number.isInteger(from) && from > 0 && from <= ARRIVED)) {
      throw new RangeError(
        `Cannot make a Barrier for ${from} parties: it must be a whole number from 1 to ${ARRIVED}`,
      );
    }
    this.#timeoutMs = checkWait(
      fresh ? { timeoutMs: options.timeoutMs } : from,
    );
    this.#action = options.action;
    this.#memory = memoryOf(
      "Barrier",
      fresh ? undefined : from,
      HISTORY_WORDS,
    );
    this.#words = this.#memory.words;
    if (fresh) this.#words[PARTIES] = from;
    this.#queue = new WaitQueue(this.#words, this.#memory.registry);
    const fits = this.parties <= navigator.hardwareConcurrency;
    this.#spinner = new Spinner(fits);
  }

  /**
   * Uses the barrier of another thread.
   *
   * @param options An action of this thread; see {@linkcode BarrierOptions}.
   * @throws {TypeError} If the handle is that of something else.
   */
  static attach(handle: BarrierHandle, options?: BarrierOptions): Barrier {
    return new Barrier(handleOf("Barrier", handle), options);
  }

  /** What another thread attaches to: all but the action. */
  share(): BarrierHandle {
    return { ...this.#memory.handle, timeoutMs: this.#timeoutMs };
  }

  /** How many pass together. */
  get parties(): number {
    return this.#words[PARTIES]!;
  }

  /** How many wait. */
  get waiting(): number {
    const state = Atomics.load(this.#words, STATE);
    return state & (BROKEN | ACTING) ? 0 : state & ARRIVED;
  }

  /** Whether it is broken. */
  get broken(): boolean {
    return (Atomics.load(this.#words, STATE) & BROKEN) !== 0;
  }

  /**
   * Waits until all parties have arrived.
   *
   * If aborted or timed out, the barrier is broken.
   *
   * @returns In which place this call arrived: 0 for the first, `parties - 1` for
   * the last.
   * @throws {BrokenBarrierError} If it is broken, breaks, or is reset; the reason
   * is its `cause`, if it is that of this call.
   * @throws What the action throws, to the last.
   */
  async wait(options: WaitOptions = {}): Promise<number> {
    const limited = this.#limited(options);
    const deadline = performance.now() + checkWait(limited);
    for (;;) {
      const left = Math.max(0, deadline - performance.now());
      checkWait(options); // it may have been aborted in the last round
      const mine = this.#arrive();
      const ended = this.#over(mine);
      if (!ended(0)) {
        const limits = { ...options, timeoutMs: left };
        try {
          await this.#queue.wait(ended, limits, () => late(limited));
        } catch (error) {
          const over = this.#leave(mine, error);
          if (!over) await this.#queue.wait(ended, {}, () => late({}));
        }
      }
      if (!(mine & ACTING)) return this.#outcome(mine);
    }
  }

  /**
   * Blocks this thread until all parties have arrived.
   *
   * If timed out, the barrier is broken.
   *
   * @returns As {@linkcode wait}.
   * @throws As {@linkcode wait}.
   */
  waitSync(options: Pick<WaitOptions, "timeoutMs"> = {}): number {
    const limited = this.#limited(options);
    const deadline = performance.now() + checkWait(limited);
    for (;;) {
      const left = Math.max(0, deadline - performance.now());
      const mine = this.#arrive();
      const ended = this.#over(mine);
      const found = this.#spinner.until(() => ended(0));
      if (!found && !this.#queue.waitSync(ended, left)) {
        const over = this.#leave(mine, late(limited));
        if (!over) this.#queue.waitSync(ended, Infinity);
      }
      if (!(mine & ACTING)) return this.#outcome(mine);
    }
  }

  /**
   * Makes the barrier whole and empty again. Those who wait get a
   * {@linkcode BrokenBarrierError}.
   */
  reset(): void {
    for (;;) {
      const state = Atomics.load(this.#words, STATE);
      this.#remember(state);
      if (!swap(this.#words, STATE, state, following(state) | RESET)) continue;
      return this.#queue.wakeAll();
    }
  }

  /** Breaks the barrier, for those who wait and all who come. */
  abort(): void {
    Atomics.or(this.#words, STATE, BROKEN);
    this.#queue.wakeAll();
  }

  /**
   * Arrives, and lets all pass if this is the last.
   *
   * @returns The state before; ACTING if it has to come again.
   */
  #arrive(): number {
    for (;;) {
      const state = Atomics.load(this.#words, STATE);
      if (state & BROKEN) throw new BrokenBarrierError();
      if (state & ACTING) return state;
      const isLast = (state & ARRIVED) + 1 === this.parties;
      if (isLast) this.#remember(state);
      const next = !isLast
        ? state + 1
        : this.#action === undefined
        ? following(state)
        : state | ACTING;
      if (!swap(this.#words, STATE, state, next)) continue;
      if (next & ACTING) this.#setActor(next);
      if (isLast) this.#act(next);
      return state;
    }
  }

  /** Lets all pass, after the action if there is one. */
  #act(state: number): void {
    if (state & ACTING) {
      try {
        settled(this.#action!(), "the action", "a function that is not");
      } catch (error) {
        swap(this.#words, STATE, state, state | BROKEN);
        this.#queue.wakeAll();
        throw error;
      }
      swap(this.#words, STATE, state, following(state)); // or broken meanwhile
    }
    trap("released");
    this.#queue.wakeAll();
  }

  /** Whether the group of an arrival has passed, or never will. */
  #over(mine: number): Attempt {
    return () => {
      const state = Atomics.load(this.#words, STATE);
      if (isLater(state, mine) || state & BROKEN) return true;
      if (!(state & ACTING) || !this.#isActorDead(state)) return false;
      if (!swap(this.#words, STATE, state, state | BROKEN)) return false;
      this.#queue.wakeAll();
      return true;
    };
  }

  /** Says who runs the action of this generation. */
  #setActor(state: number): void {
    const { me } = this.#memory.registry;
    Atomics.store(this.#words, ACTOR, ofActor(state) | me);
  }

  /** Who runs the action; `undefined` if it has not said so yet. */
  #actor(state: number): number | undefined {
    const actor = Atomics.load(this.#words, ACTOR);
    return (actor & ~MAX_ID) === ofActor(state) ? actor & MAX_ID : undefined;
  }

  #isActorDead(state: number): boolean {
    const actor = this.#actor(state);
    return actor !== undefined && !this.#memory.registry.isAlive(actor);
  }

  /**
   * Waits no more, and breaks the barrier for the others, unless it is too late
   * for that.
   *
   * @returns Whether the group is over; else it is complete, and waits for the
   * action.
   * @throws {BrokenBarrierError} For this reason.
   * @throws The reason, if this call had not arrived.
   */
  #leave(mine: number, reason: unknown): boolean {
    for (;;) {
      const state = Atomics.load(this.#words, STATE);
      if (isLater(state, mine)) return true;
      if (mine & ACTING) throw reason;
      if (state & ACTING && this.#actor(state) !== undefined) return false;
      if (!swap(this.#words, STATE, state, state | BROKEN)) continue;
      this.#queue.wakeAll();
      throw new BrokenBarrierError(reason);
    }
  }

  /**
   * Writes down how the generation before ended, ahead of the end of this one: so
   * it is there for all who come to look when RESET is that of another.
   */
  #remember(state: number): void {
    const ended = (state >>> GENERATION_SHIFT) - 1 & GENERATIONS;
    const broken = (state & RESET) !== 0;
    const entry = HISTORY + ended % HISTORY_WORDS;
    Atomics.store(this.#words, entry, ended + 1 << 1 | Number(broken));
  }

  /** What an arrival gets once its group is over. */
  #outcome(mine: number): number {
    const state = Atomics.load(this.#words, STATE);
    const generation = mine >>> GENERATION_SHIFT;
    const entry = HISTORY + generation % HISTORY_WORDS;
    let broken = true; // in this generation
    if (!isLater(state, following(mine))) {
      broken = (state & RESET) !== 0;
    } else if (isLater(state, mine)) {
      const ended = Atomics.load(this.#words, entry);
      broken = ended === (generation + 1 << 1 | 1);
    }
    if (broken) throw new BrokenBarrierError();
    return mine & ARRIVED;
  }

  #limited(options: WaitOptions): WaitOptions {
    return { ...options, timeoutMs: options.timeoutMs ?? this.#timeoutMs };
  }
}

/** An empty state of the next generation. */
function following(state: number): number {
  return ((state >>> GENERATION_SHIFT) + 1) << GENERATION_SHIFT;
}

/** The generation, as the word of the actor has it beside the thread. */
function ofActor(state: number): number {
  return (state >>> GENERATION_SHIFT) * (MAX_ID + 1) | 0;
}

function isLater(state: number, mine: number): boolean {
  return state >>> GENERATION_SHIFT !== mine >>> GENERATION_SHIFT;
}

function late({ timeoutMs }: WaitOptions): DOMException {
  return timeoutError("wait for the Barrier", timeoutMs);
}
