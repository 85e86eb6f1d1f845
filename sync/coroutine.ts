import { newScopeId, runIn, type Scope, scopes } from "./_scope.ts";

/** What a {@linkcode Coroutine} does. */
export type CoroutineState = "new" | "suspended" | "running" | "done";

/** Scopes that are those of coroutines. */
const coroutines = new WeakMap<Scope, Coroutine>();

/** In place of a function, for the code that is outside of all coroutines. */
const OUTSIDE = () => {};

/**
 * An asynchronous function that runs when it is switched to, and says itself to
 * which one it switches.
 *
 * ```
 *            switchTo()              its function returns, or throws
 *   new ─────────────────► running ──────────────────────────────────► done
 *                           │   ▲                     its parent runs
 *    it calls switchTo()    │   │ another one calls its switchTo(),
 *    of another one         ▼   │ or ends and is its child
 *                         suspended
 * ```
 *
 * The parent of a coroutine is the one that created it, or else the code outside
 * of all coroutines that has switched to it, or to whoever did. Coroutines with
 * the same code outside are a family: exactly one of them runs at any time, or
 * that code. While the one that runs awaits something else than a switch, all of
 * its family wait; other tasks go on.
 *
 * JavaScript can suspend asynchronous functions only: so each call of a function
 * that switches must be awaited, and a switch as well. For locks each coroutine
 * is an owner of its own, and it is part of no task. One to which nobody switches
 * any more is forgotten without running its `finally` blocks.
 *
 * Source: Python `greenlet`; Lua manual section 2.6 for the states.
 *
 * @typeParam T What it is given at each switch.
 *
 * @example
 * ```ts
 * import { Coroutine } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const said: unknown[] = [];
 * const ann: Coroutine<string> = new Coroutine(async () => {
 *   said.push(await bob.switchTo("Hello Bob"));
 *   return "bye";
 * });
 * const bob: Coroutine<string> = new Coroutine(async (greeting: string) => {
 *   said.push(greeting);
 *   await ann.switchTo("Hello Ann");
 * });
 * assertEquals(await ann.switchTo(), "bye");
 * assertEquals(said, ["Hello Bob", "Hello Ann"]);
 * assertEquals([ann.state, bob.state], ["done", "suspended"]);
 * ```
 */
export class Coroutine<T = unknown> {
  readonly #fn: (value: unknown) => unknown;
  readonly #creator: Coroutine | undefined;
  /** The code outside; one that has joined another family leads on to that. */
  #outside: Coroutine;
  #state: CoroutineState;
  /** Ends the call of `switchTo` that has suspended it. */
  #back: PromiseWithResolvers<unknown> | undefined;

  /**
   * Prepares a coroutine; the function is not called yet.
   *
   * @param fn What to run; its argument is the value of the first switch.
   */
  constructor(fn: (value: T) => unknown) {
    const creator = Coroutine.current;
    const isOutside = fn === OUTSIDE;
    this.#fn = fn as (value: unknown) => unknown;
    this.#creator = creator;
    this.#state = isOutside ? "running" : "new";
    if (isOutside) this.#outside = this;
    else if (creator !== undefined) this.#outside = creator.#outside;
    else this.#outside = new Coroutine(OUTSIDE);
  }

  /** The coroutine that calls; `undefined` outside of one. */
  static get current(): Coroutine | undefined {
    for (const scope of scopes()) {
      const coroutine = coroutines.get(scope);
      if (coroutine !== undefined) return coroutine;
    }
    return undefined;
  }

  /** What it does. */
  get state(): CoroutineState {
    return this.#self().#state;
  }

  /**
   * Who goes on when it has ended: the one that created it, or the code outside,
   * which can be switched to as well and has itself no parent.
   */
  get parent(): Coroutine | undefined {
    if (this.#fn === OUTSIDE) return undefined;
    return this.#creator ?? this.#family();
  }

  /**
   * Suspends the coroutine that calls, or the code outside, and lets this one
   * run: its own call of `switchTo` returns the value, or its function is called
   * with it.
   *
   * When that function ends, what it returned is given to its parent, or what it
   * threw is thrown there; if the parent is done, to the parent of that. There
   * is neither a signal nor a timeout: two would run then.
   *
   * @param value What to give it; a promise is awaited before.
   * @returns What the caller is given by whoever lets it run again.
   * @throws {TypeError} If this one is done, or is the one that calls; if the
   * caller does not run, as it did not await its last switch; if in another
   * family this one runs, or another one does. Nothing is switched then.
   */
  async switchTo(value?: T): Promise<unknown> {
    const outside = this.#family();
    const target = this.#self();
    const caller = Coroutine.current ?? outside;
    const refusal = target.#refusal(caller);
    if (refusal !== undefined) {
      throw new TypeError(`Cannot switch to the coroutine: ${refusal}`);
    }
    outside.#outside = caller.#family();
    caller.#state = "suspended";
    const back = caller.#back = Promise.withResolvers<unknown>();
    if (target.#state === "new") void target.#run(value);
    else target.#goOn(value);
    return await back.promise;
  }

  /** Why it cannot be switched to. */
  #refusal(caller: Coroutine): string | undefined {
    if (this.#state === "done") return "it is done";
    if (this === caller) return "it is the one that calls";
    if (caller.#state !== "running") return `the caller is ${caller.#state}`;
    const outside = this.#family();
    const isFree = outside === caller.#family() || outside.#state === "running";
    if (!isFree) return "another of its family runs";
    return this.#state === "running" ? "it runs already" : undefined;
  }

  /** This one; for the code outside, that of the family it has joined. */
  #self(): Coroutine {
    return this.#fn === OUTSIDE ? this.#family() : this;
  }

  /** The code outside, also of the family that its own has joined. */
  #family(): Coroutine {
    let outside = this.#outside;
    while (outside !== outside.#outside) outside = outside.#outside;
    return this.#outside = outside;
  }

  /** Calls the function; its parent goes on afterwards. */
  async #run(value: unknown): Promise<void> {
    this.#state = "running";
    const scope = { id: newScopeId(), parent: undefined }; // owns nothing of others
    coroutines.set(scope, this);
    const outcome = runIn(scope, async () => {
      return await this.#fn(await value); // and not on the stack of the caller
    });
    await outcome.catch(() => {}); // an error is for the parent to see
    const isLeft = this.#state !== "running";
    this.#state = "done";
    // It did not await a switch: nobody waits for it, so its error is uncaught.
    if (isLeft) return void await outcome;
    let parent = this.#creator;
    while (parent !== undefined && parent.#state === "done") {
      parent = parent.#creator;
    }
    (parent ?? this.#family()).#goOn(outcome);
  }

  /** Ends its call of `switchTo`. */
  #goOn(value: unknown): void {
    this.#state = "running";
    this.#back!.resolve(value);
  }
}
