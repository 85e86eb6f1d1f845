/** A process of the model `processes`, as its parent sees it. */
import { Child } from "./_child.ts";
import { programOf } from "./_child_command.ts";
import type { NodeConn } from "./_node_conn.ts";
import type { Occupant } from "./_place.ts";
import type {
  ProcessNews,
  ProcessOptions,
  ProcessOrder,
} from "./_process_server.ts";
import { errorOf, partsOf } from "./_remote_error.ts";

/** See the top of this file. */
export class ServerProcess implements Occupant {
  readonly ready: Promise<void>;
  readonly gone: Promise<void>;
  readonly #child: Child<ProcessOrder, ProcessNews>;
  readonly #ready = Promise.withResolvers<void>();
  /** The connections that it has, by the numbers that they go by. */
  readonly #jobs = new Map<number, PromiseWithResolvers<void>>();
  #lastId = 0;

  /** Starts it. */
  constructor(options: ProcessOptions, flags: readonly string[] | undefined) {
    this.#child = new Child({
      program: programOf(
        import.meta.resolve("./_process_server.ts"),
        "serveHandedOver",
        options,
      ),
      flags,
      onMessage: (news) => this.#hear(news),
    });
    this.ready = this.#ready.promise;
    this.gone = this.#child.gone;
    this.gone.then(() => this.#drop(new Error("Cannot serve: it ended")))
      .catch((reason) => this.#drop(reason));
  }

  /** How many connections it has. */
  get busy(): number {
    return this.#jobs.size;
  }

  /**
   * Hands a connection over.
   *
   * @returns A promise that settles as the handler does.
   * @throws {TypeError} If something was read from it before.
   * @throws {Error} If the process dies.
   */
  async serve(conn: NodeConn, signal: AbortSignal): Promise<void> {
    const socket = conn.toHandOver();
    const id = ++this.#lastId;
    const job = Promise.withResolvers<void>();
    this.#jobs.set(id, job);
    const abort = () => {
      const reason = partsOf(signal.reason);
      this.#child.send({ abort: id, reason }).catch(job.reject);
    };
    try {
      this.#child.send({ serve: id }, socket).catch(job.reject);
      if (signal.aborted) abort();
      signal.addEventListener("abort", abort);
      await job.promise;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#jobs.delete(id);
    }
  }

  /** Tells it to end, and waits until it has. */
  end(): Promise<void> {
    return this.#child.end();
  }

  #hear(news: ProcessNews): void {
    if ("ready" in news) return this.#ready.resolve();
    if ("failed" in news) {
      this.#ready.reject(errorOf(news.failed));
      return this.#child.close();
    }
    const job = this.#jobs.get(news.done);
    if (news.error === undefined) job?.resolve();
    else job?.reject(errorOf(news.error));
  }

  #drop(reason: Error): void {
    for (const job of this.#jobs.values()) job.reject(reason);
  }
}

/** Never called: has what the processes run loaded along with this module. */
export function embed(): unknown {
  return import("./_process_server.ts");
}
