import { isIP } from "node:net";
import {
  formatAddr,
  type HostPort,
  normalizeHostname,
  resolveHost,
  sameAddr,
} from "../mux/addr.ts";
import { type Readiness, readiness, type Watchable } from "../mux/readiness.ts";
import { Source } from "../mux/source.ts";
import type { WaitOptions } from "../sync/wait_options.ts";
import { type Datagram, Datagrams } from "./_datagrams.ts";
import {
  joinMulticast,
  type MulticastMembership,
  type MulticastOptions,
} from "./_multicast.ts";
import { familyOf, isPort, netAddr, resolveAddr } from "./_net_addr.ts";
import { open, type UdpBindOptions } from "./_open.ts";
import { request, type RequestOptions } from "./_request.ts";

export type {
  Datagram,
  MulticastMembership,
  MulticastOptions,
  RequestOptions,
  UdpBindOptions,
};

/** Most bytes that one datagram carries over IPv4. */
export const MAX_DATAGRAM_BYTES = 65_507;

/** Options of {@linkcode UdpSocket.receive}. */
export interface ReceiveOptions extends WaitOptions {
  /** Most bytes to keep of the datagram. Default: all. */
  maxBytes?: number | undefined;
}

/** Options of {@linkcode UdpSocket.broadcast}. */
export interface BroadcastOptions {
  /**
   * Broadcast address. Default: `"255.255.255.255"`, the network of this host.
   */
  hostname?: string | undefined;
}

/**
 * A UDP socket that loses nothing to a timeout.
 *
 * Any number of callers may wait at once: they are served in the order in which
 * they came, and one that gives up takes nothing with it (see
 * {@linkcode Source}). A socket that is bound to an IPv6 address by `"::"` also
 * hears IPv4 and shows those peers in the usual dotted form.
 *
 * Source: RFC 768; POSIX `sendto`, `recvfrom`.
 *
 * @example Answer one datagram
 * ```ts
 * import { UdpSocket } from "@lockstep/lockstep/udp";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = UdpSocket.bind();
 * await using client = UdpSocket.bind();
 *
 * await client.sendTo(new TextEncoder().encode("hi"), server.localAddr);
 * const { data, addr } = await server.receive({ timeoutMs: 1_000 });
 * assertEquals(new TextDecoder().decode(data), "hi");
 * assertEquals(addr.port, client.localAddr.port);
 * ```
 */
export class UdpSocket implements Watchable, AsyncIterable<Datagram> {
  /** Address and port that the socket is bound to. */
  readonly localAddr: Deno.NetAddr;
  readonly #conn: Deno.DatagramConn;
  readonly #inbox: Source<Received>;
  readonly #dualStack: boolean;
  #peer: Deno.NetAddr | undefined;

