import { checkWait, waitFor, type WaitOptions } from "../sync/wait_options.ts";
import { Deadline } from "./_deadline.ts";
import { Turn } from "./_turn.ts";
import { FrameError } from "./frame_error.ts";
import type { ByteSink, EncodedFrame, FrameEncoding } from "./framing.ts";

/**
 * Writes frames to a stream of octets, one after the other.
 *
 * A frame is sent by one call of `sendAll()` if it is small, 64 KiB with its
 * header, and by two if it is large; those of two callers are never mixed. The
 * sink is not closed.
 *
 * @typeParam W What is written.
 *
 * @example
 * ```ts
 * import { FrameWriter, lengthPrefixed } from "@lockstep/lockstep/tcp";
 * import { assertEquals } from "@std/assert";
 *
 * const sent: Uint8Array[] = [];
 * const sink = { sendAll: async (octets: Uint8Array) => void sent.push(octets) };
 *
 * const writer = new FrameWriter(sink, lengthPrefixed({ bytes: 1 }));
 * await writer.write(new TextEncoder().encode("hi"));
 * assertEquals(sent, [new Uint8Array([2, 104, 105])]);
 * ```
 */
export class FrameWriter<W> {
  readonly #sink: ByteSink;
  readonly #codec: FrameEncoding<W>;
  readonly #turn: Turn = new Turn();
  /** Whether a part of the frame that is being sent is sent. */
  #begun = false;
  #cutOff: { readonly cause: unknown } | undefined;

  /**
   * Takes charge of a sink; nothing is sent yet.
   *
   * @param sink Where octets go. Nobody else may send to it.
   * @param codec What frames look like.
   */
  constructor(sink: ByteSink, codec: FrameEncoding<W>) {
    this.#sink = sink;
    this.#codec = codec;
  }

  /**
   * Sends a frame when those before it are sent.
   *
   * If aborted or timed out before its turn, nothing is sent. If later, the frame
   * is still sent to its end, so that others can follow; only of a body that
   * streams, the rest is not, and then no frame can.
   *
   * @param frame What to send; must not change until the promise settles.
   * @param options Timeout and abort signal.
   * @throws {RangeError} If the frame does not fit; nothing is sent.
   * @throws {FrameError} `cut-off` if one before was sent in part only;
   * `body-mismatch` if a stream is not as long as its header says.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws The error of the sink, or of a body that streams.
   */
  async write(frame: W, options?: WaitOptions): Promise<void> {
    checkWait(options);
    const encoded = this.#codec.encode(frame);
    if (options === undefined) {
      if (!this.#turn.tryTake()) await this.#turn.take();
      return await this.#send(encoded);
    }
    const call = new Deadline(options);
    const kept = keep(encoded);
    await this.#turn.take(call.rest);
    const left = new AbortController();
    try {
      await waitFor(this.#send(kept, left.signal), call.rest);
    } catch (error) {
      left.abort(error);
      throw error;
    }
  }

  /** Sends a frame, and passes the turn on. */
  async #send(encoded: EncodedFrame, left?: AbortSignal): Promise<void> {
    this.#begun = false;
    try {
      if (this.#cutOff !== undefined) throw cutOff(this.#cutOff);
      if (Symbol.asyncIterator in encoded) await this.#stream(encoded, left);
      else {
        for (const part of encoded) {
          await this.#sink.sendAll(part);
          this.#begun = true;
        }
      }
    } catch (cause) {
      if (this.#begun) this.#cutOff = { cause };
      throw cause;
    } finally {
      this.#turn.pass();
    }
  }

  /** Sends parts as they come, until the caller leaves. */
  async #stream(
    encoded: AsyncIterable<Uint8Array>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const parts = encoded[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await waitFor(parts.next(), { signal });
        if (done) return;
        if (value.length === 0) continue;
        await this.#sink.sendAll(value);
        this.#begun = true;
      }
    } catch (error) {
      Promise.resolve(parts.return?.(error)).catch(() => {
        // What it has to say was said by next(), or comes too late.
      });
      throw error;
    }
  }
}

/** A frame that stays as it is when its caller has left. */
function keep(encoded: EncodedFrame): EncodedFrame {
  if (Symbol.asyncIterator in encoded) return encoded;
  return encoded.map((part, i) => i === 0 ? part : part.slice());
}

function cutOff(options: ErrorOptions): FrameError {
  return new FrameError(
    "cut-off",
    "Cannot write a frame: one before was sent in part only",
    options,
  );
}
