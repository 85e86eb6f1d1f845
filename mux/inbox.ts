import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLRDHUP } from "./event_bits.ts";
import { end, leave, pace, type Paced } from "./_pace.ts";
import { type Readiness, type Watcher, Watchers } from "./readiness.ts";
import { checkWait, waitFor, type WaitOptions } from "../sync/wait_options.ts";

const FIRST_OCTETS = 2048;
const USUAL_OCTETS = 65_536;

/** Where an {@linkcode Inbox} reads from: a connection, stdin. */
export interface Inflow {
  /** Waits for octets and puts them into the buffer; `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
}

/** What has arrived, for one caller; see {@linkcode Inbox.take}. */
export interface Arrived {
  /** All that is there; valid until the call returns. */
  readonly octets: Uint8Array<ArrayBuffer>;
  /** Whether nothing comes after that. */
  readonly ended: boolean;
  /** Takes the first octets. */
  consume(count: number): void;
  /** Says how many octets are needed. */
  need(count: number): void;
}

/** Takes what it wants; `undefined` to wait for more. */
export type Cut<R> = (arrived: Arrived) => R | undefined;

interface Waiter {
  readonly cut: Cut<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The octets that have arrived at a socket, and those who wait for some.
 *
 * ```
 *             start             end
 *   ┌──────────┬─────────────────┬──────────────┐
 *   │  taken   │  arrived        │  free        │   2 KiB at first
 *   └──────────┴─────────────────┴──────────────┘
 *                                 ◄── the one read that is outstanding
 * ```
 *
 * A read cannot be cancelled in Deno, so the inbox owns it, and its buffer: who
 * times out or aborts walks away, and what arrives is there for the next. Nothing
 * is read unless somebody waits, or watches. Callers are served in the order in
 * which they came; one that needs more than has arrived holds up those behind it.
 *
 * A {@linkcode Source} would hand such a caller's octets to the next in line,
 * which is right for datagrams and wrong for a stream.
 *
 * @example A line, or nothing
 * ```ts
 * import { Inbox, line } from "@lockstep/lockstep/mux";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const pieces = ["hel", "lo\n"].map((text) => new TextEncoder().encode(text));
 * const slow = Promise.withResolvers<void>();
 * const inbox = new Inbox({
 *   async read(buffer) {
 *     const piece = pieces.shift();
 *     if (pieces.length === 0) await slow.promise;
 *     if (piece !== undefined) buffer.set(piece);
 *     return piece?.length ?? null;
 *   },
 * });
 * await assertRejects(() => inbox.take(line(80), { timeoutMs: 5 }));
 * slow.resolve();
 * assertEquals(await inbox.take(line(80)), "hello"); // nothing was lost
 * ```
 */
export class Inbox implements Arrived, Readiness {
  readonly #conn: Inflow;
  readonly #line = new Set<Waiter>();
  #buffer = new Uint8Array(FIRST_OCTETS);
  #start = 0;
  #end = 0;
  #needed = 1;
  /** Whether the last read brought as much as there was room for. */
  #filled = false;
  #reading = false;
  #closed = false;
  #error: { readonly error: unknown } | undefined;
  #ended = false;
  #received = 0;
  readonly #watchers: Watchers;
  readonly #paced: Paced = { period: -1 };
  readonly #onCount = (count: number | null) => this.#arrived(count);
  readonly #onError = (error: unknown) => this.#failed(error);

  /**
   * Takes charge of what is read; nothing is read yet.
   *
   * @param conn Where octets come from. From now on nobody else may read there.
   * @param watchers Those who watch what it belongs to.
   */
  constructor(conn: Inflow, watchers: Watchers = new Watchers()) {
    this.#conn = conn;
    this.#watchers = watchers;
  }

  /** Whether nothing comes after what is here. */
  get ended(): boolean {
    return this.#ended;
  }

  /** How many octets have arrived so far. */
  get received(): number {
    return this.#received;
  }

