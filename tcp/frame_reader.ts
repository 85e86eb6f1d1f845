import { checkWait, type WaitOptions } from "../sync/wait_options.ts";
import { Deadline } from "./_deadline.ts";
import { Frames } from "./_frames.ts";
import { late, Patience } from "./_patience.ts";
import { Turn } from "./_turn.ts";
import type { FrameBudget } from "./frame_budget.ts";
import type { ByteSource, FrameDecoder, FrameDecoding } from "./framing.ts";

/** Options of {@linkcode FrameReader}. */
export interface FrameReaderOptions {
  /**
   * Longest time that the peer may take for a frame, in milliseconds, from its
   * first octet on; of a body that streams, for each 64 KiB. It ends peers that
   * send octet by octet for ever. Default: no limit.
   */
  timeoutMs?: number | undefined;
  /**
   * Longest silence of the peer, in milliseconds, between frames and inside of
   * them. Default: no limit.
   */
  idleTimeoutMs?: number | undefined;
  /**
   * Memory for unfinished frames that this reader shares with others. Default: no
   * limit but the size of one frame for each.
   */
  budget?: FrameBudget | undefined;
}

/**
 * Reads frames from a stream of octets.
 *
 * What has arrived of a frame is kept here, so a read that times out or is
 * aborted loses nothing: the next goes on where it stopped. Callers are served
 * in the order in which they came. The source is not closed.
 *
 * @typeParam T What is read.
 *
 * @example
 * ```ts
 * import { delimited, FrameReader } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * const pieces = ["on", "e\ntwo", "\n"].map((s) => new TextEncoder().encode(s));
 * const source = { receive: () => Promise.resolve(pieces.shift() ?? null) };
 *
 * const lines: string[] = [];
 * for await (const line of new FrameReader(source, delimited())) {
 *   lines.push(new TextDecoder().decode(line));
 * }
 * assertEquals(lines, ["one", "two"]);
 * ```
 */
export class FrameReader<T> implements AsyncIterable<T> {
  readonly #source: ByteSource;
  readonly #budget: FrameBudget | undefined;
  #decoder: FrameDecoder<T>;
  readonly #patience: Patience;
  readonly #turn: Turn = new Turn();
  #ended = false;

  /**
   * Takes charge of a source; nothing is read yet.
   *
   * @param source Where octets come from. Nobody else may receive from it.
   * @param codec What frames look like.
   * @param options How long the peer may take.
   * @throws {RangeError} If a time is negative or not a number.
   */
  constructor(
    source: ByteSource,
    codec: FrameDecoding<T>,
    options: FrameReaderOptions = {},
  ) {
    this.#source = source;
    this.#budget = options.budget;
    this.#decoder = codec.decoder((options) => this.#refill(options));
    this.#patience = new Patience({
      frameMs: checkWait({ timeoutMs: options.timeoutMs }),
      idleMs: checkWait({ timeoutMs: options.idleTimeoutMs }),
    });
  }

  /** Octets of an unfinished frame that are here; 0 between frames. */
  get pending(): number {
    return this.#decoder.pending;
  }

  /**
   * Waits for the next frame.
   *
   * If aborted or timed out, nothing is lost: the next call goes on with the same
   * frame. Also after the peer took too long: its time then begins anew.
   *
   * @param options Timeout and abort signal of this call.
   * @returns The frame, or `null` if the stream has ended between frames.
   * @throws {UnexpectedEofError} If it has ended inside of one.
   * @throws {FrameError} If what came is no frame, or if the budget is used up; no
   * later call reads any.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`, or if the peer takes
   * longer than the options of the reader allow.
   * @throws The error of the source, if it failed.
   */
  read(options?: WaitOptions): Promise<T | null> {
    try {
      checkWait(options);
      const frame = this.tryRead();
      if (frame !== undefined) return Promise.resolve(frame);
      return this.#read(new Deadline(options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Takes a frame if one has been received already, and never waits; receives
   * nothing.
   *
   * @returns The frame, `null` at the end, or `undefined`: it would have to wait.
   * @throws {UnexpectedEofError} As {@linkcode read}.
   * @throws {FrameError} As {@linkcode read}.
   */
  tryRead(): T | null | undefined {
    if (!this.#turn.isFree) return undefined; // others were here before
    return this.#decoder.next() ?? (this.#ended ? null : undefined);
  }

  /**
   * Frames until the stream ends.
   *
   * Leaving the loop, or `return()` at any time, loses no frame.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, void, void> {
    return new Frames(this);
  }

  async #read(call: Deadline): Promise<T | null> {
    await this.#turn.take(call.rest);
    try {
      for (let tries = 0;; tries++) {
        const frame = this.#decoder.next();
        if (this.#budget !== undefined) this.#hold(this.#budget);
        if (frame !== undefined) return frame;
        if (this.#ended) return null;
        if (tries > 0 && call.leftMs === 0) throw late(call);
        await this.#receive(call);
      }
    } finally {
      this.#turn.pass();
    }
  }

  async #receive(call: Deadline): Promise<void> {
    const octets = await this.#patience.receive(
      this.#source,
      this.#decoder,
      call,
    );
    if (octets !== null) return this.#decoder.push(octets);
    this.#ended = true;
    this.#decoder.end();
  }

  /** Notes what the decoder keeps; if that is too much, it keeps nothing more. */
  #hold(budget: FrameBudget): void {
    try {
      budget.note(this, this.#decoder.held);
    } catch (error) {
      this.#decoder = refusing(error);
      budget.note(this, 0);
      throw error;
    }
  }

  /** On behalf of a body. */
  async #refill(options: WaitOptions): Promise<void> {
    const call = new Deadline(options);
    await this.#turn.take(call.rest);
    try {
      await this.#receive(call);
    } finally {
      this.#turn.pass();
    }
  }
}

/** A decoder that was refused its memory, and reads nothing any more. */
function refusing(error: unknown): FrameDecoder<never> {
  return {
    pending: 0,
    held: 0,
    finished: 0,
    push() {},
    end() {},
    next() {
      throw error;
    },
  };
}
