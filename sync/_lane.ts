import { deafen, listen, type Listener } from "./_mailbox.ts";
import { ASYNCHRONOUS } from "./_nodes.ts";
import type { Attempt, WaitQueue } from "./_park.ts";
import { MAX_DELAY_MS, type WaitOptions } from "./wait_options.ts";

/** Pause of a lane without a node, in milliseconds. */
const POLL_MS = 4;

/** One task that waits. */
interface Waiter {
  readonly attempt: Attempt;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * The asynchronous waiters of one thread on one object: first in, first out, and
 * all in one node. While somebody is in it, it keeps the event loop alive.
 */
export class Lane implements Listener {
  readonly #queue: WaitQueue;
  readonly #waiters = new Set<Waiter>();
  #node = 0;
  #changes = 0;
  #poll: ReturnType<typeof setInterval> | undefined;

  constructor(queue: WaitQueue) {
    this.#queue = queue;
  }

  /** Whether nobody waits. */
  get isEmpty(): boolean {
    return this.#waiters.size === 0;
  }

  /** See {@linkcode WaitQueue.wait}. */
  wait(
    attempt: Attempt,
    options: WaitOptions,
    expired: () => Error,
  ): Promise<void> {
    const { signal, timeoutMs = Infinity } = options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onAbort = () => this.#drop(waiter, signal!.reason);
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    const waiter: Waiter = {
      attempt,
      done() {
        settle();
        resolve();
      },
      failed(error) {
        settle();
        reject(error);
      },
    };
    this.#add(waiter);
    if (this.#waiters.has(waiter)) {
      signal?.addEventListener("abort", onAbort);
      if (timeoutMs <= MAX_DELAY_MS) {
        timer = setTimeout(
          () => this.#drop(waiter, expired()),
          Math.ceil(timeoutMs),
        );
      }
    }
    return promise;
  }

  /** Tries for each task in turn, if the node was woken. */
  onRing(): void {
    const { nodes, registry } = this.#queue;
    if (this.#node === 0) return; // it polls
    const changed = registry.changes() !== this.#changes;
    if (changed || !nodes.isWaiting(this.#node)) this.#serve();
  }

  #add(waiter: Waiter): void {
    this.#waiters.add(waiter);
    if (this.#waiters.size > 1) return this.#showCrowd();
    listen(this.#queue.registry, this);
    this.#serve();
  }

  #serve = (): void => {
    const { nodes, registry } = this.#queue;
    if (this.#node === 0) {
      this.#node = nodes.claim(ASYNCHRONOUS);
      if (this.#node === 0) nodes.sweep();
      if (this.#node === 0) this.#poll ??= setInterval(this.#serve, POLL_MS);
      else this.#stopPolling();
    }
    this.#changes = registry.changes();
    for (const waiter of this.#waiters) {
      try {
        if (!this.#try(waiter)) break;
        this.#waiters.delete(waiter);
        if (this.#node !== 0) nodes.renew(this.#node);
        waiter.done();
      } catch (error) {
        this.#waiters.delete(waiter);
        waiter.failed(error);
      }
    }
    this.#rest();
  };

  #try({ attempt }: Waiter): boolean {
    if (this.#node === 0) return attempt(0);
    return this.#queue.tryNode(attempt, this.#node);
  }

  #drop(waiter: Waiter, error: unknown): void {
    if (!this.#waiters.delete(waiter)) return;
    waiter.failed(error);
    this.#rest();
    this.#queue.wake(1); // a wake-up may have been meant for this one
  }

  /** Gives back what is not needed any more, once somebody left. */
  #rest(): void {
    const { nodes, registry } = this.#queue;
    if (this.#waiters.size > 0) return this.#showCrowd();
    deafen(registry, this);
    this.#stopPolling();
    if (this.#node === 0) return;
    const woken = nodes.free(this.#node);
    this.#node = 0;
    if (woken) this.#queue.wake(1);
  }

  #stopPolling(): void {
    clearInterval(this.#poll);
    this.#poll = undefined;
  }

  #showCrowd(): void {
    if (this.#node !== 0) {
      this.#queue.nodes.setCrowd(this.#node, this.#waiters.size);
    }
  }
}
