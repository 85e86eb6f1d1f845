import type { WaitOptions } from "../sync/wait_options.ts";

/** One datagram and where it came from. */
export interface Datagram {
  /** What was sent, 0 to 65,507 bytes. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** Who sent it; pass it to `sendTo()` to answer. */
  readonly addr: Deno.NetAddr;
  /** Whether the datagram was longer than `data`, and its rest is lost. */
  readonly truncated: boolean;
}

/** The part of a `UdpSocket` that can be iterated. */
export interface DatagramSource {
  readonly closed: boolean;
  receive(options: WaitOptions): Promise<Datagram>;
}

/**
 * The datagrams of a socket, until it is closed or `return()` is called.
 *
 * Unlike that of a generator, `return()` need not wait for a `next()` under way:
 * it ends that wait, and the datagram goes to whoever receives next.
 */
export class Datagrams implements AsyncIterableIterator<Datagram, void, void> {
  readonly #socket: DatagramSource;
  readonly #over: AbortController = new AbortController();

  constructor(socket: DatagramSource) {
    this.#socket = socket;
  }

  async next(): Promise<IteratorResult<Datagram, void>> {
    const { signal } = this.#over;
    if (signal.aborted || this.#socket.closed) return this.return();
    try {
      const value = await this.#socket.receive({ signal });
      return { done: false, value };
    } catch (error) {
      if (!signal.aborted && !this.#socket.closed) {
        this.#over.abort();
        throw error;
      }
      return this.return();
    }
  }

  return(): Promise<IteratorReturnResult<void>> {
    this.#over.abort();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
