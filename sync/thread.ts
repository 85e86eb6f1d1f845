import { gone, goneSync } from "./_gone.ts";
import { forget, launch, stop } from "./_host.ts";
import type { Body } from "./_job.ts";
import { END, Outcome } from "./_outcome.ts";
import { shareWith } from "./_recipient.ts";
import { type Registry, registry, STATE } from "./_registry.ts";
import { sourceOf } from "./_source.ts";
import { type Existing, friends } from "./_threads.ts";
import { graph } from "./_wait_graph.ts";
import { attach, share } from "./share.ts";
import { ThreadError } from "./thread_error.ts";
import type { WaitOptions } from "./wait_options.ts";
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
} from "node:worker_threads";

/** What a thread does; see {@linkcode Thread.state}. */
export type ThreadState = "new" | "runnable" | "running" | "blocked" | "dead";

/**
 * Limits of the memory of a thread, in MiB; it dies when it needs more. Deno sees
 * that at the end of a turn of the event loop, or in the first one; a thread that
 * exceeds its limits after an `await`, without a turn, hangs.
 */
export interface ThreadResourceLimits {
  /** Of objects that live long. */
  maxOldGenerationSizeMb?: number;
  /** Of objects that were made lately. */
  maxYoungGenerationSizeMb?: number;
  /** Of generated code. */
  codeRangeSizeMb?: number;
  /** Of the stack. */
  stackSizeMb?: number;
}

/** Options of a {@linkcode Thread}. */
export interface ThreadOptions {
  /** Name, for people; the first 48 octets. Default: `Thread-` and its id. */
  name?: string | undefined;
  /**
   * Whether the process may end while it runs. Default: as the thread that starts
   * it; the main thread is none.
   */
  daemon?: boolean | undefined;
  /** What of the arguments moves there, rather than being copied. */
  transfer?: readonly Transferable[] | undefined;
  /** Limits of its memory. Default: those of Deno. */
  resourceLimits?: ThreadResourceLimits | undefined;
}

/**
 * A thread: it runs a function beside all others, on a core of its own if there
 * is one.
 *
 * ```
 *            start()             its turn            waits, blocking
 *    new ───────────► runnable ───────────► running ⇄ blocked
 *                         │  returns, throws, exits, │    │
 *                         ▼  is terminated           ▼    ▼
 *                        dead ◄───────────────────────────┘
 * ```
 *
 * Threads share no variables, only what lives in shared memory: the locks and
 * all else of this module, which they get as arguments. Arguments and results are
 * copied as by {@linkcode share}. Whoever starts a thread, it outlives its
 * starter; the process ends when all are done that are no daemons.
 *
 * A thread is a Deno worker: it takes some 30 ms to begin, and needs
 * `--allow-read` for its module and this package, if they are files.
 *
 * Source: CPython `threading.Thread`.
 *
 * @example
 * ```ts
 * import { SharedValue, Thread } from "@lockstep/lockstep/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const total = new SharedValue("i32", 0);
 * const add = (n: number, to: SharedValue) => to.add(n) + n;
 * const thread = Thread.fromFunction(add, [3, total], { name: "adder" });
 * assertEquals(await thread.join(), 3);
 * assertEquals(total.get(), 3);
 * ```
 *
 * @typeParam T What the function returns.
 */
export class Thread<T = unknown> {
  static {
    friends.adopt = (Class, existing) => {
      adopting = existing;
      const thread = Reflect.construct(Thread, [], Class) as Thread;
      known.set(existing.id, thread);
      return thread;
    };
    friends.startBound = (module, name, args, options) => {
      const thread = new Thread(module, name, args, options);
      thread.#given.bound = true;
      return thread.start();
    };
  }

  /** Where a subclass is exported, for its {@linkcode run}: `import.meta.url`. */
  static module?: string;

  /**
   * Called in a thread with the error that ends it, before anybody can join; set
   * it in the module of the thread. Default: writes it to stderr with the name of
   * the thread.
   */
  static onUncaught: (error: unknown, thread: Thread) => void = report;

  readonly #given: Given;
  #id = 0;
  #name: string;
  #outcome: Outcome | undefined;
  #results: MessagePort | undefined;
  #end: { readonly value: T } | { readonly error: unknown } | undefined;

  /**
   * Prepares a thread of a subclass that has a method `run`.
   *
   * Its own enumerable fields are copied to the thread; `#private` ones are not.
   */
  constructor(options?: ThreadOptions);
  /**
   * Prepares a thread; it does not run yet.
   *
   * @param module URL of a module, as of `import.meta.resolve()`.
   * @param name Function that the module exports; may be asynchronous.
   * @param args What to call it with.
   */
  constructor(
    module: string,
    name: string,
    args?: readonly unknown[],
    options?: ThreadOptions,
  );
  constructor(
    module?: string | ThreadOptions,
    name?: string,
    args: readonly unknown[] = [],
    options?: ThreadOptions,
  ) {
    if (adopting !== undefined) {
      const { id, outcome, ...rest } = adopting;
      adopting = undefined;
      this.#given = { options: rest, body: undefined };
      this.#id = id;
      this.#outcome = outcome;
    } else if (typeof module === "string") {
      const body = () => ({ module, name: name!, args: share(args) });
      this.#given = { options: options ?? {}, body };
    } else {
      this.#given = { options: module ?? {}, body: () => this.#ownBody() };
    }
    this.#name = this.#given.options.name ?? "Thread";
  }

