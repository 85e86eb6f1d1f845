/**
 * The one place that waits: a queue in shared memory for all threads of the
 * process, blocking and asynchronous.
 *
 * ```
 *                      wait(), waitSync()
 *                              │
 *              ┌───────────────▼────────────────┐
 *         ┌───►│ publish the node      WAITING  │
 *         │    └───────────────┬────────────────┘
 *         │                    ▼          yes
 *         │               attempt() ─────────────────────► taken
 *         │                    │ no: the word is CONTENDED
 *         │    ┌───────────────▼────────────────┐ time over, aborted:
 *         │    │ park on the own mailbox        ├────────► leave, wake the next
 *         │    └───────────────┬────────────────┘
 *         │                    │ woken (WOKEN), or a thread is gone
 *         └────────────────────┘
 * ```
 *
 * **A wake-up hands over nothing.** Whoever is woken publishes its node again
 * and then tries to take what it waits for, as everybody does. So a wake-up can
 * be given to a waiter that is busy, leaves or dies without anything lost:
 *
 * - A waiter publishes its node, then tries. Whoever releases changes the word
 *   of the primitive, then looks for nodes. One of the two sees the other.
 * - A try that fails marks the word CONTENDED in the same step. A release clears
 *   the mark, and wakes waiters in the order of their tickets: asynchronous
 *   ones up to and including the first that blocks. So a busy event loop stalls
 *   nobody, and nobody who can run at once is passed over.
 * - Who was woken takes with the mark set, or fails and sets it. So the next
 *   release looks again.
 * - Who leaves, or took although somebody woke it at the same time, wakes the
 *   next: the wake-up was perhaps meant for that one.
 * - When a thread is gone, everybody who waits for anything is woken: nodes of
 *   the dead are freed, and the tries of the living make up for every wake-up
 *   that the dead took, or owed.
 * - Barging is allowed, as it is fast, until the first blocking waiter has
 *   waited for more than 1 ms. Then a release marks the word FAIR, and nobody
 *   but that waiter can take; except that for 2 of every 16 ms it is the turn of
 *   the lanes, which would never get anything among those who block.
 *
 * Without a node (there are 64) a waiter tries every few milliseconds.
 *
 * The labels are those of `_tools/models/park.pml`, which proves this for three
 * threads.
 */
import { Lane } from "./_lane.ts";
import { parkUntil, ring } from "./_mailbox.ts";
import { BLOCKING, Nodes } from "./_nodes.ts";
import type { Registry } from "./_registry.ts";
import { trap } from "./_trap.ts";
import type { WaitOptions } from "./wait_options.ts";

/** After how long a blocking waiter is not overtaken any more. */
const PATIENCE_MS = 1;

/**
 * How often a lane has its turn, and for how long, in milliseconds; a thread that
 * is busy costs those who block no more than the one in the other.
 */
const TURN_PERIOD_MS = 16;
const TURN_MS = 2;

/** Without a node, but with what was waited for. */
const TAKEN = -1;

/** Shortest and longest pause of a waiter without a node. */
const MIN_POLL_MS = 1;
const MAX_POLL_MS = 16;

/**
 * Tries to take what is waited for.
 *
 * @param node Node of the waiter; 0 if it has none.
 */
export type Attempt = (node: number) => boolean;

/** The waiters of one primitive, as one thread sees them. */
export class WaitQueue {
  readonly nodes: Nodes;
  readonly registry: Registry;
  readonly #lane: Lane;
  #pollers: Lane | undefined;
  /** The last try failed because a lane has its turn. */
  #deferred = false;
  #changes: number;

  constructor(words: Int32Array, registry: Registry) {
    this.nodes = new Nodes(words, registry);
    this.registry = registry;
    this.#lane = new Lane(this);
    this.#changes = registry.changes();
  }

