import { formatAddr } from "../mux/addr.ts";
import { Source } from "../mux/source.ts";
import type { UdpSocket } from "../udp/socket.ts";
import type { LinkSocket } from "./_link.ts";

/** Octets that wait for a link that is busy; then they are lost, as always. */
const MOST_QUEUED_BYTES = 128 * 1_024;

type Received = [Uint8Array<ArrayBuffer>, Deno.NetAddr];

/**
 * One socket for any number of peers, each of which has a port of its own here,
 * and for whoever else sends something.
 *
 * A link waits for its port as for a socket. What a port cannot take at once
 * waits in a queue of its own, so that no peer holds the others up.
 */
export class SharedSocket {
  readonly #socket: UdpSocket;
  readonly #onOther: (bytes: Uint8Array, addr: Deno.NetAddr) => void;
  readonly #ports: Map<string, Port> = new Map();

  /**
   * Takes charge of a socket.
   *
   * @param socket The socket.
   * @param onOther Called with what comes from nobody who has a port; the octets
   * are a view that is valid during the call only.
   */
  constructor(
    socket: UdpSocket,
    onOther: (bytes: Uint8Array, addr: Deno.NetAddr) => void,
  ) {
    this.#socket = socket;
    this.#onOther = onOther;
  }

  /** Receives until the socket is closed. */
  async listen(): Promise<void> {
    try {
      await this.#socket.receiveWith((bytes, addr) => {
        const port = this.#ports.size > 0
          ? this.#ports.get(formatAddr(addr))
          : undefined;
        if (port === undefined) this.#onOther(bytes, addr);
        else port.push(bytes, addr);
        return undefined; // the socket goes on by itself
      });
    } catch (error) {
      if (!this.#socket.closed) throw error;
    }
  }

  /** A way to one peer, until it is closed; the socket stays open. */
  port(peer: Deno.NetAddr): LinkSocket {
    const key = formatAddr(peer);
    const port = new Port(this.#socket, () => {
      if (this.#ports.get(key) === port) this.#ports.delete(key);
    });
    this.#ports.set(key, port);
    return port;
  }

  /** Sends to anybody. */
  sendTo(data: Uint8Array, addr: Deno.NetAddr): Promise<number> {
    return this.#socket.sendTo(data, addr);
  }

  /** Closes the socket, and waits until its port is free to be bound again. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const port of this.#ports.values()) port.close();
    await this.#socket[Symbol.asyncDispose]();
  }
}

/** A peer's part of a socket. */
class Port implements LinkSocket {
  readonly #socket: UdpSocket;
  readonly #queue: Received[] = [];
  readonly #inbox: Source<Received>;
  #queuedBytes = 0;
  #wanted: ((received: Received) => void) | undefined;
  #interrupt: ((reason: Error) => void) | undefined;

  constructor(socket: UdpSocket, onClose: () => void) {
    this.#socket = socket;
    this.#inbox = new Source<Received>({
      action: "receive a datagram",
      read: () => this.#next(),
      close: () => {
        onClose();
        this.#interrupt?.(new Deno.errors.Interrupted("Closed"));
      },
    });
  }

  sendTo(
    ...args: Parameters<UdpSocket["sendTo"]>
  ): ReturnType<UdpSocket["sendTo"]> {
    return this.#socket.sendTo(...args);
  }

  receiveWith<R>(
    ...[accept, options]: Parameters<typeof UdpSocket.prototype.receiveWith<R>>
  ): Promise<R> {
    return this.#inbox.take(([data, addr]) => accept(data, addr), options);
  }

  close(): void {
    this.#inbox.close();
  }

  /** Takes a datagram in; a copy, as the socket reuses its buffer. */
  push(bytes: Uint8Array, addr: Deno.NetAddr): void {
    const wanted = this.#wanted;
    if (wanted === undefined) {
      if (this.#queuedBytes + bytes.length > MOST_QUEUED_BYTES) return;
      this.#queuedBytes += bytes.length;
      this.#queue.push([bytes.slice() as Uint8Array<ArrayBuffer>, addr]);
    } else {
      this.#wanted = undefined;
      wanted([bytes.slice() as Uint8Array<ArrayBuffer>, addr]);
    }
  }

  #next(): Promise<Received> {
    const received = this.#queue.shift();
    if (received !== undefined) {
      this.#queuedBytes -= received[0].length;
      return Promise.resolve(received);
    }
    const { promise, resolve, reject } = Promise.withResolvers<Received>();
    this.#wanted = resolve;
    this.#interrupt = reject;
    return promise;
  }
}