  /** Prepares a thread and starts it; see the constructor. */
  static start(
    module: string,
    name: string,
    args?: readonly unknown[],
    options?: ThreadOptions,
  ): Thread {
    return new Thread(module, name, args, options).start();
  }

  /**
   * Runs a function by its source in a thread: it sees its arguments and what is
   * global, but nothing else of the module that it stands in.
   *
   * @throws {TypeError} If the function has no source, as built-in ones.
   */
  static fromFunction<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    args: A,
    options: ThreadOptions = {},
  ): Thread<Awaited<R>> {
    const thread = new Thread<Awaited<R>>(options);
    thread.#given.body = () => ({ source: sourceOf(fn), args: share(args) });
    return thread.start();
  }

  /** The thread that asks. */
  static get current(): Thread {
    return threadOf(registry().me);
  }

  /** All threads that run or are about to, the main thread first. */
  static all(): Thread[] {
    const table = registry();
    return table.alive().filter((id) => id !== table.watcher).map(threadOf);
  }

  /** How many there are. */
  static get count(): number {
    return Thread.all().length;
  }

  /** Identity, unique in the process; 0 until it is started. */
  get id(): number {
    return this.#id;
  }

  /** Name, for people; the whole of it is known once it is started. */
  get name(): string {
    return this.#name;
  }

  /** Whether the process may end while it runs. */
  get daemon(): boolean {
    const table = registry();
    return this.#given.options.daemon ??
      table.isDaemon(this.#id === 0 ? table.me : this.#id);
  }

  /** What it does. */
  get state(): ThreadState {
    if (this.#id === 0) return "new";
    switch (registry().stateOf(this.#id)) {
      case STATE.RUNNABLE:
        return "runnable";
      case STATE.RUNNING:
        return "running";
      case STATE.BLOCKED:
        return "blocked";
      default:
        return "dead";
    }
  }

  /** Whether it was started and is not dead. */
  get alive(): boolean {
    return this.#id !== 0 && registry().isAlive(this.#id);
  }

  /** What a subclass runs; may be asynchronous. */
  run(): unknown {
    throw new TypeError(
      `Cannot run the thread: ${this.constructor.name} has no method run()`,
    );
  }

  /**
   * Starts it. It runs even while the one that started it blocks.
   *
   * @returns The thread itself.
   * @throws {TypeError} If it was started before, or its arguments cannot be
   * shared.
   * @throws {RangeError} If 4096 threads run.
   * @throws {Deno.errors.NotCapable} If it may not read its module.
   */
  start(): this {
    const { body, options } = this.#given;
    if (this.#id !== 0 || body === undefined) {
      throw new TypeError(
        `Cannot start the thread "${this.name}": it was started before`,
      );
    }
    const table = registry();
    const { daemon } = this;
    const id = table.reserve(options.name, daemon);
    const outcome = new Outcome();
    const { port1, port2 } = new MessageChannel();
    try {
      const shared = shareWith(id, body);
      mayRead(shared);
      launch({
        id,
        name: table.nameOf(id),
        daemon,
        owner: this.#given.bound ? table.me : undefined,
        body: shared,
        threads: table.buffer,
        outcome: outcome.buffer,
        results: port2,
        graph: graph?.buffer,
        resourceLimits: { ...options.resourceLimits },
      }, options.transfer ?? []);
    } catch (error) {
      table.release(id);
      port1.close();
      throw error;
    }
    this.#id = id;
    this.#name = table.nameOf(id);
    this.#outcome = outcome;
    this.#results = port1;
    known.set(id, this);
    return this;
  }

  /**
   * Waits until it has ended; may be called again, and by any thread.
   *
   * If aborted or timed out, it goes on.
   *
   * @returns What its function returned.
   * @throws What its function threw, or a {@linkcode ThreadError}.
   * @throws {TypeError} If it was not started, or is the thread that asks.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws The reason of the signal, if it is aborted.
   */
  async join(options?: WaitOptions): Promise<T> {
    const table = this.#other("join");
    await gone(table, this.#id, `join the thread "${this.name}"`, options);
    return this.#result();
  }

  /**
   * Blocks until it has ended; see {@linkcode join}.
   *
   * @returns What its function returned.
   * @throws As {@linkcode join}.
   */
  joinSync(options?: Pick<WaitOptions, "timeoutMs">): T {
    const table = this.#other("join");
    goneSync(table, this.#id, `join the thread "${this.name}"`, options);
    return this.#result();
  }

  /**
   * Stops it, also if it spins or blocks; what it held is recovered. See
   * {@linkcode hardKill} for how, and what if Deno cannot. One that is in a call
   * of the system, such as a synchronous read, is given up after a second.
   *
   * If aborted or timed out, it will still stop.
   *
   * @returns When it has stopped; at once if it had ended.
   * @throws {TypeError} If it was not started, or is the main thread.
   * @throws As {@linkcode join}, but nothing that its function threw.
   */
  async terminate(options?: WaitOptions): Promise<void> {
    const table = this.#stop();
    await gone(table, this.#id, `terminate "${this.name}"`, options);
    this.#close();
  }

  /**
   * Stops it; see {@linkcode terminate}.
   *
   * @throws As {@linkcode terminate}.
   */
  terminateSync(options?: Pick<WaitOptions, "timeoutMs">): void {
    const table = this.#stop();
    goneSync(table, this.#id, `terminate "${this.name}"`, options);
    this.#close();
  }

  /** The table, if there is another thread to wait for. */
  #other(what: string): Registry {
    const table = this.#started(what);
    if (this.#id !== table.me) return table;
    throw new TypeError(
      `Cannot ${what} the thread "${this.name}": it is the one that asks`,
    );
  }

  #started(what: string): Registry {
    if (this.#id !== 0) return registry();
    throw new TypeError(
      `Cannot ${what} the thread "${this.name}": it was not started`,
    );
  }

  #stop(): Registry {
    const table = this.#started("terminate");
    if (this.#id === HOST) {
      throw new TypeError("Cannot terminate the main thread: use Deno.exit()");
    }
    if (table.isAlive(this.#id)) stop(this.#id);
    return table;
  }

  /** What came of a thread that has ended. */
  #result(): T {
    this.#end ??= this.#read();
    this.#close();
    if ("error" in this.#end) throw this.#end.error;
    return this.#end.value;
  }

  #read(): { readonly value: T } | { readonly error: unknown } {
    const who = `the thread "${this.name}"`;
    switch (this.#outcome?.kind) {
      case undefined:
        return { value: undefined as T }; // of another's thread: see all()
      case END.VALUE:
        return { value: attach(this.#outcome!.read()) as T };
      case END.ERROR:
        return { error: attach(this.#outcome!.read()) };
      case END.POSTED_VALUE:
        return { value: this.#received() as T };
      case END.POSTED_ERROR:
        return { error: this.#received() };
      case END.TERMINATED:
        return {
          error: new ThreadError(
            "terminated",
            `Cannot get a result: ${who} was terminated`,
          ),
        };
      case END.EXITED:
        return {
          error: new ThreadError(
            "exited",
            `Cannot get a result: ${who} exited`,
          ),
        };
    }
    return {
      error: new ThreadError("died", `Cannot get a result: ${who} died`),
    };
  }

  #received(): unknown {
    return attach(receiveMessageOnPort(this.#results!)?.message);
  }

  #close(): void {
    this.#end ??= this.#read();
    this.#results?.close();
    this.#results = undefined;
    forget(this.#id);
    known.delete(this.#id);
  }

  /** What a subclass runs: its method, with its fields. */
  #ownBody(): Body {
    const Class = this.constructor as typeof Thread;
    const { module, name } = Class;
    if (Class === Thread || module === undefined) {
      throw new TypeError(
        `Cannot start the thread: ${name} needs \`static module = import.meta.url\``,
      );
    }
    return { module, Class: name, fields: share({ ...this }) };
  }
}

/** What a thread was made from; without a body it cannot be started. */
interface Given {
  readonly options: ThreadOptions;
  body: (() => Body) | undefined;
  /** Whether it is stopped when the thread that starts it has ended. */
  bound?: boolean;
}

/** Identity of the first thread, which starts all others. */
const HOST = 1;

/** The thread that the constructor makes an object for. */
let adopting: Existing | undefined;

/** Threads that this one started or was given: they have a result. */
const known = new Map<number, Thread>();

function threadOf(id: number): Thread {
  const table = registry();
  const found = known.get(id);
  if (found !== undefined) return found;
  const name = table.nameOf(id);
  const daemon = table.isDaemon(id);
  return friends.adopt!(Thread, { id, name, daemon, outcome: undefined });
}

/** Asks for no permission: says what is missing. */
function mayRead(body: Body): void {
  const urls = [import.meta.url, "module" in body ? body.module : ""];
  for (const url of urls) {
    if (!url.startsWith("file:") || Deno.build.standalone) continue;
    const path = new URL(url);
    if (
      Deno.permissions.querySync({ name: "read", path }).state === "granted"
    ) {
      continue;
    }
    throw new Deno.errors.NotCapable(
      `Cannot start the thread: run with --allow-read, it reads ${path.pathname}`,
    );
  }
}

function report(error: unknown, thread: Thread): void {
  // Nobody may ever join: as everywhere, an error must be seen somewhere.
  console.error(`Uncaught error in thread "${thread.name}":`, error);
}