  /**
   * Blocks until an attempt succeeds.
   *
   * @returns Whether one did before the time was over.
   */
  waitSync(attempt: Attempt, timeoutMs: number): boolean {
    if (timeoutMs === 0) return false;
    const deadline = performance.now() + timeoutMs;
    const node = this.#claimSync(attempt, deadline);
    if (node <= 0) return node === TAKEN;
    trap("claimed");
    let taken = false;
    try {
      do {
        taken = this.tryNode(attempt, node);
      } while (!taken && this.#parkInTurns(node, deadline));
      return taken;
    } finally {
      trap(taken ? "taken" : "cancelled");
      if (this.nodes.free(node) || !taken) this.wake(1);
    }
  }

  /**
   * Waits until an attempt succeeds.
   *
   * @param expired Makes the error for when the time is over.
   * @throws The reason of the signal, or that error; nothing is taken then.
   */
  wait(
    attempt: Attempt,
    options: WaitOptions,
    expired: () => Error,
  ): Promise<void> {
    return this.#lane.wait(attempt, options, expired);
  }

  /**
   * As {@linkcode wait}, for an attempt that takes nothing: who waits so is
   * neither behind those who take, nor ahead of them.
   */
  poll(
    attempt: Attempt,
    options: WaitOptions,
    expired: () => Error,
  ): Promise<void> {
    this.#pollers ??= new Lane(this);
    return this.#pollers.wait(attempt, options, expired);
  }

  /**
   * Wakes blocking waiters in the order of their tickets, and whatever
   * asynchronous ones are ahead of the last of them.
   */
  wake(count: number): void {
    let last: number | undefined; // who is back in line was woken before
    while (count > 0) {
      const node = this.nodes.firstWaiting(last);
      if (node === 0) return;
      last = this.nodes.ticketOf(node);
      if (this.#ring(node) && this.nodes.isBlocking(node)) count--;
    }
  }

  /** Whether no task of this thread waits: otherwise a new one is behind it. */
  get isIdle(): boolean {
    return this.#lane.isEmpty;
  }

  /** Wakes all who wait. */
  wakeAll(): void {
    for (const node of this.nodes.all()) this.#ring(node);
  }

  /**
   * Whether a node may take what is FAIR: that of the first who blocks, or any
   * lane while it is their turn. Node 0 is behind all.
   */
  isFirst(node: number): boolean {
    if (this.#laneInTurn() !== 0) {
      if (node > 0 && !this.nodes.isBlocking(node)) return true;
      this.#deferred = true;
      return false;
    }
    const first = this.nodes.firstBlocking();
    return first === 0 || first === node;
  }

  /** Whether somebody is not to be overtaken any more. */
  isImpatient(): boolean {
    const first = this.nodes.firstBlocking();
    return first !== 0 && this.nodes.waitedMs(first) > PATIENCE_MS;
  }

  /**
   * The first lane, if it is the turn of lanes: those who block would else always
   * be ahead. A turn is short, as the threads of the lanes may be busy.
   */
  #laneInTurn(): number {
    const lane = this.nodes.firstLane();
    if (lane === 0) return 0;
    const waited = this.nodes.waitedMs(lane);
    return waited % TURN_PERIOD_MS >= TURN_PERIOD_MS - TURN_MS ? lane : 0;
  }

  /** Publishes a node, then tries. */
  tryNode(attempt: Attempt, node: number): boolean {
    const changes = this.registry.changes();
    if (changes !== this.#changes) {
      this.#changes = changes;
      this.nodes.sweep();
    }
    this.nodes.publish(node);
    trap("published");
    const taken = attempt(node);
    if (!taken) trap("refused");
    return taken;
  }

  /** Blocks until a node of this thread is woken; answers whether in time. */
  park(node: number, deadline: number): boolean {
    const { nodes, registry } = this;
    const changes = this.#changes;
    const woken = () =>
      !nodes.isWaiting(node) || registry.changes() !== changes;
    const inTime = parkUntil(registry, deadline, woken);
    if (inTime) trap("woken");
    return inTime;
  }

  #ring(node: number): boolean {
    const thread = this.nodes.wake(node);
    if (thread === 0) return false;
    trap("chosen");
    ring(this.registry, thread);
    return true;
  }

  /** Parks; if it was refused for a lane that has its turn, only for that. */
  #parkInTurns(node: number, deadline: number): boolean {
    if (!this.#deferred) return this.park(node, deadline);
    this.#deferred = false;
    const end = performance.now() + TURN_MS;
    return this.park(node, Math.min(deadline, end)) || end < deadline;
  }

  /** A node for this thread, or what came of trying without one. */
  #claimSync(attempt: Attempt, deadline: number): number {
    for (let pauseMs = MIN_POLL_MS;;) {
      const node = this.nodes.claim(BLOCKING);
      if (node !== 0) return node;
      this.nodes.sweep();
      if (attempt(0)) return TAKEN;
      const now = performance.now();
      if (now >= deadline) return 0;
      parkUntil(this.registry, Math.min(deadline, now + pauseMs), () => false);
      pauseMs = Math.min(2 * pauseMs, MAX_POLL_MS);
    }
  }
}
