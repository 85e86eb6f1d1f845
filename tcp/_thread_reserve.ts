/** What a {@linkcode ThreadReserve} keeps. */
export interface Worker {
  /** Resolves when it is gone. */
  readonly gone: Promise<unknown>;
  /** Lets it end; it is idle. */
  stop(): void;
  /** Ends it, whatever it does. */
  kill(): void;
}

/** How a {@linkcode ThreadReserve} is run. */
export interface ReserveOptions<W extends Worker> {
  /** How many idle ones are kept. */
  readonly size: number;
  /** How long others are kept, in milliseconds. */
  readonly keepMs: number;
  start(): W;
}

/**
 * Threads that are warm: some are always idle, or about to be; more are started
 * when all are busy, and end when they were idle for a while.
 *
 * Who was idle last is taken first, so that the others may end.
 */
export class ThreadReserve<W extends Worker> {
  readonly #options: ReserveOptions<W>;
  readonly #all = new Set<W>();
  /** With what ends those that are too many. */
  readonly #idle = new Map<W, ReturnType<typeof setTimeout> | undefined>();
  #closed = false;

  /** @throws {RangeError} If the size is not a whole number of at least 1. */
  constructor(options: ReserveOptions<W>) {
    const { size } = options;
    if (!(Number.isInteger(size) && size >= 1)) {
      throw new RangeError(
        `Cannot serve: size must be a whole number of at least 1, got ${size}`,
      );
    }
    this.#options = options;
  }

  /** How many there are. */
  get size(): number {
    return this.#all.size;
  }

  /** Starts those that are missing. */
  fill(): void {
    while (!this.#closed && this.#all.size < this.#options.size) {
      this.giveBack(this.#start());
    }
  }

  /** An idle one, or else a new one. */
  take(): W {
    const worker = [...this.#idle.keys()].at(-1);
    if (worker === undefined) return this.#start();
    this.#unidle(worker);
    return worker;
  }

  /** It is idle again, unless it is gone. */
  giveBack(worker: W): void {
    if (!this.#all.has(worker)) return;
    if (this.#closed) return worker.stop();
    const { size, keepMs } = this.#options;
    const timer = this.#idle.size < size
      ? undefined
      : setTimeout(() => this.#retire(worker), keepMs);
    if (timer !== undefined) Deno.unrefTimer(timer);
    this.#idle.set(worker, timer);
  }

  /** Ends all. */
  async close(): Promise<void> {
    this.#closed = true;
    const all = [...this.#all];
    for (const worker of all) {
      if (this.#unidle(worker)) worker.stop();
      else worker.kill();
    }
    await Promise.all(all.map(({ gone }) => gone));
  }

  #start(): W {
    const worker = this.#options.start();
    this.#all.add(worker);
    worker.gone.then(() => {
      this.#unidle(worker);
      this.#all.delete(worker);
    });
    return worker;
  }

  #retire(worker: W): void {
    this.#unidle(worker);
    worker.stop();
  }

  /** Answers whether it was idle. */
  #unidle(worker: W): boolean {
    clearTimeout(this.#idle.get(worker));
    return this.#idle.delete(worker);
  }
}
