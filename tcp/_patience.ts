import { isTimeout } from "../sync/wait_options.ts";
import type { Deadline } from "./_deadline.ts";
import type { ByteSource, FrameDecoder } from "./framing.ts";

/** How much is asked for at once. */
const RECEIVE_BYTES = 65_536;

/** How long a peer may take. */
export interface Limits {
  readonly frameMs: number;
  readonly idleMs: number;
}

/**
 * How long a reader still waits for its peer. Only the time that is spent waiting
 * counts, so a peer does not pay for a slow caller; and it adds up over calls, so
 * callers that come back often do not give it more.
 */
export class Patience {
  readonly #limits: Limits;
  /** The frame that is read, and what has been waited for it, and in silence. */
  #frame = 0;
  #frameMs = 0;
  #idleMs = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /**
   * Receives once. If a limit is over, it begins anew with the next call.
   *
   * @throws {DOMException} `TimeoutError` if it took too long.
   */
  async receive(
    source: ByteSource,
    decoder: FrameDecoder<unknown>,
    call: Deadline,
  ): Promise<Uint8Array | null> {
    const { signal } = call;
    if (decoder.finished !== this.#frame) {
      this.#frame = decoder.finished;
      this.#frameMs = 0;
    }
    const inside = decoder.pending > 0;
    const frameMs = inside ? this.#limits.frameMs - this.#frameMs : Infinity;
    const idleMs = this.#limits.idleMs - this.#idleMs;
    const callMs = call.leftMs;
    const timeoutMs = Math.min(frameMs, idleMs, callMs);
    if (timeoutMs === Infinity) {
      return await source.receive(RECEIVE_BYTES, signal && { signal });
    }
    if (frameMs <= 0) throw this.#frameIsLate(); // octets came, but too slowly
    const start = performance.now();
    try {
      const options = { signal, timeoutMs: Math.max(timeoutMs, 0) };
      const octets = await source.receive(RECEIVE_BYTES, options);
      this.#idleMs = 0;
      if (inside) this.#frameMs += performance.now() - start;
      return octets;
    } catch (error) {
      const waited = performance.now() - start;
      this.#idleMs += waited;
      if (inside) this.#frameMs += waited;
      if (!isTimeout(error, signal)) throw error;
      if (timeoutMs === callMs) throw late(call);
      if (timeoutMs === frameMs) throw this.#frameIsLate();
      this.#idleMs = 0;
      throw timeout(`nothing came within ${this.#limits.idleMs} ms`);
    }
  }

  #frameIsLate(): DOMException {
    this.#frameMs = 0;
    return timeout(
      `it was not complete ${this.#limits.frameMs} ms after its first octet`,
    );
  }
}

/** The error of a call whose own time is over. */
export function late(call: Deadline): DOMException {
  return timeout(`none was complete within ${call.timeoutMs} ms`);
}

function timeout(state: string): DOMException {
  return new DOMException(`Cannot read a frame: ${state}`, "TimeoutError");
}
