import type { Label } from "../../sync/_trap.ts";
import type { WaitOptions } from "../../sync/wait_options.ts";
import type { Call } from "./_hands.ts";
import { BOARD, type Plan, turn } from "./_plan.ts";
import { type Next, random } from "./_random.ts";

/** As many as there are bits, but for the main thread's and a sign. */
export const MAX_MEMBERS = 28;

/** When it is no use to wait any longer for anything to happen. */
const LIMIT = { timeoutMs: 20_000 };

const LABELS: readonly Label[] = [
  "claimed",
  "published",
  "refused",
  "woken",
  "taken",
  "cancelled",
  "chosen",
  "released",
];

/** How hard it is to be. */
export interface Weather {
  readonly seed: number;
  /** How many threads there are at a time, besides the main one. */
  readonly threads: number;
  /** How many of them die, each of which is replaced. */
  readonly deaths: number;
  /** How often each member acts, at least. */
  readonly times: number;
  /** How many tasks each thread has; by default up to two. */
  readonly tasksOf?: (thread: number) => number;
}

/** A thread that works; a hand goes on with other work then. */
export type Worker = Pick<Call<void>, "id" | "alive" | "state" | "join"> & {
  terminate?(options?: WaitOptions): Promise<void>;
};

/** What a crew does. */
export interface Job {
  readonly board: Int32Array;
  /** What it is about, for the report if they get stuck. */
  readonly subject: { share(): { readonly buffer: SharedArrayBuffer } };
  start(plan: Plan): Worker;
  /** Called with the members of a thread that is dead. */
  bury?(bits: number): void;
  /** Called now and then. */
  tick?(): void;
}

interface Hand {
  readonly thread: Worker;
  readonly bits: number;
}

/** Threads that all do the same, and some of which die. */
export class Crew {
  readonly #job: Job;
  readonly #weather: Weather;
  readonly #next: Next;
  readonly #hands = new Set<Hand>();
  #deaths: number;
  #members = 0;

  constructor(job: Job, weather: Weather) {
    this.#job = job;
    this.#weather = weather;
    this.#next = random(weather.seed);
    this.#deaths = weather.deaths;
    job.board[BOARD.GOES_ON] = weather.deaths;
    for (let count = 0; count < weather.threads; count++) this.#start();
  }

  /** How many members there were so far. */
  get members(): number {
    return this.#members;
  }

  /**
   * Lets them work to the end.
   *
   * @param beside What the main thread does meanwhile.
   * @throws What any of them throws; or a report, if they get stuck.
   */
  async work(beside: Promise<void>): Promise<void> {
    let isOver = false;
    let deadline = performance.now() + LIMIT.timeoutMs;
    let seen = "";
    const over = beside.finally(() => isOver = true);
    over.catch(() => {}); // it is awaited at the end
    try {
      while (this.#hands.size > 0 || !isOver) {
        for (const hand of this.#hands) {
          if (hand.thread.alive) continue;
          this.#hands.delete(hand);
          await hand.thread.join(LIMIT);
        }
        await this.#kill();
        this.#job.tick?.();
        const now = this.#job.board.join();
        if (now !== seen) deadline = performance.now() + LIMIT.timeoutMs;
        seen = now;
        if (performance.now() > deadline) throw new Error(this.#report());
        await turn(1);
        if (isOver) await over;
      }
    } finally {
      for (const { thread } of this.#hands) await thread.terminate?.(LIMIT);
    }
  }

  #start(): void {
    const next = this.#next;
    const first = this.#members;
    const { tasksOf = () => next(3), times } = this.#weather;
    const tasks = Math.min(tasksOf(this.#hands.size), MAX_MEMBERS - first);
    const stops = this.#deaths > 0 && next(2) === 0;
    const thread = this.#job.start({
      seed: next(2 ** 31),
      first,
      tasks,
      times,
      stop: stops
        ? { label: LABELS[next(LABELS.length)]!, nth: 1 + next(8) }
        : undefined,
    });
    this.#members += tasks || 1;
    this.#hands.add({ thread, bits: (1 << this.#members) - (1 << first) });
  }

  /** Kills who is stuck, or sometimes anyone. */
  async #kill(): Promise<void> {
    const { board } = this.#job;
    const stuck = Atomics.load(board, BOARD.STUCK);
    const all = [...this.#hands];
    let victim = all.find(({ bits }) => (bits & stuck) !== 0);
    if (victim === undefined && this.#deaths > 0 && this.#next(24) === 0) {
      const begun = all.filter(({ bits }) => this.#hasBegun(bits));
      victim = begun[this.#next(begun.length || 1)];
    }
    if (victim === undefined) return;
    await victim.thread.terminate?.(LIMIT);
    this.#hands.delete(victim);
    this.#job.bury?.(victim.bits);
    this.#deaths = Math.max(0, this.#deaths - 1);
    Atomics.store(board, BOARD.GOES_ON, this.#deaths);
    if (this.#members < MAX_MEMBERS) this.#start();
  }

  /** Whether a thread is where it can do harm. */
  #hasBegun(bits: number): boolean {
    const first = 31 - Math.clz32(bits & -bits);
    return Atomics.load(this.#job.board, BOARD.THREADS + first) !== 0;
  }

  #report(): string {
    const { board, subject } = this.#job;
    const words = new Int32Array(subject.share().buffer);
    const nodes = [];
    for (let node = 16; node < 16 + 4 * 64; node += 4) {
      const [status, ...rest] = words.subarray(node, node + 4);
      if (status === 0) continue;
      nodes.push(`thread ${status! >> 3}, status ${status! & 7}, ${rest}`);
    }
    const hands = [...this.#hands].map(({ thread, bits }) =>
      `${thread.id} (${thread.state}, members ${bits.toString(2)})`
    );
    return `Stuck: ${subject.constructor.name} ${words.subarray(0, 16)}; ` +
      `nodes: ${nodes.join("; ")}; board: ${board}; threads: ${hands}`;
  }
}
