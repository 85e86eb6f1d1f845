/**
 * The model `prefork`: several processes that inherit one listening socket, and
 * accept from it.
 *
 * ```
 *   bind() ─► descriptor ─┬─► process 0    accepts, by the model `async`
 *   accepts nothing       └─► process 1    "
 * ```
 */
import type { ServerStats, ShutdownOptions } from "../mux/server.ts";
import { MAX_DELAY_MS } from "../sync/wait_options.ts";
import { Child } from "./_child.ts";
import { programOf } from "./_child_command.ts";
import { bind, closeDescriptor } from "./_descriptor.ts";
import { Fleet } from "./_fleet.ts";
import { Handlers } from "./_handlers.ts";
import type { Backend, Member } from "./_model.ts";
import { checkLimits, refuseProcesses } from "./_process_support.ts";
import type {
  PreforkNews,
  PreforkOptions,
  PreforkOrder,
} from "./_prefork_server.ts";
import { errorOf } from "./_remote_error.ts";
import type { HandlerModule } from "./handler.ts";
import type { TcpServerOptions } from "./server.ts";

/** How much longer than its grace a process may take, in milliseconds. */
const LAST_WORDS_MS = 2_000;

/** Binds the address; see the top of this file. */
export function preforked(
  options: TcpServerOptions,
  handler: HandlerModule,
): Backend {
  refuseProcesses(options);
  checkLimits(options);
  new Handlers(handler, options); // refuses hooks that it does not export
  const { size = navigator.hardwareConcurrency, onListen } = options;
  const { backlog, maxConnections, idleTimeoutMs, requestTimeoutMs } = options;
  const limits = { backlog, maxConnections, idleTimeoutMs, requestTimeoutMs };
  const bound = bind(options);
  const descriptor = bound.copy();
  const close = () => {
    closeDescriptor(descriptor);
    bound.close();
  };
  const { addr } = bound;
  const { module, name } = handler;
  const served = { ...limits, addr, handler: { module: `${module}`, name } };
  const start = () => {
    return new PreforkProcess(descriptor, served, options.processFlags);
  };
  try {
    return new Fleet({ addr, size, onListen, start, close });
  } catch (error) {
    close();
    throw error;
  }
}

/** One of the processes. */
class PreforkProcess implements Member {
  readonly ready: Promise<void>;
  readonly gone: Promise<void>;
  readonly #child: Child<PreforkOrder, PreforkNews>;
  readonly #ready = Promise.withResolvers<void>();
  readonly #left = Promise.withResolvers<number>();
  #failure: Error | undefined;
  stats: ServerStats = {
    taken: 0,
    handled: 0,
    failed: 0,
    refused: 0,
    inFlight: 0,
  };

  constructor(
    descriptor: number,
    options: PreforkOptions,
    flags: readonly string[] | undefined,
  ) {
    this.#child = new Child({
      program: programOf(
        import.meta.resolve("./_prefork_server.ts"),
        "servePreforked",
        options,
      ),
      flags,
      descriptor,
      onMessage: (news) => this.#hear(news),
    });
    this.ready = this.#ready.promise;
    this.gone = this.#child.gone.finally(() => {
      if (this.#failure !== undefined) throw this.#failure;
    });
    this.gone.catch(() => {}); // whoever wants to know asks
  }

  async shutdown({ graceMs = 10_000 }: ShutdownOptions): Promise<number> {
    const isEndless = graceMs > MAX_DELAY_MS - LAST_WORDS_MS;
    const order = { graceMs: isEndless ? null : graceMs };
    this.#child.send(order).catch(() => {}); // it is gone, as is seen
    // One of its handlers may not let it go on.
    const timer = isEndless
      ? undefined
      : setTimeout(() => this.close(), graceMs + LAST_WORDS_MS);
    const gone = this.gone.catch(() => {}).then(() => this.stats.inFlight);
    const left = await Promise.race([this.#left.promise, gone]);
    clearTimeout(timer);
    await this.#child.end();
    return left;
  }

  close(): void {
    this.#child.close();
  }

  #hear(news: PreforkNews): void {
    if ("counts" in news) this.stats = news.counts;
    else if ("left" in news) this.#left.resolve(news.left);
    else if ("failed" in news) this.#fail(errorOf(news.failed));
    else this.#ready.resolve();
  }

  /** It does not serve, or not any more. */
  #fail(error: Error): void {
    this.#failure = error;
    this.#ready.reject(error);
    this.#child.close();
  }
}

/** Never called: has what the processes run loaded along with this module. */
export function embed(): unknown {
  return import("./_prefork_server.ts");
}
