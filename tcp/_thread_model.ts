/**
 * The model `threads`: connections are accepted here, and each is relayed to a
 * thread, which may block or compute.
 *
 * ```
 *   accept ─► first octet ─► a warm thread ─► relay ─► idle again
 * ```
 *
 * A connection gets its thread when it has something to say, so that those who
 * are silent cost none.
 */
import type { WaitOptions } from "../sync/wait_options.ts";
import type { Model } from "./_model.ts";
import { Relay } from "./_relay.ts";
import { PIECE } from "./_relay_messages.ts";
import { ServerThread } from "./_server_thread.ts";
import { ThreadReserve } from "./_thread_reserve.ts";
import type { HandlerModule, TcpContext } from "./handler.ts";
import type { TcpListener } from "./listener.ts";
import type { TcpSocket } from "./socket.ts";

/** How long a thread that is too many stays idle, in milliseconds. */
const KEEP_MS = 10_000;

/** How long a handler may go on after its signal was aborted, in milliseconds. */
const LAST_WORDS_MS = 1_000;

/** See the top of this file. */
export class ThreadModel implements Model {
  readonly addr: Deno.Addr;
  readonly #listener: TcpListener;
  readonly #threads: ThreadReserve<ServerThread>;

  /** @throws {RangeError} If the size is not a whole number of at least 1. */
  constructor(listener: TcpListener, handler: HandlerModule, size: number) {
    this.addr = listener.addr;
    this.#listener = listener;
    this.#threads = new ThreadReserve({
      size,
      keepMs: KEEP_MS,
      start: () => new ServerThread(handler),
    });
  }

  accept(options: WaitOptions): Promise<TcpSocket> {
    this.#threads.fill();
    return this.#listener.accept(options);
  }

  async serve(socket: TcpSocket, { signal }: TcpContext): Promise<void> {
    let first: Uint8Array<ArrayBuffer> | null;
    try {
      first = await socket.receive(PIECE, { signal });
    } catch (error) {
      if (signal.aborted) return; // it never said anything
      throw error;
    }
    const thread = this.#threads.take();
    const relay = new Relay(socket, thread.end);
    const stopLimiting = limit(thread, signal);
    try {
      if (!await relay.run(first, signal)) throw await thread.gone;
    } finally {
      stopLimiting();
      this.#threads.giveBack(thread);
      this.#threads.fill();
      await relay.flushed;
    }
    relay.throwIfUnsent();
  }

  async close(): Promise<void> {
    await Promise.all([
      this.#threads.close(),
      this.#listener[Symbol.asyncDispose](),
    ]);
  }
}

/** Ends a thread whose handler goes on when it should not. */
function limit(thread: ServerThread, signal: AbortSignal): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onAbort = () => {
    timer = setTimeout(() => thread.kill(), LAST_WORDS_MS);
  };
  signal.addEventListener("abort", onAbort);
  return () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  };
}
