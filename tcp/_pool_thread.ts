/**
 * A thread of the model `pool`: it has a listener of its own, which shares its
 * port with those of the others.
 *
 * ```
 *   start ──► bound ──► "serve" ──► ready ──► graceMs ──► gone
 *   listens: the system      accepts, by the model
 *   keeps who connects       `async`
 * ```
 */
import type { ServerStats, ShutdownOptions } from "../mux/server.ts";
import { Pipe, type PipeEnd } from "../sync/pipe.ts";
import { Thread } from "../sync/thread.ts";
import { isTimeout, MAX_DELAY_MS } from "../sync/wait_options.ts";
import type { Member } from "./_model.ts";
import type { PoolNews, PoolOrder, PoolServerOptions } from "./_pool_server.ts";
import { countsMemory, sharedCounts } from "./_shared_counts.ts";

/** How often a thread is looked after that does not say where it is bound. */
const LOOK_MS = 100;

/** How much longer than its grace a thread may take, in milliseconds. */
const LAST_WORDS_MS = 2_000;

/** See the top of this file. */
export class PoolThread implements Member {
  readonly ready: Promise<void>;
  readonly gone: Promise<void>;
  readonly #bound: PoolBinding;

  /** Has a thread that is bound serve. */
  constructor(bound: PoolBinding) {
    this.#bound = bound;
    bound.end.send("serve").catch(() => {}); // then it is gone, as is seen
    this.gone = this.#untilGone();
    this.ready = this.#untilReady();
  }

  get stats(): ServerStats {
    return { ...sharedCounts(this.#bound.counts) };
  }

  async shutdown({ graceMs = 10_000 }: ShutdownOptions): Promise<number> {
    const { thread, end } = this.#bound;
    const timeoutMs = graceMs + LAST_WORDS_MS;
    end.send(graceMs).catch(() => {}); // it is gone
    try {
      return await thread.join(timeoutMs > MAX_DELAY_MS ? {} : { timeoutMs });
    } catch (error) {
      if (!isTimeout(error)) throw error;
      const { inFlight } = this.stats; // one of them does not let it go on
      await thread.terminate();
      return inFlight;
    }
  }

  close(): void {
    this.#bound.close();
  }

  async #untilReady(): Promise<void> {
    for (;;) {
      const news = await this.#bound.end.receive();
      if (news === "ready") return;
      if (news === null) throw new Error("Cannot serve: the thread is gone");
      if ("failed" in news) throw news.failed;
    }
  }

  async #untilGone(): Promise<void> {
    const { thread, end } = this.#bound;
    try {
      await thread.join();
    } finally {
      end.close(); // it may have died before it took its own end
    }
  }
}

/** A thread that has bound its port, or is about to. */
export class PoolBinding {
  readonly end: PipeEnd<PoolOrder, PoolNews>;
  readonly counts = countsMemory();
  readonly thread: Thread<number>;

  /** Starts the thread. */
  constructor(options: PoolServerOptions) {
    const [here, there] = Pipe<PoolOrder, PoolNews>({ byteCapacity: 4096 });
    this.end = here;
    this.thread = Thread.start(
      import.meta.resolve("./_pool_server.ts"),
      "servePool",
      [there, this.counts, options],
      { daemon: true },
    ) as Thread<number>;
  }

  /**
   * Address that it is bound to; blocks until it is known.
   *
   * @throws What keeps it from that.
   */
  boundSync(): Deno.Addr {
    for (;;) {
      try {
        const news = this.end.receiveSync({ timeoutMs: LOOK_MS });
        if (news === null) this.thread.joinSync();
        else if (typeof news === "object" && "addr" in news) return news.addr;
        else if (typeof news === "object") throw news.failed;
      } catch (error) {
        if (!isTimeout(error)) throw error;
        if (!this.thread.alive) this.thread.joinSync();
      }
    }
  }

  /** Gives the port back, if it does not serve. */
  async release(): Promise<void> {
    await this.end.send(0).catch(() => {}); // it is gone, and joined
    await this.thread.join();
  }

  /** Ends it at once, with all its connections. */
  close(): void {
    this.thread.terminate().catch(() => {}); // it ends
  }
}

/** Never called: has the thread's module loaded, and embedded by `deno compile`. */
export function embed(): unknown {
  return import("./_pool_server.ts");
}
