/**
 * A thread of a pool: takes tasks until there are no more; see `_pool_board.ts`.
 *
 * While it waits for the next task it blocks. But once a function was
 * asynchronous it waits without: that one may have left something behind that
 * needs the event loop.
 */
import { ring } from "./_mailbox.ts";
import {
  drop,
  isFlagged,
  keep,
  type Message,
  packMarked,
  unpack,
} from "./_message.ts";
import { Board } from "./_pool_board.ts";
import type { QueueCore } from "./_queue_core.ts";
import { coreOf } from "./_queues.ts";
import { type Registry, registry } from "./_registry.ts";
import { compiled, exported } from "./_source.ts";
import type { PriorityQueue } from "./priority_queue.ts";
import type { Queue } from "./queue.ts";
import { QueueShutDownError } from "./queue_errors.ts";
import { sleepSync } from "./sleep.ts";
import { Thread } from "./thread.ts";

/** What a thread of a pool needs. */
export interface PoolSetup {
  readonly tasks: PriorityQueue<never>;
  readonly results: Queue<never>;
  /** Of the board. */
  readonly board: SharedArrayBuffer;
  readonly place: number;
  /** The thread whose pool it is. */
  readonly owner: number;
  readonly module: string | undefined;
  readonly initializer: string | undefined;
  readonly initializerArgs: readonly unknown[];
  /**
   * Whether each task begins in a turn of its own: Deno sees only there that a
   * thread needs more memory than it may.
   */
  readonly inTurns: boolean;
  /** How many tasks it runs before it ends. */
  readonly tasksPerThread: number;
}

/** A function by its name, or its source in an array. */
export type FunctionId = string | readonly [string];

/** What a task is; if it is FLAGGED, `args` are items for a call each. */
export type PoolTask = readonly [
  fn: FunctionId,
  args: Iterable<unknown>,
];

type Callable = (...args: unknown[]) => unknown;

/** How long a thread with asynchronous functions runs without a turn, in ms. */
const TURN_MS = 50;

/** What the thread runs. */
export async function work(setup: PoolSetup): Promise<void> {
  const { module, initializer } = setup;
  const { onUncaught } = Thread;
  const quiet = Thread.onUncaught = () => {}; // the pool tells
  const exports = module === undefined ? {} : await import(module);
  if (initializer !== undefined) {
    const initialize = await exported(module!, initializer);
    await initialize(...setup.initializerArgs);
  }
  if (Thread.onUncaught === quiet) Thread.onUncaught = onUncaught;
  await new PoolThread(setup, exports).run();
}

class PoolThread {
  readonly #setup: PoolSetup;
  readonly #board: Board;
  readonly #tasks: QueueCore;
  readonly #results: QueueCore;
  readonly #registry: Registry = registry();
  readonly #exports: Readonly<Record<string, unknown>>;
  readonly #compiled = new Map<string, Callable>();
  #claimed = false;
  #asynchronous = false;
  #turned = performance.now();

  constructor(
    setup: PoolSetup,
    exports: Readonly<Record<string, unknown>>,
  ) {
    this.#exports = exports;
    this.#setup = setup;
    this.#board = new Board(setup.board);
    this.#tasks = coreOf(setup.tasks);
    this.#tasks.setUnfair();
    this.#results = coreOf(setup.results);
    this.#results.bell = () => ring(this.#registry, setup.owner);
  }

  async run(): Promise<void> {
    this.#board.setReady(this.#setup.place);
    let left = this.#setup.tasksPerThread;
    while (left > 0 && !this.#isAlone()) {
      let message: Message | undefined;
      try {
        message = this.#tasks.pop(this.#claim) ?? await this.#next();
      } catch (error) {
        if (error instanceof QueueShutDownError) return;
        throw error;
      }
      if (message === undefined) return;
      if (!this.#claimed) { // cancelled
        drop(message);
        continue;
      }
      left--;
      const busy = this.#setup.inTurns
        ? this.#serveInTurn(keep(message))
        : this.#serve(message);
      if (busy !== undefined) await busy;
      if (this.#asynchronous) await this.#turn();
    }
  }

  readonly #claim = ({ tag }: Message): void => {
    this.#claimed = this.#board.claim(tag, this.#setup.place);
  };

