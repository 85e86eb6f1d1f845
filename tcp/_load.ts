/**
 * Many clients that send messages and wait until they come back.
 *
 * Each has one message on its way. What comes back must be what was sent, octet by
 * octet, and no message is like the one before, on whatever connection.
 */
import { equals } from "@std/bytes";
import type { TcpSocket } from "./socket.ts";

/** What clients do. */
export interface LoadOptions {
  /** Connects one more. */
  readonly connect: () => Promise<TcpSocket>;
  /** How many there are. */
  readonly connections: number;
  /** Octets of a message. */
  readonly bytes: number;
  /** How long to go on, in milliseconds. */
  readonly durationMs: number;
  /** Ends it early; what was measured until then counts. */
  readonly signal: AbortSignal;
}

/** What was measured; times are round trips of messages, in microseconds. */
export interface LoadReport {
  readonly connections: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly messages: number;
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly worstUs: number;
  /** Messages of the connection that had the fewest, and the most. */
  readonly fewest: number;
  readonly most: number;
  /** Jain's index of fairness: 1 if all had as many, 1/n if one had all. */
  readonly jain: number;
}

/**
 * Connects all, then measures.
 *
 * @throws {Error} If something else comes back than was sent.
 */
export async function load(options: LoadOptions): Promise<LoadReport> {
  const { connections, bytes, durationMs, signal } = options;
  const clients: Client[] = [];
  try {
    while (clients.length < connections) {
      const socket = await options.connect();
      clients.push(new Client(socket, bytes, clients.length));
    }
    signal.throwIfAborted();
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), durationMs);
    const either = AbortSignal.any([over.signal, signal]);
    const start = performance.now();
    try {
      await Promise.all(clients.map((client) => client.run(either)));
    } finally {
      clearTimeout(timer);
    }
    return report(clients, bytes, (performance.now() - start) / 1_000);
  } finally {
    for (const { socket } of clients) socket.close();
  }
}

/** One connection. */
class Client {
  readonly socket: TcpSocket;
  /** How long each message took, in milliseconds. */
  readonly times: number[] = [];
  readonly #message: Uint8Array;
  readonly #number: number;

  constructor(socket: TcpSocket, bytes: number, number: number) {
    this.socket = socket;
    this.#message = noise(bytes);
    this.#number = number;
  }

  /** Goes on until the time is over, and then to the end of the message. */
  async run(over: AbortSignal): Promise<void> {
    const message = this.#message;
    while (!over.aborted) {
      message[0] = this.times.length;
      const start = performance.now();
      const coming = this.socket.receiveExactly(message.length);
      const [echoed] = await Promise.all([
        coming,
        this.socket.sendAll(message),
      ]);
      this.times.push(performance.now() - start);
      if (!equals(echoed, message)) {
        throw new Error(
          `Cannot go on: message ${this.times.length} of client ${this.#number} came back changed`,
        );
      }
    }
  }
}

/** Random octets; the system gives 64 KiB at a time. */
function noise(length: number): Uint8Array {
  const octets = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(octets.subarray(at, at + 65_536));
  }
  return octets;
}

function report(
  clients: readonly Client[],
  bytes: number,
  seconds: number,
): LoadReport {
  const counts = clients.map(({ times }) => times.length);
  const times = Float64Array.from(clients.flatMap(({ times }) => times)).sort();
  const at = (part: number) =>
    1_000 * (times[Math.ceil(part * times.length) - 1] ?? 0);
  return {
    connections: clients.length,
    bytes,
    seconds,
    messages: times.length,
    perSecond: times.length / seconds,
    p50Us: at(0.5),
    p99Us: at(0.99),
    worstUs: at(1),
    fewest: Math.min(...counts),
    most: Math.max(...counts),
    jain: jain(counts),
  };
}

/** Source: Jain, Chiu, Hawe 1984. */
function jain(counts: readonly number[]): number {
  const sum = counts.reduce((sum, n) => sum + n, 0);
  const squares = counts.reduce((sum, n) => sum + n * n, 0);
  return squares === 0 ? 1 : sum * sum / (counts.length * squares);
}
