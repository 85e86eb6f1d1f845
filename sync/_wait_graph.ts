/**
 * Who waits for whom, in shared memory; only while deadlocks are detected.
 *
 * ```
 * lock table   holder: scope │ its thread │ kind of lock      3 words, 32,768 times
 * wait table   thread │ blocking │ lock │ scopes …           12 words,  1,024 times
 * ```
 *
 * The vertices are scopes: tasks, and what `withLock()` calls; for the blocking
 * forms, the thread. A wait stops the scope in which it is and all those around
 * it; one that blocks stops its thread and all scopes there. What runs
 * asynchronously outside of a scope is unknown: it may be anything that goes on.
 * Only waits without timeout and signal are entered: others end by themselves.
 *
 * A holder is written after it has taken a lock, and erased before it gives the
 * lock back, so an entry is never younger or older than the truth. Waits are
 * entered and checked one at a time (`GATE` names the thread that does it; that
 * of a dead one is taken over). Hence the last to join a circle sees all of it,
 * and no other does.
 *
 * A lock without a number (there are 32,767) is not checked.
 */
import { KIND, typeName } from "./_nodes.ts";
import { MAX_ID, type Registry, registry } from "./_registry.ts";
import { currentScope, scopes } from "./_scope.ts";
import { swap } from "./_words.ts";
import { DeadlockError } from "./deadlock.ts";

/** Word of a primitive with its number in the lock table; 0 until it has one. */
export const NUMBER = 15;

const GATE = 0;
const LOCKS = 4;
const MAX_LOCKS = 32_768;
const LOCK_WORDS = 3;
const WAITS = LOCKS + MAX_LOCKS * LOCK_WORDS;
const MAX_WAITS = 1024;
const MAX_SCOPES = 9;
const WAIT_WORDS = 3 + MAX_SCOPES;

/** Words of a wait. */
const THREAD = 0;
const BLOCKS = 1;
const LOCK = 2;
const SCOPES = 3;
const WORDS = WAITS + MAX_WAITS * WAIT_WORDS;

/** A lock as the graph knows it. */
export interface Vertex {
  readonly words: Int32Array;
}

/** The graph of this thread; `undefined` while deadlocks are not detected. */
export let graph: WaitGraph | undefined;

/** See {@linkcode Lock.detectDeadlocks}. */
export function detectDeadlocks(on: boolean): void {
  kept ??= new WaitGraph(registry());
  graph = on ? kept : undefined;
}

/** The graph while it is not used: locks have their numbers from it. */
let kept: WaitGraph | undefined;

/** Uses the graph of whoever started this thread. */
export function joinGraph(buffer: SharedArrayBuffer): void {
  graph = kept = new WaitGraph(registry(), buffer);
}

/** See the top of this file. */
export class WaitGraph {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #registry: Registry;