  readonly #isAlone = (): boolean => !this.#registry.isAlive(this.#setup.owner);

  #next(): Message | undefined | Promise<Message | undefined> {
    return this.#asynchronous
      ? this.#tasks.take(this.#claim, this.#isAlone)
      : this.#tasks.takeSync(this.#claim, this.#isAlone);
  }

  /** Runs a task; asynchronous only if its function is. */
  #serve(message: Message): Promise<void> | undefined {
    const { tag } = message;
    const start = performance.now();
    let value: unknown;
    let failed = false;
    try {
      value = this.#begin(message);
    } catch (error) {
      failed = true;
      value = error;
    }
    if (failed || !isThenable(value)) {
      this.#leave(tag, value, failed, start);
      return undefined;
    }
    return Promise.resolve(value).then(
      (value) => this.#leave(tag, value, false, start),
      (error) => this.#leave(tag, error, true, start),
    );
  }

  #serveInTurn(message: Message): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(() => resolve(this.#serve(message)));
    });
  }

  #begin(message: Message): unknown {
    const [id, args] = unpack(message) as PoolTask;
    const begin = (fn: Callable) => {
      const value = call(fn, args, isFlagged(message));
      if (isThenable(value)) this.#asynchronous = true;
      return value;
    };
    const fn = typeof id === "string"
      ? this.#exported(id)
      : this.#compiled.get(id[0]) ?? this.#compile(id[0]);
    return fn instanceof Promise ? fn.then(begin) : begin(fn);
  }

  /** Gives the result to the pool, unless that wants it no more. */
  #leave(tag: number, value: unknown, failed: boolean, start: number): void {
    const { place } = this.#setup;
    this.#board.addBusy(place, performance.now() - start);
    // Whoever is to be killed must not begin anything.
    if (!this.#board.finish(tag, place)) { for (;;) sleepSync(Infinity); }
    let message: Message;
    try {
      message = packMarked(value, { tag, flag: failed });
    } catch (error) { // it cannot be sent: but why can
      message = packMarked(error, { tag, flag: true });
    }
    this.#results.give(message, this.#isAlone);
  }

  #exported(name: string): Callable {
    const fn = this.#exports[name];
    if (typeof fn === "function") return fn as Callable;
    const { module } = this.#setup;
    const why = module === undefined
      ? "the pool has no module"
      : `${module} exports no function of that name`;
    throw new TypeError(`Cannot run "${name}" in a thread: ${why}`);
  }

  async #compile(source: string): Promise<Callable> {
    const fn = await compiled(source);
    this.#compiled.set(source, fn);
    return fn;
  }

  /** Lets the event loop turn now and then, though there is always a task. */
  async #turn(): Promise<void> {
    if (performance.now() - this.#turned < TURN_MS) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#turned = performance.now();
  }
}

function call(fn: Callable, args: Iterable<unknown>, each: boolean): unknown {
  return each ? callEach(fn, args) : fn(...args);
}

/** Calls a function with each item, one after the other. */
function callEach(fn: Callable, items: Iterable<unknown>): unknown {
  const results: unknown[] = [];
  const iterator = items[Symbol.iterator]();
  for (let next = iterator.next(); !next.done; next = iterator.next()) {
    const result = fn(next.value);
    if (isThenable(result)) return finishEach(fn, iterator, results, result);
    results.push(result);
  }
  return results;
}

/** The same, once a call was asynchronous. */
async function finishEach(
  fn: Callable,
  iterator: Iterator<unknown>,
  results: unknown[],
  first: unknown,
): Promise<unknown[]> {
  results.push(await first);
  for (let next = iterator.next(); !next.done; next = iterator.next()) {
    results.push(await fn(next.value));
  }
  return results;
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    typeof (value as { then?: unknown }).then === "function";
}
