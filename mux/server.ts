import { MAX_DELAY_MS, type WaitOptions } from "../sync/wait_options.ts";

/** How long handlers may go on after their signal was aborted, in ms. */
const LAST_WORDS_MS = 1_000;

/** The steps of a {@linkcode ServerLoop} that differ from server to server. */
export interface ServerSteps<T> {
  /** Brings the next item; must lose nothing when its signal is aborted. */
  take(options: WaitOptions): Promise<T>;
  /** Serves one item. The signal is aborted when the time to drain is over. */
  handle(item: T, signal: AbortSignal): void | Promise<void>;
  /** Whether to serve this item at all. Default: yes. */
  verify?: ((item: T) => boolean | Promise<boolean>) | undefined;
  /** Called when `verify` or `handle` threw. Default: prints to stderr. */
  onError?: ((error: unknown, item: T) => void | Promise<void>) | undefined;
  /** Called once the server serves; what it throws ends the server. */
  onListen?: (() => void) | undefined;
  /** Gives the socket back, after the last handler has ended. */
  close(): void | Promise<void>;
}

/** Options of {@linkcode ServerLoop.shutdown}. */
export interface ShutdownOptions {
  /**
   * How long handlers under way may take to finish, in milliseconds; then
   * their signal is aborted, and a second later they are left behind. Default:
   * 10,000.
   */
  graceMs?: number;
}

/** What a server has done so far. */
export interface ServerStats {
  /** Items taken from the source. */
  readonly taken: number;
  /** Items whose handler returned. */
  readonly handled: number;
  /** Items whose handler or `verify` threw. */
  readonly failed: number;
  /** Items that `verify` turned away. */
  readonly refused: number;
  /** Handlers running now. */
  readonly inFlight: number;
}

/** Where a {@linkcode ServerLoop} counts. */
export type ServerCounts = { -readonly [K in keyof ServerStats]: number };

/** Options of a {@linkcode ServerLoop}. */
export interface ServerLoopOptions {
  /** How many handlers may run at once; 1 serves one after the other. */
  maxInFlight: number;
  /** Where it counts, from zero on. Default: nobody else sees it. */
  counts?: ServerCounts | undefined;
}

/**
 * The base of all servers: takes items from a source and hands each to a
 * handler, with a limit on handlers in flight.
 *
 * ```
 *         serveForever()           shutdown()
 *   new ─────────────────► serving ──────────► draining ──────────► closed
 *    │                                             │ handlers ended     ▲
 *    │                                             │ or grace over:     │
 *    │                                             │ signal aborted     │
 *    └──────────────────── shutdown() ─────────────┴────────────────────┘
 * ```
 *
 * `close()` leads to closed from everywhere, at once.
 *
 * While the limit is reached nothing is taken, so the kernel's queue is the
 * only backlog. What one handler throws reaches `onError` and nobody else.
 *
 * @example Two handlers at a time
 * ```ts
 * import { ServerLoop, Source } from "@lockstep/lockstep/mux";
 * import { assertEquals } from "@std/assert";
 *
 * const numbers = [1, 2, 3];
 * const never = new Promise<number>(() => {});
 * const source = new Source({
 *   action: "take a number",
 *   read: () => numbers.length > 0 ? Promise.resolve(numbers.shift()!) : never,
 *   close: () => {},
 * });
 * const seen: number[] = [];
 * const server = new ServerLoop<number>({
 *   take: (wait) => source.take((item) => item, wait),
 *   handle: (item) => {
 *     seen.push(item);
 *     if (item === 3) server.shutdown(); // awaited, it would wait for itself
 *   },
 *   close: () => source.close(),
 * }, { maxInFlight: 2 });
 * await server.serveForever();
 * assertEquals(seen, [1, 2, 3]);
 * ```
 */
export class ServerLoop<T> {
  readonly #steps: ServerSteps<T>;
  readonly #maxInFlight: number;
  readonly #stopping: AbortController = new AbortController();
  readonly #aborting: AbortController = new AbortController();
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  #state: "new" | "serving" | "closed" = "new";
  #oneEnded: PromiseWithResolvers<void> | undefined;
  /** Settles when nothing more is taken. */
  #taking: Promise<void> | undefined;
  #finished: Promise<number> | undefined;
  readonly #counts: ServerCounts;