  /**
   * Adopts a socket that was opened by `Deno.listenDatagram()`; from now on
   * nobody else may receive from it or close it.
   *
   * @param conn The socket.
   */
  constructor(conn: Deno.DatagramConn) {
    const buffer = new Uint8Array(65_536); // longer than any datagram
    this.#conn = conn;
    this.localAddr = conn.addr as Deno.NetAddr;
    this.#dualStack = this.localAddr.hostname.includes(":");
    this.#inbox = new Source({
      action: "receive a datagram",
      read: () => conn.receive(buffer) as Promise<Received>,
      close: () => conn.close(),
      writable: true,
    });
  }

  /** What is ready: a datagram to receive; sending always is. */
  get [readiness](): Readiness {
    return this.#inbox;
  }

  /**
   * Opens a socket.
   *
   * @param options Address, port and sharing.
   * @returns The socket, bound.
   * @throws {TypeError} If Deno runs without `--unstable-net`.
   * @throws {Deno.errors.AddrInUse} If the port is taken.
   * @throws {Deno.errors.NotCapable} If `--allow-net` does not cover it.
   */
  static bind(options: UdpBindOptions = {}): UdpSocket {
    return new UdpSocket(open(options));
  }

  /** Whether a datagram is here already. */
  get readable(): boolean {
    return this.#inbox.readable;
  }

  /** Whether the socket is closed. */
  get closed(): boolean {
    return this.#inbox.closed;
  }

  /** The only peer that is heard, after {@linkcode connect}. */
  get remoteAddr(): Deno.NetAddr | undefined {
    return this.#peer;
  }

  /**
   * Sends one datagram.
   *
   * There is no abort: what was handed to the system cannot be taken back. A
   * host name is looked up by every call; {@linkcode resolveHost} does it once.
   *
   * @param data What to send; must not change until the promise settles.
   * @param addr Where to. To answer, pass the `addr` of the datagram received.
   * @returns The number of bytes sent: all.
   * @throws {RangeError} If `data` is longer than 65,507 bytes, or the port is
   * not 1 to 65535.
   * @throws {Deno.errors.BadResource} If the socket is closed.
   */
  sendTo(data: Uint8Array, addr: HostPort | Deno.NetAddr): Promise<number> {
    if (data.length > MAX_DATAGRAM_BYTES) {
      return Promise.reject(
        new RangeError(
          `Cannot send ${data.length} bytes to ${formatAddr(addr)}: ` +
            `a datagram carries at most ${MAX_DATAGRAM_BYTES}`,
        ),
      );
    }
    return "transport" in addr && isPort(addr.port)
      ? this.#conn.send(data, addr) // an answer: no detour
      : this.#sendToHost(data, addr);
  }

  /**
   * Sends one datagram to the connected peer.
   *
   * @param data What to send; must not change until the promise settles.
   * @returns The number of bytes sent: all.
   * @throws {TypeError} If {@linkcode connect} was not called.
   * @throws {RangeError} If `data` is longer than 65,507 bytes.
   */
  send(data: Uint8Array): Promise<number> {
    if (this.#peer === undefined) {
      return Promise.reject(
        new TypeError("Cannot send: the socket is not connected, use sendTo()"),
      );
    }
    return this.sendTo(data, this.#peer);
  }

  /**
   * Waits for the next datagram.
   *
   * If aborted or timed out, no datagram is lost: the next call gets it.
   *
   * @param options Timeout, abort signal, limit of length.
   * @returns The datagram; `data` is a copy that belongs to the caller.
   * @throws {Deno.errors.BadResource} If the socket is closed.
   * @throws {Deno.errors.Interrupted} If it is closed while waiting.
   * @throws {DOMException} `TimeoutError` after `timeoutMs`.
   * @throws {RangeError} If `maxBytes` is negative or not a number.
   */
  receive(options?: ReceiveOptions): Promise<Datagram> {
    const maxBytes = options?.maxBytes ?? Infinity;
    if (!(maxBytes >= 0)) {
      return Promise.reject(
        new RangeError(
          `Cannot receive a datagram: maxBytes must be 0 or more, got ${maxBytes}`,
        ),
      );
    }
    return this.#inbox.take((r) => this.#copy(r, maxBytes), options);
  }

  /**
   * Waits for the next datagram and puts it into the caller's buffer.
   *
   * If aborted or timed out, no datagram is lost and the buffer is untouched.
   *
   * @param buffer Where to put it. What does not fit is dropped, and
   * `truncated` says so.
   * @param options Timeout and abort signal.
   * @returns The datagram; `data` is a view of `buffer`.
   * @throws As {@linkcode receive}.
   */
  receiveInto(
    buffer: Uint8Array<ArrayBuffer>,
    options?: WaitOptions,
  ): Promise<Datagram> {
    return this.#inbox.take((received) => {
      const [bytes, addr] = received;
      if (!this.#hears(addr)) return undefined;
      const truncated = bytes.length > buffer.length;
      buffer.set(truncated ? bytes.subarray(0, buffer.length) : bytes);
      const data = buffer.subarray(0, bytes.length);
      return { data, addr: this.#shown(addr), truncated };
    }, options);
  }

  /**
   * Waits for a datagram that a function accepts, without a copy.
   *
   * The fast form for protocols: read the view and return a result, or return
   * `undefined` to leave the datagram to whoever waits next; if nobody does, it
   * is dropped. If aborted or timed out, the function was not called.
   *
   * @param accept Called with a view of the socket's own buffer, which is valid
   * during the call only.
   * @param options Timeout and abort signal.
   * @returns What `accept` returned.
   * @throws As {@linkcode receive}, and what `accept` throws.
   */
  receiveWith<R>(
    accept: (
      data: Uint8Array<ArrayBuffer>,
      addr: Deno.NetAddr,
    ) => R | undefined,
    options?: WaitOptions,
  ): Promise<R> {
    return this.#inbox.take(
      ([data, addr]) =>
        this.#hears(addr) ? accept(data, this.#shown(addr)) : undefined,
      options,
    );
  }

  /**
   * Takes a datagram if one is here, and never waits.
   *
   * The first call on a quiet socket starts to listen, so a later one can
   * succeed once the event loop has turned.
   *
   * @returns The datagram, or `undefined`: it would have to wait.
   * @throws {Deno.errors.BadResource} If the socket is closed.
   */
  tryReceive(): Datagram | undefined {
    return this.#inbox.tryTake((received) => this.#copy(received, Infinity));
  }

  /**
   * Hears only this peer from now on; what others send is dropped.
   *
   * The name is looked up once. Nothing is sent. Unlike a connected socket of
   * the system, an unreachable peer is not reported: it just does not answer.
   *
   * @param addr The peer.
   * @param options Timeout and abort signal of the look-up; if it ends so,
   * everybody is heard as before.
   * @throws {Error} If the name has no address of the socket's family.
   * @throws {RangeError} If the port is not 1 to 65535.
   */
  async connect(addr: HostPort, options?: WaitOptions): Promise<void> {
    const family = familyOf(this.localAddr);
    this.#peer = await resolveAddr("connect to", addr, { ...options, family });
  }

  /**
   * Sends a question and waits for its answer, sending again while none comes.
   *
   * Only a datagram from `addr` that satisfies `match` is the answer. Others go
   * to whoever waits on this socket besides; if nobody does, they are dropped. A
   * plain {@linkcode receive} that was there before comes first, as always.
   * Several requests may wait at once. If aborted or timed out, the question
   * may have been sent, and a late answer is treated like any other datagram.
   *
   * @param data The question; must not change until the promise settles.
   * @param addr Whom to ask; a name is looked up once.
   * @param options Retries, first wait, match; `timeoutMs` limits the whole.
   * @returns The answer; `data` is a copy that belongs to the caller.
   * @throws {DOMException} `TimeoutError` if no answer came.
   * @throws {RangeError} If an option or the port is out of range.
   * @throws {TypeError} If the socket is connected to another address, whose
   * answers alone it would hear.
   */
  request(
    data: Uint8Array,
    addr: HostPort,
    options: RequestOptions = {},
  ): Promise<Datagram> {
    return request(this, { data, addr }, options);
  }

  /**
   * Sends one datagram to every host of the network.
   *
   * @param data What to send; must not change until the promise settles.
   * @param port Port of the receivers.
   * @param options Broadcast address.
   * @returns The number of bytes sent: all.
   * @throws As {@linkcode sendTo}.
   */
  broadcast(
    data: Uint8Array,
    port: number,
    options: BroadcastOptions = {},
  ): Promise<number> {
    const { hostname = "255.255.255.255" } = options;
    return this.sendTo(data, { hostname, port });
  }

  /**
   * Joins a multicast group: what is sent to it arrives here too.
   *
   * The interface that own multicasts leave by is the one whose address the
   * socket is bound to. Source: RFC 1112 (IPv4), RFC 3810 (IPv6).
   *
   * @param group Address of the group, 224.0.0.0/4 or ff00::/8.
   * @param options Time to live, loopback, interface.
   * @returns The membership, to leave the group by.
   * @throws {RangeError} If `ttl` is not 1 to 255, or given for IPv6.
   */
  async joinMulticast(
    group: string,
    options?: MulticastOptions,
  ): Promise<MulticastMembership> {
    let left: Promise<void> | undefined;
    const leaveNow = await joinMulticast(this.#conn, group, options);
    const leave = async () => {
      if (!this.closed) await (left ??= leaveNow());
    };
    return { leave, [Symbol.asyncDispose]: leave };
  }

  /**
   * Closes the socket; who waits is rejected with `Interrupted`. Closing twice
   * does nothing.
   */
  close(): void {
    this.#inbox.close();
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes, and waits until the port is free to be bound again. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#inbox[Symbol.asyncDispose]();
  }

  /**
   * Datagrams as they come, until the socket is closed.
   *
   * Leaving the loop, or `return()` at any time, loses no datagram and leaves
   * the socket open.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Datagram, void, void> {
    return new Datagrams(this);
  }

  async #sendToHost(data: Uint8Array, addr: HostPort): Promise<number> {
    const to = netAddr("send to", addr);
    try {
      return await this.#conn.send(data, to);
    } catch (error) {
      if (isIP(to.hostname) !== 0) throw error;
      const family = familyOf(this.localAddr);
      await resolveHost(to.hostname, { family }); // tells the name
      throw error;
    }
  }

  #hears(addr: Deno.NetAddr): boolean {
    return this.#peer === undefined || sameAddr(addr, this.#peer);
  }

  /** The address as users see it: IPv4 peers of a dual-stack socket dotted. */
  #shown(addr: Deno.NetAddr): Deno.NetAddr {
    if (!this.#dualStack) return addr;
    return { ...addr, hostname: normalizeHostname(addr.hostname) };
  }

  #copy(received: Received, maxBytes: number): Datagram | undefined {
    const [bytes, addr] = received;
    if (!this.#hears(addr)) return undefined;
    return {
      data: bytes.slice(0, Math.min(bytes.length, maxBytes)),
      addr: this.#shown(addr),
      truncated: bytes.length > maxBytes,
    };
  }
}

type Received = [Uint8Array<ArrayBuffer>, Deno.NetAddr];
