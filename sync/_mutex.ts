/**
 * One word that says which thread holds a lock.
 *
 * ```
 *  31 … 29 │ 28        │ 27   │ 26   │ 25 … 0
 *     0    │ CONTENDED │ FAIR │ DIED │ identity of the holder, 0 if it is free
 * ```
 *
 * - CONTENDED: somebody waits; a release must look for whom. While it is not
 *   set, taking and releasing are one compare-and-exchange each.
 * - FAIR: free, but only for the first blocking waiter.
 * - DIED: a holder died with the lock; set until somebody says that what it
 *   protects is consistent.
 *
 * Only the holder writes the number of its acquisition, one more than the last,
 * by which a guard knows whether it is still its own. One that was suspended goes
 * on with a new number, RESUMED_AS, and keeps the guards of the old, RESUMED.
 */
import { timeoutError } from "./_errors.ts";
import type { Memory } from "./_memory.ts";
import { OWN } from "./_nodes.ts";
import { type Attempt, WaitQueue } from "./_park.ts";
import type { Registry } from "./_registry.ts";
import { currentScope } from "./_scope.ts";
import { Spinner } from "./_spinner.ts";
import type { Resume } from "./_suspend.ts";
import { trap } from "./_trap.ts";
import { graph } from "./_wait_graph.ts";
import { swap } from "./_words.ts";
import { checkWait, type WaitOptions } from "./wait_options.ts";

/** Words with numbers of acquisitions; those before are an RLock's. */
const ACQUISITION = OWN + 3;
const RESUMED_AS = OWN + 4;
const RESUMED = OWN + 5;

const HOLDER = 0x03ff_ffff;
const DIED = 1 << 26;
const FAIR = 1 << 27;
const CONTENDED = 1 << 28;

/** Any holder. */
const ANYBODY = 0;

/** What locks have in common: one holder, who may die. */
export class Mutex {
  readonly queue: WaitQueue;
  readonly words: Int32Array;
  readonly #registry: Registry;
  readonly #me: number;
  readonly #type: string;
  readonly #spinner = new Spinner(false);

  constructor({ words, registry, handle }: Memory) {
    this.queue = new WaitQueue(words, registry);
    this.words = words;
    this.#registry = registry;
    this.#me = registry.me;
    this.#type = handle.type;
  }

  /** Identity of the thread that holds it, 0 if none does. */
  get holder(): number {
    return Atomics.load(this.words, OWN) & HOLDER;
  }

  /** Whether some thread holds it. */
  get isHeld(): boolean {
    return this.holder !== 0;
  }

  /** Whether this thread holds it. */
  get isMine(): boolean {
    return this.holder === this.#me;
  }

  /** Whether a holder died, and nobody has said since that all is well. */
  get ownerDied(): boolean {
    return (Atomics.load(this.words, OWN) & DIED) !== 0;
  }

  /** Says that all is well. */
  markConsistent(): void {
    if (!this.isMine) {
      throw new TypeError(
        `Cannot mark the ${this.#type} consistent: this thread does not hold it`,
      );
    }
    Atomics.and(this.words, OWN, ~DIED);
  }

  /** Number of the acquisition that holds it; only the holder may ask. */
  get acquisition(): number {
    const { words } = this;
    const last = words[ACQUISITION]!;
    return words[RESUMED_AS] === last ? words[RESUMED]! : last;
  }