  /**
   * Prepares a server; nothing is taken yet.
   *
   * @param steps What to do with each item.
   * @param options How many handlers may run at once.
   * @throws {RangeError} If `maxInFlight` is below 1.
   */
  constructor(steps: ServerSteps<T>, options: ServerLoopOptions) {
    if (!(options.maxInFlight >= 1)) {
      throw new RangeError(
        `Cannot serve: maxInFlight must be 1 or more, got ${options.maxInFlight}`,
      );
    }
    this.#steps = steps;
    this.#maxInFlight = options.maxInFlight;
    this.#counts = options.counts ?? {
      taken: 0,
      handled: 0,
      failed: 0,
      refused: 0,
      inFlight: 0,
    };
  }

  /** What was done so far; a copy. */
  get stats(): ServerStats {
    const { taken, handled, failed, refused, inFlight } = this.#counts;
    return { taken, handled, failed, refused, inFlight };
  }

  /**
   * Serves until {@linkcode shutdown}, then resolves when the drain is over.
   *
   * @throws {TypeError} If the server was started or shut down before.
   * @throws The error of the source or of `onListen`; handlers under way are
   * drained first.
   */
  async serveForever(): Promise<void> {
    if (this.#state !== "new") {
      throw new TypeError(`Cannot serve: the server is ${this.#state} already`);
    }
    this.#state = "serving";
    try {
      this.#steps.onListen?.();
      this.#taking = this.#takeItems();
      await this.#taking;
    } finally {
      await this.shutdown();
    }
  }

  /**
   * Takes no more items, lets handlers finish, then closes.
   *
   * May be called again with a shorter grace to hurry.
   *
   * A handler that awaits it waits for itself: for `graceMs` and the one second
   * after the abort, 11 seconds by default, and it then counts as left behind.
   * If `graceMs` is above {@linkcode MAX_DELAY_MS}, that is for ever. A handler
   * that ends the server calls it without `await`.
   *
   * @param options How long handlers under way may take.
   * @returns How many handlers ignored the abort and were left behind, once
   * the server is closed.
   * @throws {RangeError} If `graceMs` is negative or not a number.
   */
  async shutdown(options: ShutdownOptions = {}): Promise<number> {
    const { graceMs = 10_000 } = options;
    if (!(graceMs >= 0)) {
      throw new RangeError(
        `Cannot shut down: graceMs must be 0 or more, got ${graceMs}`,
      );
    }
    this.#stopping.abort();
    this.#wake();
    if (this.#state !== "closed" && graceMs <= MAX_DELAY_MS) {
      this.#timers.push(setTimeout(() => this.#aborting.abort(), graceMs));
    }
    return await (this.#finished ??= this.#drain());
  }

  /**
   * Aborts the handlers under way and closes without waiting for them. Closing
   * twice does nothing.
   */
  close(): void {
    if (this.#state === "closed") return;
    this.#stopping.abort();
    this.#wake();
    this.#aborting.abort();
    this.#close();
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** As {@linkcode shutdown} with the default grace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  async #takeItems(): Promise<void> {
    const stopping = this.#stopping.signal;
    try {
      while (!stopping.aborted) {
        if (this.#counts.inFlight >= this.#maxInFlight) {
          await this.#untilOneEnds();
        } else this.#serve(await this.#steps.take({ signal: stopping }));
      }
    } catch (error) {
      if (!stopping.aborted) throw error;
    }
  }

  /** Never rejects: whatever a handler does stays inside. */
  async #serve(item: T): Promise<void> {
    const steps = this.#steps;
    this.#counts.taken++;
    this.#counts.inFlight++;
    try {
      if (steps.verify !== undefined && !await steps.verify(item)) {
        this.#counts.refused++;
      } else {
        await steps.handle(item, this.#aborting.signal);
        this.#counts.handled++;
      }
    } catch (error) {
      this.#counts.failed++;
      await this.#report(error, item);
    } finally {
      this.#counts.inFlight--;
      this.#wake();
    }
  }

  async #report(error: unknown, item: T): Promise<void> {
    try {
      await (this.#steps.onError ?? console.error)(error, item);
    } catch (errorOfHook) {
      console.error(errorOfHook);
    }
  }

  #wake(): void {
    this.#oneEnded?.resolve();
    this.#oneEnded = undefined;
  }

  #untilOneEnds(): Promise<void> {
    this.#oneEnded ??= Promise.withResolvers();
    return this.#oneEnded.promise;
  }

  async #drain(): Promise<number> {
    const over = Promise.withResolvers<boolean>();
    const { signal } = this.#aborting;
    const sayLastWords = () => {
      this.#timers.push(setTimeout(() => over.resolve(false), LAST_WORDS_MS));
    };
    if (signal.aborted) sayLastWords();
    else signal.addEventListener("abort", sayLastWords);
    // What was taken at the moment of the shutdown is served, too.
    const taken = this.#taking?.catch(() => {}); // serveForever() throws it
    await Promise.race([taken, over.promise]);
    while (this.#counts.inFlight > 0) {
      const ended = this.#untilOneEnds().then(() => true);
      if (!await Promise.race([ended, over.promise])) break;
    }
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#close();
    return this.#counts.inFlight;
  }

  async #close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    await this.#steps.close();
  }
}
