/**
 * A socket of `node:net` as a connection of Deno, for processes: their sockets
 * come from `node:net`, because Deno cannot take one over.
 *
 * Nothing is read before the first `read()`, so that until then the socket can be
 * handed to another process with all that has arrived.
 */
import type { Socket } from "node:net";
import type { StreamConn } from "./socket.ts";

/** See the top of this file. */
export class NodeConn implements StreamConn {
  readonly remoteAddr: Deno.Addr;
  readonly localAddr: Deno.Addr;
  /** Of TCP only. */
  readonly setNoDelay?: (noDelay?: boolean) => void;
  /** Of TCP only. */
  readonly setKeepAlive?: (keepAlive?: boolean) => void;
  readonly #socket: Socket;
  /** What did not fit into the buffer of the last read. */
  #rest: Uint8Array | null = null;
  #reading = false;
  #ended = false;
  #closed = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  /**
   * @param socket Socket that nobody has read from.
   * @param listening Address of the listener that it comes from.
   * @throws {Deno.errors.NotConnected} If the client is gone already.
   */
  constructor(socket: Socket, listening: Deno.Addr) {
    this.#socket = socket;
    if (listening.transport === "tcp") {
      this.remoteAddr = addrOf(socket.remoteAddress, socket.remotePort);
      this.localAddr = addrOf(socket.localAddress, socket.localPort);
      this.setNoDelay = (noDelay) => void socket.setNoDelay(noDelay);
      this.setKeepAlive = (keepAlive) => void socket.setKeepAlive(keepAlive);
    } else {
      this.remoteAddr = this.localAddr = listening;
    }
    socket.allowHalfOpen = true;
    socket.on("error", (error) => {
      this.#error = denoErrorOf(error);
      this.#wake?.();
    });
    socket.on("close", () => this.#wake?.());
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    this.#beginToRead();
    for (;;) {
      const chunk = this.#rest ?? this.#socket.read() as Uint8Array | null;
      if (chunk !== null) return this.#fill(buffer, chunk);
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return null;
      if (this.#socket.destroyed) throw interrupted();
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Sends all, unlike a connection of Deno. */
  write(data: Uint8Array): Promise<number> {
    return this.#flushed((done) => this.#socket.write(data, done))
      .then(() => data.length);
  }

  closeWrite(): Promise<void> {
    if (this.#socket.writableFinished) return Promise.resolve();
    return this.#flushed((done) => this.#socket.end(done));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
  }

  /**
   * The socket, to be handed to another process.
   *
   * @throws {TypeError} If something may have been read already.
   */
  toHandOver(): Socket {
    if (this.#reading) {
      throw new TypeError(
        "Cannot hand over a connection: it was read from before",
      );
    }
    return this.#socket;
  }

  #beginToRead(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#socket.on("readable", () => this.#wake?.());
    this.#socket.on("end", () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  #fill(buffer: Uint8Array, chunk: Uint8Array): number {
    const count = Math.min(buffer.length, chunk.length);
    buffer.set(chunk.subarray(0, count));
    this.#rest = count < chunk.length ? chunk.subarray(count) : null;
    return count;
  }

  /** Waits until the system has taken what a function gives to the socket. */
  async #flushed(
    give: (done: (error?: Error | null) => void) => void,
  ): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    give((error) => error ? reject(denoErrorOf(error)) : resolve());
    await promise;
  }
}

function addrOf(
  hostname: string | undefined,
  port: number | undefined,
): Deno.NetAddr {
  if (hostname === undefined || port === undefined) {
    throw new Deno.errors.NotConnected("Cannot serve: the client is gone");
  }
  return { transport: "tcp", hostname, port };
}

/** The error that Deno would throw. */
function denoErrorOf(error: Error): Error {
  const { code } = error as { code?: string };
  const { message } = error;
  switch (code) {
    case "ECONNRESET":
      return new Deno.errors.ConnectionReset(message, { cause: error });
    case "EPIPE":
      return new Deno.errors.BrokenPipe(message, { cause: error });
    case "ENOTCONN":
      return new Deno.errors.NotConnected(message, { cause: error });
    case "ETIMEDOUT":
      return new Deno.errors.TimedOut(message, { cause: error });
    case "ECANCELED":
    case "ERR_STREAM_DESTROYED":
      return interrupted();
  }
  return error;
}

function interrupted(): Error {
  return new Deno.errors.Interrupted("operation canceled");
}