  /** Takes it if that can be done now; the holder is the thread. */
  tryTakeSync(): boolean {
    if (!swap(this.words, OWN, 0, this.#me) && !this.#take(0, 0)) return false;
    this.#number();
    graph?.took(this, this.#me);
    return true;
  }

  /** Takes it if that can be done now; the holder is what runs now. */
  tryTake(): boolean {
    if (!swap(this.words, OWN, 0, this.#me) && !this.#take(0, 0)) return false;
    this.#number();
    graph?.took(this, currentScope()?.id ?? 0);
    return true;
  }

  /** Takes it on behalf of a waiter. */
  tryTakeFor(node: number, scope: number): boolean {
    if (!this.#take(node, CONTENDED)) return false;
    this.#number();
    graph?.took(this, scope);
    return true;
  }

  /**
   * Blocks until it is taken.
   *
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws {DeadlockError} If it would never end.
   */
  takeSync(options?: Pick<WaitOptions, "timeoutMs">): void {
    checkWait(options);
    if (this.tryTakeSync() || this.#spin()) return;
    this.joinSync((node) => this.tryTakeFor(node, this.#me), options);
  }

  /**
   * Takes it as soon as possible.
   *
   * @returns The number of the acquisition.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws {DeadlockError} If it would never end.
   * @throws The reason of the signal.
   */
  async take(options: WaitOptions = {}): Promise<number> {
    const timeoutMs = checkWait(options);
    let acquisition = 0;
    if (timeoutMs === 0) {
      if (!this.tryTake()) throw this.#late(0);
      return this.acquisition;
    }
    const scope = currentScope()?.id ?? 0;
    const attempt = (node: number) => {
      if (!this.tryTakeFor(node, scope)) return false;
      acquisition = this.acquisition; // later it may be another's
      return true;
    };
    await this.join(attempt, options);
    return acquisition;
  }

  /**
   * Gives it back for a while; the acquisition stays the same.
   *
   * @param resumed Called in the same turn in which it is taken again.
   */
  suspend(resumed?: () => void): Resume {
    const { acquisition } = this;
    const scope = currentScope()?.id ?? 0;
    this.release();
    const attempt = (holder: number) => (node: number) => {
      if (!this.tryTakeFor(node, holder)) return false;
      this.words[RESUMED_AS] = this.words[ACQUISITION]!;
      this.words[RESUMED] = acquisition;
      resumed?.();
      return true;
    };
    const never = () => new Error();
    return {
      resume: () => this.queue.wait(attempt(scope), {}, never),
      resumeSync: () => void this.queue.waitSync(attempt(this.#me), Infinity),
    };
  }

  /**
   * Waits in line until an attempt succeeds.
   *
   * @throws As {@linkcode take}.
   */
  async join(attempt: Attempt, options: WaitOptions = {}): Promise<void> {
    const timeoutMs = checkWait(options);
    const endless = timeoutMs === Infinity && options.signal === undefined;
    const left = this.#enter(endless, false);
    try {
      const late = () => this.#late(timeoutMs);
      await this.queue.wait(attempt, options, late);
    } finally {
      left?.();
    }
  }

  /**
   * Blocks in line until an attempt succeeds.
   *
   * @throws As {@linkcode takeSync}.
   */
  joinSync(attempt: Attempt, options?: Pick<WaitOptions, "timeoutMs">): void {
    const timeoutMs = checkWait(options);
    const left = this.#enter(timeoutMs === Infinity, true);
    try {
      if (!this.queue.waitSync(attempt, timeoutMs)) throw this.#late(timeoutMs);
    } finally {
      left?.();
    }
  }

  /**
   * Waits until it is free; does not take it.
   *
   * @throws As {@linkcode take}, but for a deadlock.
   */
  async poll(options: WaitOptions = {}): Promise<void> {
    const timeoutMs = checkWait(options);
    const late = () => timeoutError(`poll the ${this.#type}`, timeoutMs);
    await this.queue.poll((node) => this.isOpen(node), options, late);
  }

  /**
   * Whether it is free, for those who only need that nobody holds it. If it is
   * not, it is CONTENDED from then on.
   *
   * @param node As of an {@linkcode Attempt}; -1 leaves no mark.
   */
  isOpen(node: number): boolean {
    const { words } = this;
    for (;;) {
      const word = Atomics.load(words, OWN);
      const holder = word & HOLDER;
      if (holder !== 0 && this.#registry.isDead(holder)) {
        swap(words, OWN, word, word & CONTENDED | DIED);
      } else if (holder === 0 && !(word & FAIR)) {
        if (node > 0) this.queue.wake(1); // the next may share it, too
        return true;
      } else if (holder === 0 && this.queue.isFirst(node)) {
        swap(words, OWN, word, word & ~FAIR);
      } else if (node < 0 || (word & CONTENDED) !== 0) {
        return false;
      } else if (swap(words, OWN, word, word | CONTENDED)) {
        return false;
      }
    }
  }

  /**
   * Gives it back, whoever holds it.
   *
   * @throws {TypeError} If nobody does.
   */
  release(): void {
    graph?.gives(this);
    if (swap(this.words, OWN, this.#me, 0)) return;
    if (this.#releaseSlowly(ANYBODY)) return;
    throw new TypeError(`Cannot release the ${this.#type}: nobody holds it`);
  }

  /** Gives an acquisition of this thread back, unless it is over. */
  releaseBy(acquisition: number): void {
    if (!this.isMine || this.acquisition !== acquisition) return;
    graph?.gives(this);
    if (!swap(this.words, OWN, this.#me, 0)) this.#releaseSlowly(this.#me);
  }

  #number(): void {
    this.words[ACQUISITION]! += 1;
  }

  /**
   * Takes it if it is free, or if its holder is dead.
   *
   * @param mark CONTENDED, to find the word so from then on, taken or not.
   */
  #take(node: number, mark: number): boolean {
    const { words } = this;
    for (;;) {
      const word = Atomics.load(words, OWN);
      const holder = word & HOLDER;
      const died = holder !== 0 && this.#registry.isDead(holder);
      const free = holder === 0 && (!(word & FAIR) || this.queue.isFirst(node));
      if (free || died) {
        const flags = word & (DIED | CONTENDED) | (died ? DIED : 0) | mark;
        if (swap(words, OWN, word, this.#me | flags)) return true;
      } else if ((word | mark) === word) {
        return false;
      } else if (swap(words, OWN, word, word | mark)) {
        return false;
      }
    }
  }

  /** Looks until it is taken, or others wait: then so does this one. */
  #spin(): boolean {
    let taken = false;
    this.#spinner.until(() => {
      const word = Atomics.load(this.words, OWN);
      if (word & CONTENDED) return true;
      taken = word === 0 && this.tryTakeSync();
      return taken;
    });
    return taken;
  }

  /** Gives it back if it is held by somebody, or by the one that is given. */
  #releaseSlowly(by: number): boolean {
    const { words } = this;
    for (;;) {
      const word = Atomics.load(words, OWN);
      const holder = word & HOLDER;
      if (holder === 0 || (by !== ANYBODY && holder !== by)) return false;
      const fair = (word & CONTENDED) !== 0 && this.queue.isImpatient();
      const died = this.#registry.isDead(holder) ? DIED : word & DIED;
      const free = died | (fair ? FAIR | CONTENDED : 0);
      if (!swap(words, OWN, word, free)) continue;
      trap("released");
      if (word & CONTENDED) this.queue.wake(1);
      return true;
    }
  }

  /** Enters a wait without an end into the graph, if there is one. */
  #enter(endless: boolean, blocking: boolean): (() => void) | undefined {
    return endless ? graph?.enter(this, blocking) : undefined;
  }

  #late(timeoutMs: number): DOMException {
    return timeoutError(`acquire the ${this.#type}`, timeoutMs);
  }
}
