/**
 * The connections that a server is serving, and how long it is patient with each:
 * with one that is silent, and with a handler that takes its time.
 *
 * One interval looks at all of them, so that a message costs nothing: the limit of
 * silence is kept to a quarter.
 */
import type { TcpSocket } from "./socket.ts";

const LOOKS = 4;
const MIN_LOOK_MS = 5;

/** How long a server is patient, in milliseconds. */
export interface PatienceOptions {
  /**
   * How long a connection may be silent, both ways, in milliseconds; then it is
   * closed. Default: no limit.
   */
  idleTimeoutMs?: number | undefined;
  /**
   * How long a handler may take in all, in milliseconds; then its connection is
   * closed. Default: no limit.
   */
  requestTimeoutMs?: number | undefined;
}

/** A connection that is looked at. */
export interface Watch {
  /** Aborted by the server, or when the patience is over. */
  readonly signal: AbortSignal;
  /** Whether the patience is over. */
  readonly isOver: boolean;
  end(): void;
}

type Limit = "idle" | "request";
type OnTimeout = (
  socket: TcpSocket,
  limit: Limit,
) => void | Promise<void> | undefined;

/** See the top of this file. */
export class PatientSockets {
  readonly #sockets = new Set<Watched>();
  readonly #idleMs: number;
  readonly #requestMs: number;
  readonly #onTimeout: OnTimeout;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @throws {RangeError} If a limit is not above 0. */
  constructor(options: PatienceOptions, onTimeout: OnTimeout) {
    this.#idleMs = limitOf("idleTimeoutMs", options.idleTimeoutMs);
    this.#requestMs = limitOf("requestTimeoutMs", options.requestTimeoutMs);
    this.#onTimeout = onTimeout;
  }

  /** @param signal The server's. */
  add(socket: TcpSocket, signal: AbortSignal): Watch {
    const watched = new Watched(socket, signal, (it) => this.#remove(it));
    this.#sockets.add(watched);
    const shortest = Math.min(this.#idleMs, this.#requestMs);
    if (shortest < Infinity) {
      const everyMs = Math.max(shortest / LOOKS, MIN_LOOK_MS);
      this.#timer ??= setInterval(() => this.#look(), everyMs);
    }
    return watched;
  }

  /** Closes them all. */
  close(): void {
    for (const { socket } of this.#sockets) socket.close();
  }

  #remove(watched: Watched): void {
    this.#sockets.delete(watched);
    if (this.#sockets.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const now = performance.now();
    for (const watched of this.#sockets) {
      const limit = watched.over(now, this.#idleMs, this.#requestMs);
      if (limit !== undefined) this.#giveUp(watched, limit);
    }
  }

  async #giveUp(watched: Watched, limit: Limit): Promise<void> {
    const { socket } = watched;
    watched.giveUp(limit === "idle" ? this.#idleMs : this.#requestMs);
    try {
      await this.#onTimeout(socket, limit);
    } catch (error) {
      console.error(error);
    } finally {
      socket.close();
    }
  }
}

class Watched implements Watch {
  readonly socket: TcpSocket;
  readonly #ending = new AbortController();
  readonly #server: AbortSignal;
  readonly #onAbort: () => void;
  readonly #onEnd: (watched: Watched) => void;
  readonly #since: number = performance.now();
  #active: number = this.#since;
  #traffic = -1;
  isOver = false;

  constructor(
    socket: TcpSocket,
    server: AbortSignal,
    onEnd: (watched: Watched) => void,
  ) {
    this.socket = socket;
    this.#server = server;
    this.#onEnd = onEnd;
    this.#onAbort = () => this.#ending.abort(server.reason);
    if (server.aborted) this.#onAbort();
    server.addEventListener("abort", this.#onAbort);
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Which limit is over at this time. */
  over(now: number, idleMs: number, requestMs: number): Limit | undefined {
    if (this.isOver) return undefined;
    const { received, sent } = this.socket.traffic;
    const traffic = received + sent;
    if (traffic !== this.#traffic) {
      this.#traffic = traffic;
      this.#active = now;
    }
    if (now - this.#since >= requestMs) return "request";
    return now - this.#active >= idleMs ? "idle" : undefined;
  }

  giveUp(afterMs: number): void {
    this.isOver = true;
    this.#ending.abort(
      new DOMException(
        `Cannot serve any longer: not done within ${afterMs} ms`,
        "TimeoutError",
      ),
    );
  }

  end(): void {
    this.#server.removeEventListener("abort", this.#onAbort);
    this.#onEnd(this);
  }
}

/** @throws {RangeError} If a limit is not above 0. */
export function checkPatience(options: PatienceOptions): void {
  limitOf("idleTimeoutMs", options.idleTimeoutMs);
  limitOf("requestTimeoutMs", options.requestTimeoutMs);
}

function limitOf(name: string, limitMs = Infinity): number {
  if (limitMs > 0) return limitMs;
  throw new RangeError(
    `Cannot serve: ${name} must be above 0, got ${limitMs}`,
  );
}
