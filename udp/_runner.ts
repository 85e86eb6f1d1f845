/** Where and how the handlers of a `UdpServer` run. */
import { spawn } from "../sync/task.ts";
import { ThreadPool } from "../sync/thread_pool.ts";
import type {
  UdpAnswer,
  UdpConcurrency,
  UdpHandler,
  UdpHandlerModule,
  UdpHooks,
  UdpRequest,
} from "./handler.ts";
import type { Datagram } from "./socket.ts";

/** What a runner is made of. */
export interface RunnerOptions extends UdpHooks {
  readonly handler: UdpHandler | UdpHandlerModule;
  readonly concurrency?: UdpConcurrency | undefined;
  readonly size?: number | undefined;
}

/** What a module exports, for the threads. */
type Exports = Readonly<Record<string, (datagram: Datagram) => UdpAnswer>>;

type Run = (request: UdpRequest) => UdpAnswer | Promise<UdpAnswer>;

/** See the top of this file. */
export class Runner {
  readonly #module: UdpHandlerModule | undefined;
  readonly #pool: ThreadPool<Exports> | undefined;
  readonly #inTasks: boolean;
  #run: Run = () => {};
  /** Those of the options, or of the module. */
  hooks: UdpHooks;

  /**
   * @throws {TypeError} If the model is unknown, its handler cannot go to a
   * thread, or there are hooks besides those of a module.
   * @throws {RangeError} If the size is out of range.
   */
  constructor(options: RunnerOptions) {
    check(options);
    const { handler, concurrency, size } = options;
    this.hooks = options;
    this.#inTasks = concurrency === "coroutines";
    if (typeof handler === "function") {
      this.#run = this.#inThisThread(handler);
      return;
    }
    this.#module = handler;
    if (concurrency !== "threads") return;
    this.#pool = new ThreadPool<Exports>({
      module: handler.module,
      size,
      name: "Udp",
    });
  }

  /** Whether {@linkcode load} has something to do. */
  get isToLoad(): boolean {
    return this.#module !== undefined;
  }

  /**
   * Imports what is in a module.
   *
   * @throws {TypeError} If the module exports no such function.
   */
  async load(): Promise<void> {
    if (this.#module === undefined) return;
    const { module, name } = this.#module;
    const exports = await import(String(module));
    if (typeof exports[name] !== "function") {
      throw new TypeError(
        `Cannot serve: ${module} exports no function "${name}"`,
      );
    }
    this.hooks = exports;
    this.#run = this.#pool === undefined
      ? this.#inThisThread(exports[name])
      : inPool(this.#pool, name);
  }

  /** Serves a datagram; only after `load()`. */
  async run(request: UdpRequest): Promise<void> {
    const answer = await this.#run(request);
    if (answer instanceof Uint8Array) await request.reply(answer);
  }

  /** Ends handlers that are still at work elsewhere. */
  async close(): Promise<void> {
    await this.#pool?.terminate();
  }

  #inThisThread(handler: UdpHandler): Run {
    return this.#inTasks ? inTask(handler) : handler;
  }
}

const CONCURRENCIES = ["serial", "async", "coroutines", "threads"];

function check(options: RunnerOptions): void {
  const { handler, concurrency = "async", verify, onError } = options;
  if (!CONCURRENCIES.includes(concurrency)) {
    throw new TypeError(
      `Cannot serve by "${concurrency}": it is none of ${
        CONCURRENCIES.join(", ")
      }`,
    );
  }
  const isModule = typeof handler === "object";
  if (concurrency === "threads" && !isModule) {
    throw new TypeError(
      'Cannot serve by "threads": the handler must be { module, name }, as it runs elsewhere',
    );
  }
  if (isModule && (verify ?? onError) !== undefined) {
    throw new TypeError(
      "Cannot serve: the hooks of a handler in a module are exports of it",
    );
  }
}

/** Each call is a task of its own, which is cancelled with the signal. */
function inTask(handler: UdpHandler): Run {
  return async (request) => {
    const { signal } = request;
    const task = spawn(async () => await handler(request));
    const cancel = () => task.cancel(signal.reason);
    signal.addEventListener("abort", cancel);
    try {
      return await task.join();
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  };
}

/** Each call has a thread to itself, which is stopped with the signal. */
function inPool(pool: ThreadPool<Exports>, name: string): Run {
  return ({ data, addr, truncated, signal }) =>
    pool.submit(name, [{ data, addr, truncated }], { signal });
}
