/**
 * The side of a pool that submits: gives tasks to threads, sees to it that there
 * are threads, and settles every promise.
 *
 * ```
 *   submit ─► waiting ─► tasks (shared, by priority) ─► threads
 *             no room                                      │
 *   settle ◄── drain, when rung ◄── results (shared) ◄─────┘
 *      ▲
 *      └────── look, when a thread is gone: what it ran has failed
 * ```
 *
 * It listens while something is submitted and not settled, which also keeps the
 * event loop alive; a pool without tasks does not. Threads are daemons.
 */
import { deafen, listen, type Listener, parkUntil } from "./_mailbox.ts";
import {
  drop,
  isFlagged,
  type Message,
  packMarked,
  unpack,
} from "./_message.ts";
import { Histogram } from "./_histogram.ts";
import { Board, PLACES, tagOf, ticketOf, TICKETS } from "./_pool_board.ts";
import { PendingTask, type Wanted } from "./_pool_task.ts";
import type { PoolSetup, PoolTask } from "./_pool_thread.ts";
import type { QueueCore } from "./_queue_core.ts";
import { coreOf } from "./_queues.ts";
import { type Registry, registry } from "./_registry.ts";
import { friends } from "./_threads.ts";
import type { PoolStats } from "./pool.ts";
import { PoolError } from "./pool_error.ts";
import { PriorityQueue } from "./priority_queue.ts";
import { Queue } from "./queue.ts";
import "./thread.ts"; // it makes itself known
import type { Thread, ThreadOptions } from "./thread.ts";
import { ThreadError } from "./thread_error.ts";

/** Octets of results that wait for this thread; then the others wait for it. */
const RESULT_OCTETS = 2 ** 29;

/** So many messages of tasks that were cancelled may wait among the others. */
const CANCELLED = 1_000;

/** How often a task that waits for its turn is looked at, at most. */
const LOOK_MS = 5;

/** How often to look for a result before the event loop turns. */
const LOOKS = 64;

/** What a pool is made of. */
export interface PoolPlan extends
  Pick<
    PoolSetup,
    "module" | "initializer" | "initializerArgs" | "tasksPerThread"
  > {
  readonly name: string;
  readonly size: number;
  /** How many tasks may wait for their turn. */
  readonly maxQueue: number;
  readonly threadOptions: ThreadOptions;
}

/** A thread of the pool. */
interface Member {
  readonly thread: Thread;
  readonly since: number;
}

/** See the top of this file. */
export class PoolOwner implements Listener {
  readonly #plan: PoolPlan;
  readonly #registry: Registry = registry();
  readonly #tasks = new PriorityQueue<never>();
  readonly #results = new Queue<never>({ byteCapacity: RESULT_OCTETS });
  readonly #taskCore: QueueCore = coreOf(this.#tasks);
  readonly #resultCore: QueueCore = coreOf(this.#results);
  readonly #board = new Board();
  /** Those with a tag, by their tickets. */
  readonly #pending: (PendingTask | undefined)[] = [];
  readonly #uses = new Uint16Array(TICKETS);
  /** Those without, the first to run first. */
  readonly #waiting: PendingTask[] = [];
  readonly #members = new Map<number, Member>();
  readonly #ending = new Set<Promise<unknown>>();
  readonly #latency = new Histogram();
  readonly #limit: number;
  #outstanding = 0;
  #lastTicket = 0;
  #lastPlace = 0;
  #refilling = false;
  #awaiting = false;
  #looks = 0;
  /** How many were cancelled whose messages may still be among the tasks. */
  #cancelled = 0;
  #changes: number = this.#registry.changes();
  #idle: PromiseWithResolvers<void> | undefined;
  #roomy: PromiseWithResolvers<void> | undefined;
  #error: PoolError | undefined;
  #done = 0;
  #failed = 0;
  /** Of threads that are gone. */
  #busyMs = 0;
  #aliveMs = 0;
  closed = false;

  constructor(plan: PoolPlan) {
    this.#plan = plan;
    this.#limit = Math.min(TICKETS, plan.size + plan.maxQueue);
    this.#taskCore.setUnfair();
  }

  /** Whether a task would not wait for room. */
  get hasRoom(): boolean {
    return this.#outstanding < this.#limit && this.#waiting.length === 0;
  }

