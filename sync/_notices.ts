/**
 * The waiters of a {@linkcode Condition}, each of which is notified at most once.
 *
 * Here a wake-up *is* what is waited for, unlike in `_park.ts`, so it is handed
 * over: to a blocking waiter by its node (WAITING → WOKEN), to the tasks of one
 * thread by counting how many of them were notified (see `_crowd.ts`). A waiter
 * that leaves tries to take itself back by the same word; if it was notified
 * before, it was notified. Waiters come and notifiers act with the lock of the
 * condition held; waiters leave without.
 *
 * When a thread dies, the living waiters free its nodes, and give on what the
 * dead was given and had not seen.
 */
import { deafen, listen, type Listener, parkUntil, ring } from "./_mailbox.ts";
import type { Memory } from "./_memory.ts";
import { ASYNCHRONOUS, BLOCKING, Nodes } from "./_nodes.ts";
import type { Registry } from "./_registry.ts";
import { trap } from "./_trap.ts";
import { MAX_DELAY_MS, type WaitOptions } from "./wait_options.ts";

/** How often a waiter without a node looks, in milliseconds. */
const POLL_MS = 2;

/** A task that waits. */
interface Waiter {
  readonly done: () => void;
}

/** See the top of this file. */
export class Notices implements Listener {
  readonly #nodes: Nodes;
  readonly #registry: Registry;
  /** Tasks of this thread, in the order of their coming. */
  readonly #tasks = new Set<Waiter>();
  #lane = 0;
  #changes: number;
  #poll: ReturnType<typeof setInterval> | undefined;

  constructor({ words, registry }: Memory) {
    this.#nodes = new Nodes(words, registry);
    this.#registry = registry;
    this.#changes = registry.changes();
  }

  /** How many wait, in all threads. */
  get waiting(): number {
    return this.#nodes.countUnnotified();
  }

  /** Comes to wait, blocking. */
  enter(): number {
    const node = this.#claim(BLOCKING);
    if (node === 0) this.#nodes.crowd(0).join();
    else this.#nodes.publish(node);
    trap("published");
    return node;
  }

  /**
   * Blocks until notified.
   *
   * @param node What {@linkcode enter} answered.
   * @returns Whether it was, before the time was over.
   */
  waitSync(node: number, timeoutMs: number): boolean {
    const deadline = performance.now() + timeoutMs;
    if (node === 0) return this.#pollSync(deadline);
    let notified = true;
    try {
      parkUntil(this.#registry, deadline, () => {
        this.#inherit();
        return !this.#nodes.isWaiting(node);
      });
    } finally {
      notified = !this.#nodes.cancel(node);
    }
    if (!notified) return false;
    trap("woken");
    this.#nodes.free(node);
    return true;
  }

  /**
   * Waits to be notified.
   *
   * @throws The reason of the signal, or what `expired` makes; then it was not.
   */
  wait(options: WaitOptions, expired: () => Error): Promise<void> {
    const { signal, timeoutMs = Infinity } = options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    const task = {
      done() {
        settle();
        resolve();
      },
    };
    const drop = (error: unknown) => {
      if (!this.#leave(task)) return;
      settle();
      reject(error);
    };
    const onAbort = () => drop(signal!.reason);
    this.#join(task);
    signal?.addEventListener("abort", onAbort);
    if (timeoutMs <= MAX_DELAY_MS) {
      timer = setTimeout(() => drop(expired()), Math.ceil(timeoutMs));
    }
    return promise;
  }

  /** Notifies waiters. */
  give(count: number): void {
    this.#inherit();
    while (count > 0 && this.#giveOne()) count--;
  }

  /** Lets the tasks know that were notified. */
  onRing(): void {
    this.#inherit();
    const crowd = this.#nodes.crowd(this.#lane);
    for (const task of this.#tasks) {
      if (!crowd.redeem()) break;
      this.#tasks.delete(task);
      task.done();
    }
    if (this.#tasks.size === 0) this.#close();
  }

  #giveOne(before?: number): boolean {
    for (;;) {
      const node = this.#nodes.firstUnnotified(before);
      if (node === 0) return this.#nodes.crowd(0).notify();
      const thread = this.#nodes.notify(node);
      if (thread === 0) continue; // it left meanwhile
      trap("chosen");
      ring(this.#registry, thread);
      return true;
    }
  }

  #join(task: Waiter): void {
    if (this.#tasks.size === 0) {
      this.#lane = this.#claim(ASYNCHRONOUS);
      listen(this.#registry, this);
      if (this.#lane === 0) {
        this.#poll = setInterval(() => this.onRing(), POLL_MS);
      }
    }
    this.#nodes.crowd(this.#lane).join();
    this.#tasks.add(task);
    if (this.#lane !== 0) this.#nodes.publish(this.#lane);
    trap("published");
  }

  /** Takes a task back, unless all of its thread were notified. */
  #leave(task: Waiter): boolean {
    if (!this.#tasks.has(task)) return false;
    if (!this.#nodes.crowd(this.#lane).leave()) {
      this.onRing();
      return false;
    }
    this.#tasks.delete(task);
    if (this.#tasks.size === 0) this.#close();
    return true;
  }

  #close(): void {
    deafen(this.#registry, this);
    clearInterval(this.#poll);
    if (this.#lane !== 0) this.#nodes.free(this.#lane);
    this.#lane = 0;
  }

  #claim(kind: typeof BLOCKING | typeof ASYNCHRONOUS): number {
    let node = this.#nodes.claim(kind);
    if (node === 0) {
      this.#giveOn();
      node = this.#nodes.claim(kind);
    }
    if (node !== 0) this.#nodes.stamp(node);
    return node;
  }

  /** Gives on what threads were given that died before they saw it. */
  #inherit(): void {
    const changes = this.#registry.changes();
    if (changes === this.#changes) return;
    this.#changes = changes;
    this.#giveOn();
  }

  /** To those who waited when it was given, not to who came later. */
  #giveOn(): void {
    for (const before of this.#nodes.sweep()) this.#giveOne(before);
  }

  #pollSync(deadline: number): boolean {
    const crowd = this.#nodes.crowd(0);
    for (;;) {
      if (crowd.redeem()) return true;
      const now = performance.now();
      if (now >= deadline && crowd.leave()) return false;
      const next = Math.min(deadline, now + POLL_MS);
      parkUntil(this.#registry, next, () => false);
    }
  }
}