  constructor(
    registry: Registry,
    buffer: SharedArrayBuffer = new SharedArrayBuffer(4 * WORDS),
  ) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
    this.#registry = registry;
  }

  /**
   * Notes that a lock was taken.
   *
   * @param scope By whom: a scope, the thread, or 0 for who knows.
   */
  took(lock: Vertex, scope: number): void {
    const entry = this.#entryOf(lock);
    if (entry === 0) return;
    Atomics.store(this.#words, entry + 1, this.#registry.me);
    Atomics.store(this.#words, entry, scope);
  }

  /** Notes that a lock is about to be given back. */
  gives(lock: Vertex): void {
    const entry = this.#entryOf(lock);
    if (entry !== 0) Atomics.store(this.#words, entry, 0);
  }

  /**
   * Enters a wait of what runs now.
   *
   * @returns What to call when it is over.
   * @throws {DeadlockError} If it closes a circle; it is not entered then.
   */
  enter(lock: Vertex, blocking: boolean): () => void {
    const entry = this.#entryOf(lock);
    const ids = Array.from(scopes(), ({ id }) => id).slice(0, MAX_SCOPES);
    if (entry === 0 || (ids.length === 0 && !blocking)) return () => {};
    const wait = { thread: this.#registry.me, blocking, lock: entry, ids };
    return this.#alone(() => {
      const cycle = this.#follow(lock, wait);
      if (cycle !== undefined) throw new DeadlockError(cycle);
      const at = this.#freeWait();
      if (at === 0) return () => {};
      const words = this.#words;
      words[at + BLOCKS] = Number(blocking);
      words[at + LOCK] = entry;
      for (let index = 0; index < MAX_SCOPES; index++) {
        words[at + SCOPES + index] = ids[index] ?? 0;
      }
      Atomics.store(words, at + THREAD, wait.thread);
      return () => void Atomics.store(words, at + THREAD, 0);
    });
  }

  /** The steps of the circle that a wait would close, if it closes one. */
  #follow(lock: Vertex, wait: Wait): string[] | undefined {
    const path: Step[] = [{
      scope: wait.blocking ? wait.thread : wait.ids[0]!,
      thread: wait.thread,
      waitsFor: wait.lock,
    }];
    for (let entry = wait.lock; path.length < MAX_WAITS;) {
      const scope = Atomics.load(this.#words, entry);
      const thread = Atomics.load(this.#words, entry + 1);
      if (scope === 0 || !this.#registry.isAlive(thread)) return undefined;
      if (this.#stops(wait, scope, thread)) {
        // Two branches of one task look like this, too, and go on.
        const isSure = path.length > 1 || wait.blocking ||
          scope !== wait.ids[0] || currentScope()?.lock === lock.words;
        if (!isSure) return undefined;
        return path.map((step, index) => this.#word(step, path.at(index - 1)!));
      }
      const next = this.#waitThatStops(scope, thread);
      if (next === undefined) return undefined;
      entry = next.lock;
      path.push({ scope, thread, waitsFor: entry });
    }
    return undefined; // a circle of others, which has its own witness
  }

  /** Whether a wait stops a scope. */
  #stops(wait: Wait, scope: number, thread: number): boolean {
    if (wait.blocking && wait.thread === thread) return true;
    return wait.ids.includes(scope);
  }

  #waitThatStops(scope: number, thread: number): Wait | undefined {
    const words = this.#words;
    for (let at = WAITS; at < WORDS; at += WAIT_WORDS) {
      const waiting = Atomics.load(words, at + THREAD);
      if (waiting === 0) continue;
      const wait = {
        thread: waiting,
        blocking: words[at + BLOCKS] === 1,
        lock: words[at + LOCK]!,
        ids: [...words.subarray(at + SCOPES, at + WAIT_WORDS)],
      };
      if (this.#stops(wait, scope, thread)) return wait;
    }
    return undefined;
  }

  /** What one step of a circle does; it holds what the one before waits for. */
  #word(step: Step, before: Step): string {
    const { scope, thread, waitsFor } = step;
    const name = `thread "${this.#registry.nameOf(thread)}"`;
    const who = scope === thread ? name : `task ${scope - MAX_ID} of ${name}`;
    return `${who} holds ${this.#nameOf(before.waitsFor)} and waits for ${
      this.#nameOf(waitsFor)
    }`;
  }

  #nameOf(entry: number): string {
    const type = typeName(this.#words[entry + 2]!);
    return `${type} ${(entry - LOCKS) / LOCK_WORDS}`;
  }

  /** Room for a wait; 0 if there is none. Waits of the dead are room, too. */
  #freeWait(): number {
    for (let wait = WAITS; wait < WORDS; wait += WAIT_WORDS) {
      const thread = Atomics.load(this.#words, wait + THREAD);
      if (thread === 0 || !this.#registry.isAlive(thread)) return wait;
    }
    return 0;
  }

  /** Where the holder of a lock is noted; 0 if there is no room for it. */
  #entryOf({ words }: Vertex): number {
    let number = Atomics.load(words, NUMBER);
    if (number === 0) {
      const given = this.#registry.nextLock();
      number = Atomics.compareExchange(words, NUMBER, 0, given) || given;
    }
    if (number >= MAX_LOCKS) return 0;
    const entry = LOCKS + number * LOCK_WORDS;
    this.#words[entry + 2] = words[KIND]!;
    return entry;
  }

  /** One thread at a time; that of a dead one is over. */
  #alone<T>(fn: () => T): T {
    const { me } = this.#registry;
    while (!swap(this.#words, GATE, 0, me)) {
      const holder = Atomics.load(this.#words, GATE);
      if (holder !== 0 && !this.#registry.isAlive(holder)) {
        if (swap(this.#words, GATE, holder, me)) break;
      }
    }
    try {
      return fn();
    } finally {
      Atomics.store(this.#words, GATE, 0);
    }
  }
}

/** Who waits for what. */
interface Wait {
  readonly thread: number;
  readonly blocking: boolean;
  /** Where the holder of the lock is noted. */
  readonly lock: number;
  /** The scopes around it, from the inside; the first nine. */
  readonly ids: readonly number[];
}

/** Someone in a circle. */
interface Step {
  readonly scope: number;
  readonly thread: number;
  readonly waitsFor: number;
}