  /** Resolves when there is room, or the pool is no more. */
  whenRoomy(): Promise<void> {
    if (this.hasRoom || this.#error !== undefined) return Promise.resolve();
    this.#roomy ??= Promise.withResolvers();
    return this.#roomy.promise;
  }

  /** Resolves when nothing is submitted that has not ended. */
  whenIdle(): Promise<void> {
    if (this.#isIdle) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  /**
   * Takes a task.
   *
   * @param refusal Why it cannot be run, if that is known.
   */
  submit(wanted: Wanted, refusal?: unknown): PendingTask {
    this.#lookIfDue(); // threads may have ended while nobody listened
    const task = new PendingTask(wanted);
    const { signal } = wanted;
    const error = refusal ??
      (signal?.aborted ? signal.reason : this.#refusal());
    if (error !== undefined) {
      task.settle(true, error);
      return task;
    }
    if (this.#isIdle) this.#listen();
    task.onAbort((reason) => this.end(task, reason));
    if (this.hasRoom) this.#queue(task);
    else this.#wait(task);
    this.#rest();
    this.#awaitResult();
    return task;
  }

  /** Blocks until a task is settled. */
  await(task: PendingTask): void {
    if (!task.settled) this.#resultCore.look();
    parkUntil(this.#registry, Infinity, () => {
      if (!task.settled) this.onRing();
      return task.settled;
    });
  }

  /** Ends a task, whatever it does. */
  end(task: PendingTask, error: unknown): void {
    if (task.settled) return;
    if (task.tag === undefined) {
      const place = this.#waiting.lastIndexOf(task);
      if (place >= 0) this.#waiting.splice(place, 1);
    } else if (this.#board.cancel(task.tag)) {
      this.#cancelled++;
    } else {
      const place = this.#board.kill(task.tag);
      if (place !== undefined) this.#kill(place);
    }
    this.#settle(task, true, error);
    if (this.#cancelled > CANCELLED + this.#outstanding) this.#sweep();
    this.#grow();
    this.#rest();
  }

  /** Ends a task that has not begun; answers whether it had not. */
  cancel(task: PendingTask, error: unknown): boolean {
    if (task.settled) return false;
    const { tag } = task;
    if (tag !== undefined && this.#board.isRunning(tag)) return false;
    this.end(task, error);
    return true;
  }

  /** Takes no more tasks. */
  close(): void {
    this.closed = true;
    this.#rest();
  }

  /** Ends all there is. */
  stop(error: PoolError): void {
    this.closed = true;
    this.#error ??= error;
    this.#roomy?.resolve();
    for (const place of [...this.#members.keys()]) this.#kill(place);
    const tasks = [...this.#pending, ...this.#waiting].reverse();
    for (const task of tasks) if (task !== undefined) this.end(task, error);
    this.#tasks.shutdown({ immediate: true });
    this.#rest();
  }

  /** Waits until all threads have ended that were told to. */
  async gone(): Promise<void> {
    const threads = [...this.#members.values()].map(({ thread }) =>
      thread.join()
    );
    await Promise.allSettled([...threads, ...this.#ending]);
    this.#lookIfDue();
  }

  /** Called whenever this thread is rung: by a result, or as a thread is gone. */
  onRing(): void {
    this.#drain();
    this.#lookIfDue();
    this.#rest();
  }

  stats(): PoolStats {
    this.#lookIfDue();
    const now = performance.now();
    let running = 0;
    let busyMs = this.#busyMs;
    let aliveMs = this.#aliveMs;
    for (const [place, { since }] of this.#members) {
      busyMs += this.#board.busyOf(place);
      aliveMs += now - since;
      const task = this.#taskAt(place);
      if (task === undefined || !this.#board.isRunning(task.tag!)) continue;
      running++;
      busyMs += this.#board.ranMs(task.tag!) ?? 0;
    }
    const latency = this.#latency;
    const ms = (part: number) => latency.percentile(part) / 1000;
    return {
      threads: this.#members.size,
      queued: this.#outstanding - running + this.#waiting.length,
      running,
      done: this.#done,
      failed: this.#failed,
      utilization: aliveMs === 0 ? 0 : Math.min(1, busyMs / aliveMs),
      latencyMs: {
        p50: ms(0.5),
        p90: ms(0.9),
        p99: ms(0.99),
        max: latency.max / 1000,
      },
    };
  }

  /**
   * Looks for the result of a short task before the event loop sleeps; now and
   * then it does not, so that the loop turns for others.
   */
  #awaitResult(): void {
    if (this.#awaiting || this.#outstanding > this.#plan.size) return;
    if (++this.#looks % LOOKS === 0) return;
    this.#awaiting = true;
    queueMicrotask(() => queueMicrotask(this.#lookForResult)); // after what is due
  }

  readonly #lookForResult = (): void => {
    this.#awaiting = false;
    const { size } = this.#plan;
    if (this.#isIdle || this.#outstanding > size) return;
    if (this.#resultCore.look()) this.onRing();
  };

  get #isIdle(): boolean {
    return this.#outstanding === 0 && this.#waiting.length === 0;
  }

  #refusal(): unknown {
    if (this.#error !== undefined) return this.#error;
    if (!this.closed) return undefined;
    return new TypeError("Cannot submit a task: the pool is closed");
  }

  /**
   * Wants to be rung from now on. The mark that asks for it may be gone: whoever
   * took it away has rung while nobody listened.
   */
  #listen(): void {
    listen(this.#registry, this);
    this.#drain();
  }

  /** Puts a task into the line of those for whom there is no room. */
  #wait(task: PendingTask): void {
    const waiting = this.#waiting;
    const { priority } = task.wanted;
    let place = waiting.length;
    while (place > 0 && waiting[place - 1]!.wanted.priority > priority) place--;
    waiting.splice(place, 0, task);
  }

  /** Gives a task to the threads. */
  #queue(task: PendingTask): void {
    const { fn, args, each, priority, transfer } = task.wanted;
    const ticket = this.#freeTicket();
    const tag = task.tag = tagOf(ticket, this.#uses[ticket]!++);
    this.#pending[ticket] = task;
    this.#outstanding++;
    try {
      const body: PoolTask = [fn, args];
      const message = packMarked(body, { tag, flag: each, transfer });
      if (task.settled) return drop(message); // by a getter of its arguments
      this.#board.issue(tag);
      this.#taskCore.push(message, priority);
    } catch (error) { // it cannot be sent
      return this.#settle(task, true, error);
    }
    this.#limitTime(task, task.wanted.timeoutMs);
    this.#grow();
  }

  #freeTicket(): number {
    do {
      this.#lastTicket = (this.#lastTicket + 1) % TICKETS;
    } while (this.#pending[this.#lastTicket] !== undefined);
    return this.#lastTicket;
  }

  /** Ends a task that runs for too long; looks when that may be at the earliest. */
  #limitTime(task: PendingTask, ms: number): void {
    const { timeoutMs } = task.wanted;
    if (timeoutMs === Infinity) return;
    task.after(Math.max(ms, LOOK_MS), () => {
      const ranMs = this.#board.ranMs(task.tag!);
      if (ranMs === undefined) this.#limitTime(task, timeoutMs);
      else if (ranMs < timeoutMs) this.#limitTime(task, timeoutMs - ranMs);
      else this.end(task, tooLong(timeoutMs));
    });
  }

  /** Settles what has a result. */
  #drain(): void {
    for (;;) {
      const message = this.#resultCore.popOrAsk();
      if (message === undefined) return;
      const task = this.#pending[ticketOf(message.tag)];
      if (task?.tag === message.tag) this.#finish(task, message);
      else drop(message); // it was ended
    }
  }

  #finish(task: PendingTask, message: Message): void {
    let failed = isFlagged(message);
    let value: unknown;
    try {
      value = unpack(message);
    } catch (error) {
      failed = true;
      value = error;
    }
    if (!failed) this.#latency.add(1000 * (performance.now() - task.since));
    this.#settle(task, failed, value);
  }

  #settle(task: PendingTask, failed: boolean, value: unknown): void {
    if (task.settled) return;
    if (task.tag !== undefined) {
      this.#board.free(task.tag);
      this.#pending[ticketOf(task.tag)] = undefined;
      this.#outstanding--;
    }
    if (failed) this.#failed++;
    else this.#done++;
    task.settle(failed, value);
    this.#refill();
  }

  /** Gives those their turn for whom there is room now. */
  #refill(): void {
    if (this.#refilling) return; // one of them has failed at once
    this.#refilling = true;
    while (this.#waiting.length > 0 && this.#outstanding < this.#limit) {
      this.#queue(this.#waiting.shift()!);
    }
    this.#refilling = false;
  }

  /** Removes messages that nobody may claim any more. */
  #sweep(): void {
    const parcels: Message[] = [];
    this.#taskCore.remove((message) => {
      const { tag } = message;
      if (this.#pending[ticketOf(tag)]?.tag === tag) return false;
      parcels.push(message);
      return true;
    });
    this.#cancelled = 0;
    parcels.forEach(drop);
  }

  #lookIfDue(): void {
    if (this.#registry.changes() !== this.#changes) this.#look();
  }

  /** Looks which threads are gone. */
  #look(): void {
    this.#changes = this.#registry.changes();
    const gone = [...this.#members].filter(([, { thread }]) => !thread.alive);
    this.#drain(); // whoever is gone has given its results before
    for (const [place, { thread }] of gone) {
      if (!this.#members.has(place)) continue; // a callback has ended it
      const task = this.#taskAt(place);
      const cause = this.#errorOf(thread);
      const isReady = this.#board.isReady(place);
      this.#remove(place);
      const code = cause instanceof ThreadError ? cause.code : "died";
      const isKilled = code === "terminated"; // by somebody else
      if (!isReady && !isKilled) return this.stop(this.#broken(cause));
      if (task === undefined) continue;
      const how = code === "terminated" ? "was terminated" : code;
      const why = `Cannot finish the task: its thread "${thread.name}" ${how}`;
      this.#settle(task, true, new ThreadError(code, why, { cause }));
    }
    this.#grow();
  }

  #taskAt(place: number): PendingTask | undefined {
    const ticket = this.#board.taskOf(place);
    return ticket === undefined ? undefined : this.#pending[ticket];
  }

  #errorOf(thread: Thread): unknown {
    try {
      return void thread.joinSync();
    } catch (error) {
      return error;
    }
  }

  #broken(cause: unknown): PoolError {
    return new PoolError(
      "broken",
      `Cannot run tasks: a thread of ${this.#plan.name} could not begin`,
      { cause },
    );
  }

  /** Starts threads, if there are tasks for more. */
  #grow(): void {
    const { size } = this.#plan;
    while (
      this.#error === undefined &&
      this.#members.size < Math.min(size, this.#outstanding)
    ) {
      try {
        this.#start();
      } catch (error) {
        if (this.#members.size === 0) this.stop(this.#broken(error));
        return;
      }
    }
  }

  #start(): void {
    const { name, threadOptions, size: _, maxQueue: __, ...plan } = this.#plan;
    const place = this.#freePlace();
    this.#board.clear(place);
    const since = performance.now();
    const setup: PoolSetup = {
      ...plan,
      tasks: this.#tasks,
      results: this.#results,
      board: this.#board.buffer,
      place,
      owner: this.#registry.me,
      inTurns: threadOptions.resourceLimits !== undefined,
    };
    const entry = import.meta.resolve("./_pool_thread.ts");
    const thread = friends.startBound!(entry, "work", [setup], {
      ...threadOptions,
      name: `${name}-${place}`,
      daemon: true,
    });
    this.#members.set(place, { thread, since });
  }

  #freePlace(): number {
    do {
      this.#lastPlace = this.#lastPlace % (PLACES - 1) + 1;
    } while (this.#members.has(this.#lastPlace));
    return this.#lastPlace;
  }

  #kill(place: number): void {
    const member = this.#members.get(place);
    if (member === undefined) return;
    this.#remove(place);
    const ended = member.thread.terminate().finally(() =>
      this.#ending.delete(ended)
    );
    this.#ending.add(ended);
  }

  /** Forgets a thread that is gone, or is to be. */
  #remove(place: number): void {
    this.#busyMs += this.#board.busyOf(place);
    this.#aliveMs += performance.now() - this.#members.get(place)!.since;
    this.#members.delete(place);
  }

  /** Does what is due when there is room, or nothing is left to do. */
  #rest(): void {
    if (this.hasRoom) {
      this.#roomy?.resolve();
      this.#roomy = undefined;
    }
    if (!this.#isIdle) return;
    deafen(this.#registry, this);
    this.#idle?.resolve();
    this.#idle = undefined;
    if (this.closed) this.#tasks.shutdown();
  }
}

function tooLong(timeoutMs: number): DOMException {
  return new DOMException(
    `Cannot finish the task: it ran for more than ${timeoutMs} ms`,
    "TimeoutError",
  );
}
