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
 * is read unless somebody waits. Callers are served in the order in which they
 * came; one that needs more than has arrived holds up those behind it.
 *
 * A mux.Source would hand such a caller's octets to the next in line, which is
 * right for datagrams and wrong for a stream.
 */
import { checkWait, waitFor, type WaitOptions } from "../sync/wait_options.ts";

const FIRST_OCTETS = 2048;
const USUAL_OCTETS = 65_536;

/** What the inbox needs of a connection. */
export interface Inflow {
  read(buffer: Uint8Array): Promise<number | null>;
}

/** What arrived, for one caller; see {@linkcode Inbox.take}. */
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

/** See the top of this file. */
export class Inbox implements Arrived {
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
  ended = false;
  /** Octets that have arrived. */
  received = 0;

  constructor(conn: Inflow) {
    this.#conn = conn;
  }

  get octets(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** Whether a caller would find something: octets, the end, or an error. */
  get isReady(): boolean {
    return this.#end > this.#start || this.ended || this.#error !== undefined;
  }

  consume(count: number): void {
    this.#start += count;
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  need(count: number): void {
    this.#needed = count;
  }

  /**
   * Waits until a function finds what it wants.
   *
   * If aborted or timed out, nothing was taken.
   *
   * @throws {Deno.errors.BadResource} If the inbox is closed.
   * @throws {Deno.errors.Interrupted} If it is closed meanwhile.
   * @throws What the function throws, and what reading failed with.
   */
  async take<R>(cut: Cut<R>, options?: WaitOptions): Promise<R> {
    checkWait(options);
    if (this.#closed) {
      throw new Deno.errors.BadResource("Cannot receive: the socket is closed");
    }
    if (this.#line.size === 0) {
      const found = this.#try(cut);
      if (found !== undefined) return found;
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const waiter: Waiter = { cut: cut as Cut<unknown>, resolve, reject };
    this.#line.add(waiter);
    this.#read();
    if (options === undefined) return await promise as R;
    try {
      return await waitFor(promise, options) as R;
    } finally {
      if (this.#line.delete(waiter)) this.#serve(); // the next may need less
    }
  }

  /**
   * Lets a function take what is there; never waits. Starts to read if there is
   * nothing, so that a later call can succeed.
   */
  tryTake<R>(cut: Cut<R>): R | undefined {
    if (this.#closed) {
      throw new Deno.errors.BadResource("Cannot receive: the socket is closed");
    }
    const found = this.#line.size === 0 ? this.#try(cut) : undefined;
    if (found === undefined) this.#read();
    return found;
  }

  /** Drops what has arrived, and rejects those who wait. */
  close(): void {
    this.#closed = true;
    this.#start = this.#end = 0;
    for (const { reject } of this.#line) {
      reject(
        new Deno.errors.Interrupted(
          "Cannot receive: the socket was closed meanwhile",
        ),
      );
    }
    this.#line.clear();
  }

  #try<R>(cut: Cut<R>): R | undefined {
    this.#needed = 1;
    const found = cut(this);
    if (found !== undefined) return found;
    if (this.#error !== undefined) throw this.#error.error;
    return undefined;
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
    if (this.#reading || this.#closed || this.ended) return;
    this.#makeRoom();
    this.#reading = true;
    this.#conn.read(this.#buffer.subarray(this.#end)).then(
      (count) => this.#arrived(count),
      (error) => this.#failed(error),
    );
  }

  #arrived(count: number | null): void {
    this.#reading = false;
    if (this.#closed) return;
    if (count === null) this.ended = true;
    else this.#end += count;
    this.received += count ?? 0;
    this.#filled = this.#end === this.#buffer.length;
    this.#serve();
  }

  #failed(error: unknown): void {
    this.#reading = false;
    if (this.#closed) return;
    this.#error = { error };
    this.#serve();
  }

  /**
   * Makes sure that something can be read. The buffer grows with what arrived,
   * never with what somebody asks for.
   */
  #makeRoom(): void {
    const { octets } = this;
    const { length } = this.#buffer;
    const size = octets.length;
    const most = Math.max(USUAL_OCTETS, this.#needed, size + 1);
    const grows = this.#filled || size > length / 2;
    const wanted = grows ? Math.min(2 * length, most) : length;
    this.#filled = false;
    if (wanted > length) {
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
