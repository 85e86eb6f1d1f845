import { Turns } from "./_turns.ts";

/**
 * A generator that a {@linkcode Scheduler} runs.
 *
 * @typeParam Y What it yields.
 * @typeParam R What it returns.
 * @typeParam S What is sent to it.
 */
export interface GeneratorTask<Y = unknown, R = unknown, S = unknown>
  extends Disposable {
  /** Whether it has returned or thrown, or was closed. */
  readonly done: boolean;
  /** What it has yielded last; `undefined` before its first `yield`. */
  readonly yielded: Y | undefined;
  /**
   * Sends it a value: each `yield` returns the next one that was sent, or
   * `undefined` if there is none. It gets no turn by that.
   *
   * @throws {TypeError} If it is done.
   */
  send(value: S): void;
  /**
   * What it has returned; `undefined` if it was closed.
   *
   * @throws What it threw.
   * @throws {TypeError} If it is not done.
   */
  result(): R | undefined;
  /**
   * Ends it: its `finally` blocks run now. If one of them yields, the rest of
   * it takes turns as before. Does nothing if it is done.
   *
   * @throws What its `finally` blocks throw.
   * @throws {TypeError} If it is the one that runs.
   */
  close(): void;
}

/**
 * Runs generators in turns, round robin: each runs until its next `yield`, then
 * the next one does.
 *
 * One that is added comes after all that wait for their turn. A generator may
 * add others, send to them and close them. A promise that is yielded is not
 * awaited: for asynchronous functions there is `spawn()`.
 *
 * Source: David Beazley, "A Curious Course on Coroutines and Concurrency";
 * Python's PEP 342 for `send` and `close`.
 *
 * @example
 * ```ts
 * import { Scheduler } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const said: string[] = [];
 * function* parrot(name: string): Generator<void, number, string | undefined> {
 *   for (let words = 0;; words++) {
 *     const word = yield;
 *     if (word === undefined) return words;
 *     said.push(`${name}: ${word}`);
 *   }
 * }
 * const scheduler = new Scheduler();
 * const [ann, bob] = ["Ann", "Bob"].map((name) => scheduler.add(parrot(name)));
 * for (const word of ["one", "two"]) ann!.send(word);
 * bob!.send("three");
 * scheduler.run();
 * assertEquals(said, ["Ann: one", "Bob: three", "Ann: two"]);
 * assertEquals([ann!.result(), bob!.result()], [2, 1]);
 * ```
 */
export class Scheduler {
  readonly #turns: Turns<Turn> = new Turns<Turn>();
  #running = false;

  /** How many generators are not done. */
  get size(): number {
    return this.#turns.size + (this.#running ? 1 : 0);
  }

  /**
   * Adds a generator, which gets its first turn after all that wait for theirs.
   *
   * @throws {TypeError} If it was added before, be it to another scheduler.
   */
  add<Y, R, S>(
    generator: Generator<Y, R, S | undefined>,
  ): GeneratorTask<Y, R, S> {
    if (added.has(generator)) {
      throw new TypeError("Cannot add the generator: it was added before");
    }
    added.add(generator);
    const routine = new Routine(generator, this.#turns);
    this.#turns.add(routine);
    return routine;
  }

  /**
   * Runs the next generator until it yields, returns or throws.
   *
   * @returns Whether there was one.
   * @throws What the generator threw, which is done then; the others wait for
   * their turns as before.
   * @throws {TypeError} If a generator of this scheduler calls.
   */
  step(): boolean {
    if (this.#running) {
      throw new TypeError("Cannot run the Scheduler: a generator of it runs");
    }
    const next = this.#turns.take();
    if (next === undefined) return false;
    this.#running = true;
    try {
      next.resume();
    } finally {
      this.#running = false;
    }
    return true;
  }

  /**
   * Runs all generators until they are done, also those added meanwhile.
   *
   * @throws As {@linkcode step}, at once: call it again to go on with the others.
   */
  run(): void {
    while (this.step());
  }
}

/** Generators that have been added to some scheduler. */
const added = new WeakSet<object>();

/** Who takes turns. */
interface Turn {
  /** Runs until the next `yield`. */
  resume(): void;
}

class Routine<Y, R, S> implements GeneratorTask<Y, R, S>, Turn {
  readonly #generator: Generator<Y, R, S | undefined>;
  readonly #turns: Turns<Turn>;
  readonly #sent: S[] = [];
  #started = false;
  #running = false;
  #yielded: Y | undefined;
  #end: { value: R | undefined } | { error: unknown } | undefined;

  constructor(
    generator: Generator<Y, R, S | undefined>,
    turns: Turns<Turn>,
  ) {
    this.#generator = generator;
    this.#turns = turns;
  }

  get done(): boolean {
    return this.#end !== undefined;
  }

  get yielded(): Y | undefined {
    return this.#yielded;
  }

  send(value: S): void {
    if (this.done) {
      throw new TypeError("Cannot send to the generator: it is done");
    }
    this.#sent.push(value);
  }

  result(): R | undefined {
    const end = this.#end;
    if (end === undefined) {
      throw new TypeError(
        "Cannot tell what the generator returned: it is not done",
      );
    }
    if ("error" in end) throw end.error;
    return end.value;
  }

  close(): void {
    if (this.#running) {
      throw new TypeError("Cannot close the generator: it runs");
    }
    if (this.done) return;
    this.#turns.delete(this);
    this.#advance(() => this.#generator.return(undefined as R));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  resume(): void {
    this.#advance(() => {
      if (this.#started) return this.#generator.next(this.#sent.shift());
      this.#started = true;
      return this.#generator.next(); // nothing takes a value yet
    });
  }

  /** Lets the generator run, and keeps what comes of it. */
  #advance(go: () => IteratorResult<Y, R>): void {
    this.#running = true;
    try {
      const { done, value } = go();
      if (done) this.#end = { value };
      else this.#yielded = value;
    } catch (error) {
      this.#end = { error };
      throw error;
    } finally {
      this.#running = false;
      if (!this.done) this.#turns.add(this);
    }
  }
}