  /**
   * See {@linkcode Readiness.events}: `POLLIN`, the end, and errors. Octets that
   * somebody waits to have more of are his.
   */
  get events(): number {
    if (this.#closed) return POLLNVAL;
    if (this.#error !== undefined) return POLLIN | POLLERR | POLLHUP;
    if (this.#ended) return POLLIN | POLLRDHUP;
    if (this.#line.size > 0) return 0;
    return this.#end - this.#start >= this.#needed ? POLLIN : 0;
  }

  /** See {@linkcode Readiness.arm}. */
  arm(events: number): void {
    if ((events & (POLLIN | POLLRDHUP)) === 0) return;
    if (this.events === 0 || this.#watchers.edge) this.#read();
  }

  /** See {@linkcode Readiness.watch}. */
  watch(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  /** See {@linkcode Readiness.unwatch}. */
  unwatch(watcher: Watcher): void {
    this.#watchers.delete(watcher);
  }

  /** See {@linkcode Arrived.octets}. */
  get octets(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** See {@linkcode Arrived.consume}. */
  consume(count: number): void {
    this.#start += count; // a read may be under way behind #end
  }

  /** See {@linkcode Arrived.need}. */
  need(count: number): void {
    this.#needed = count;
  }

  /**
   * Waits until a function finds what it wants.
   *
   * If aborted or timed out, nothing was taken; who is served at that very moment
   * gets what he was served.
   *
   * @throws {Deno.errors.BadResource} If the inbox is closed.
   * @throws {Deno.errors.Interrupted} If it is closed meanwhile.
   * @throws What the function throws, and what reading failed with.
   */
  take<R>(cut: Cut<R>, options?: WaitOptions): Promise<R> {
    if (options !== undefined) return this.#takeWithin(cut, options);
    try {
      const found = this.#takeNow(cut);
      if (found !== undefined) return Promise.resolve(found);
    } catch (error) {
      return Promise.reject(error);
    }
    return new Promise<R>((resolve, reject) => {
      this.#join({ cut, resolve: resolve as (value: unknown) => void, reject });
    });
  }

  /**
   * Lets a function take what is there; never waits.
   *
   * If it finds too little, more is read, and only when that has come the inbox is
   * ready again (as by `SO_RCVLOWAT` of POSIX), so that nobody waits in vain.
   *
   * @returns What the function answered; `undefined`: it would have to wait.
   * @throws {Deno.errors.BadResource} If the inbox is closed.
   * @throws What the function throws, and what reading failed with.
   */
  tryTake<R>(cut: Cut<R>): R | undefined {
    const found = this.#takeNow(cut);
    if (found === undefined) this.#read();
    return found;
  }

  /** Drops what has arrived, and rejects those who wait. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    leave(this.#paced);
    this.#start = this.#end = 0;
    for (const { reject } of this.#line) {
      reject(
        new Deno.errors.Interrupted(
          "Cannot receive: the socket was closed meanwhile",
        ),
      );
    }
    this.#line.clear();
    this.#watchers.tell(POLLNVAL);
  }

  #try<R>(cut: Cut<R>): R | undefined {
    this.#needed = 1;
    const found = cut(this);
    if (found !== undefined) return found;
    if (this.#error !== undefined) throw this.#error.error;
    return undefined;
  }

  #takeNow<R>(cut: Cut<R>): R | undefined {
    if (this.#closed) {
      throw new Deno.errors.BadResource("Cannot receive: the socket is closed");
    }
    if (this.#line.size > 0) return undefined;
    const found = this.#try(cut);
    if (found !== undefined && this.#watchers.size > 0) this.#taken();
    return found;
  }

  /** Something was taken: reads on for an edge, or tells that nothing is left. */
  #taken(): void {
    if (this.#watchers.edge) this.#read();
    else if (this.events === 0 && !this.#reading) this.#watchers.tell(0);
  }

  async #takeWithin<R>(cut: Cut<R>, options: WaitOptions): Promise<R> {
    checkWait(options);
    const found = this.#takeNow(cut);
    if (found !== undefined) return found;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const waiter: Waiter = { cut, resolve, reject };
    this.#join(waiter);
    try {
      return await waitFor(promise, options) as R;
    } catch (error) {
      if (!this.#line.delete(waiter)) return await promise as R; // just served
      this.#needed = 1; // the next may need less
      this.#serve();
      this.#tell();
      throw error;
    }
  }

  #join(waiter: Waiter): void {
    this.#line.add(waiter);
    this.#read();
  }

  #serve(): void {
    for (const waiter of this.#line) {
      try {
        const found = this.#try(waiter.cut);
        if (found === undefined) return this.#read();
        waiter.resolve(found);
      } catch (error) {
        waiter.reject(error);
      }
      this.#line.delete(waiter);
    }
  }

  #read(): void {
    if (this.#reading || this.#closed) return;
    if (this.#ended || this.#error !== undefined) return;
    const most = Math.max(USUAL_OCTETS, this.#needed);
    if (this.#line.size === 0 && this.#end - this.#start >= most) return;
    this.#reading = true;
    pace(this.#begin);
  }

  readonly #begin = (): void => {
    if (this.#closed) return;
    this.#makeRoom();
    const free = this.#end === 0
      ? this.#buffer
      : this.#buffer.subarray(this.#end);
    this.#conn.read(free).then(this.#onCount, this.#onError);
  };

  #arrived(count: number | null): void {
    this.#reading = false;
    if (this.#closed) return;
    end(this.#paced);
    if (count === null) this.#ended = true;
    else this.#end += count;
    this.#received += count ?? 0;
    this.#filled = this.#end === this.#buffer.length;
    this.#serve();
    this.#tell();
  }

  #failed(error: unknown): void {
    this.#reading = false;
    if (this.#closed) return;
    this.#error = { error };
    this.#serve();
    this.#tell();
  }

  /** A read or a wait has ended: tells whoever watches what is left. */
  #tell(): void {
    if (this.#watchers.size === 0) return;
    if (this.#watchers.edge) this.#read();
    const { events } = this;
    if (events !== 0 || !this.#reading) this.#watchers.tell(events);
  }

  /**
   * Makes sure that something can be read. The buffer grows with what arrived,
   * never with what somebody asks for.
   */
  #makeRoom(): void {
    if (this.#start === this.#end) this.#start = this.#end = 0;
    const { length } = this.#buffer;
    const size = this.#end - this.#start;
    if (!this.#filled && size <= length / 2 && this.#end < length) return;
    const most = Math.max(USUAL_OCTETS, this.#needed, 2 * size);
    const grows = this.#filled || size > length / 2;
    const wanted = grows ? Math.min(2 * length, most) : length;
    this.#filled = false;
    if (wanted > length) {
      const { octets } = this;
      this.#buffer = new Uint8Array(wanted);
      this.#buffer.set(octets);
    } else if (this.#end === length) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
    } else {
      return;
    }
    this.#start = 0;
    this.#end = size;
  }
}
