/**
 * Who uses the two ends of a pipe.
 *
 * The word USER of an end names the thread that used it last:
 *
 * ```
 *              share()                 attach(), or any call
 *   USED by 1 ─────────► GIVEN AWAY ──────────────────────────► USED by 2
 *       │                                                          │
 *       │ close()                              thread 2 ended, or died
 *       ▼                                                          ▼
 *     CLOSED ─────────────────────────────────────────────────►  GONE
 *                                   for the other end
 * ```
 *
 * - An end that was closed, or whose last user has ended or died, is gone: the
 *   other one receives what was sent as a whole, then the end, and cannot send.
 * - An end that was given away and not taken yet is not gone, whatever becomes of
 *   the giver, who uses it no more. One that is an argument of a thread is that
 *   thread's at once: so it is gone if the thread ends before it begins.
 * - A thread that makes a call of an end takes it, and has it from then on. Calls
 *   that still wait in the thread that had it before fail when they are woken.
 * - Who does not use an end closes nothing but the own object of it. So the giver
 *   may close what it has given away, as one does with files.
 *
 * Nobody has to be woken because a thread is gone: then everybody who waits looks
 * again.
 */
import { CLOSED, USER } from "./_pipe_memory.ts";
import { NOBODY, recipientOf } from "./_recipient.ts";
import type { Registry } from "./_registry.ts";
import { swap } from "./_words.ts";

/** What a call of an end does, to say what was not possible. */
export type Action = "send to" | "receive from";

/** See the top of this file. */
export class PipeUsers {
  readonly #own: Int32Array;
  readonly #other: Int32Array;
  readonly #registry: Registry;
  readonly #me: number;
  readonly #onTake: () => void;
  #closed = false;
  #changes = -1;

  /**
   * @param own Words of the direction that this end sends to.
   * @param other Those of the other direction.
   * @param onTake Called whenever this thread begins to use the end.
   */
  constructor(
    own: Int32Array,
    other: Int32Array,
    registry: Registry,
    onTake: () => void,
  ) {
    this.#own = own;
    this.#other = other;
    this.#registry = registry;
    this.#me = registry.me;
    this.#onTake = onTake;
  }

  /** Whether this end, or just this object, was closed. */
  get isClosed(): boolean {
    return this.#closed || Atomics.load(this.#own, CLOSED) !== 0;
  }

  /** Makes this thread the user of this end. */
  take(): void {
    Atomics.store(this.#own, USER, this.#me);
    this.#onTake();
  }

  /** Makes the recipient its user, or nobody, unless another thread is. */
  give(): void {
    const user = Atomics.load(this.#own, USER);
    if (user !== this.#me && this.#registry.isAlive(user)) return;
    swap(this.#own, USER, user, recipientOf());
  }

  /**
   * Closes it.
   *
   * @returns Whether it was this thread that used it.
   */
  close(): boolean {
    this.#closed = true;
    if (Atomics.load(this.#own, USER) !== this.#me) return false;
    Atomics.store(this.#own, CLOSED, 1);
    return true;
  }

  /**
   * To be called by each call of this end.
   *
   * @throws {Deno.errors.BadResource} If it is closed.
   */
  enter(action: Action): void {
    if (this.#closed || this.#own[CLOSED] !== 0) {
      throw new Deno.errors.BadResource(
        `Cannot ${action} the PipeEnd: it is closed`,
      );
    }
    if (this.#own[USER] !== this.#me) this.take();
  }

  /**
   * To be called by each call that waits, when it is woken.
   *
   * @throws {Deno.errors.Interrupted} If this end was closed meanwhile.
   * @throws {TypeError} If another thread uses it.
   */
  stay(action: Action): void {
    if (this.isClosed) {
      throw new Deno.errors.Interrupted(
        `Cannot ${action} the PipeEnd: closed while waiting`,
      );
    }
    const user = Atomics.load(this.#own, USER);
    if (user === this.#me || user === NOBODY) return;
    throw new TypeError(
      `Cannot ${action} the PipeEnd: another thread uses it by now`,
    );
  }

  /** Whether the other end is gone. */
  get isOtherGone(): boolean {
    if (Atomics.load(this.#other, CLOSED) !== 0) return true;
    const user = Atomics.load(this.#other, USER);
    return user !== NOBODY && !this.#registry.isAlive(user);
  }

  /** @throws {Deno.errors.BrokenPipe} If the other end is gone. */
  checkOther(): void {
    const changes = this.#registry.changes();
    if (changes === this.#changes && this.#other[CLOSED] === 0) return;
    if (!this.isOtherGone) {
      this.#changes = changes;
      return;
    }
    const why = Atomics.load(this.#other, CLOSED) !== 0
      ? "the other end is closed"
      : "the thread that used the other end is gone";
    throw new Deno.errors.BrokenPipe(`Cannot send to the PipeEnd: ${why}`);
  }
}
