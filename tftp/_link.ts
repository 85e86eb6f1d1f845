import { formatAddr, sameAddr } from "../mux/addr.ts";
import { isTimeout } from "../sync/wait_options.ts";
import type { UdpSocket } from "../udp/socket.ts";
import { encodeText } from "./charset.ts";
import type { Machine } from "./_machine.ts";
import { decodePacket, encodeError, type Packet } from "./packet.ts";

const UNKNOWN_TRANSFER_ID: Uint8Array<ArrayBuffer> = encodeError(
  5,
  encodeText("Unknown transfer ID"),
);

/** The part of a {@linkcode UdpSocket} that a link uses. */
export type LinkSocket = Pick<UdpSocket, "sendTo" | "receiveWith" | "close">;

/** Why a wait ended that was worth to end. */
const ENOUGH = Symbol("enough");

/** Options of {@linkcode Link.step}. */
export interface StepOptions {
  readonly handle?: (packet: Packet, now: number) => void;
  /** Must not reject. */
  readonly until?: Promise<void> | undefined;
}

/**
 * A machine's way to its peer: one socket, one peer.
 *
 * The transfer identifiers of RFC 1350 section 4 live here. A server's link knows
 * its peer; a client's knows the host only and takes the port of the first
 * reply. A packet from anybody else is answered by error 5 and changes nothing;
 * one that is malformed is dropped.
 */
export class Link {
  readonly #socket: LinkSocket;
  readonly #signal: AbortSignal;
  readonly #onAbort: () => void;
  #peer: Deno.NetAddr;
  #identified: boolean;
  #heardAt: number | undefined;
  #closing = false;
  #unsettled = 0;
  #settled: PromiseWithResolvers<void> | undefined;
  #sendError: unknown;

  /**
   * Takes charge of a socket.
   *
   * @param socket Socket of this transfer alone.
   * @param peer The peer, or whom to ask first.
   * @param options `identified`: whether the peer's port is its transfer
   * identifier already. `signal`: tells the peer and ends the transfer.
   */
  constructor(
    socket: LinkSocket,
    peer: Deno.NetAddr,
    options: { identified: boolean; signal: AbortSignal },
  ) {
    this.#socket = socket;
    this.#peer = peer;
    this.#identified = options.identified;
    this.#signal = options.signal;
    this.#onAbort = () => this.abort(0, "Transfer aborted");
    this.#signal.addEventListener("abort", this.#onAbort);
  }

  /** When something last came from the peer, if ever. */
  get heardAt(): number | undefined {
    return this.#heardAt;
  }

  /**
   * Sends what the machine has to send, then waits until a packet was handed to
   * it, its deadline has passed, or something else is worth a look.
   *
   * @param machine Whom to serve.
   * @param options `handle`: called with each packet, whose data is a view that
   * is valid during the call only; default: the machine's own. `until`: ends the
   * wait, too.
   * @throws The reason of the signal, or what the system said about a packet.
   */
  async step(machine: Machine, options: StepOptions = {}): Promise<void> {
    this.flush(machine);
    this.#signal.throwIfAborted();
    if (machine.failure !== undefined) return;
    const { handle, until } = options;
    if (until === undefined) {
      return await this.#wait(machine, handle, this.#signal);
    }
    const enough = new AbortController();
    const signal = AbortSignal.any([this.#signal, enough.signal]);
    until.then(() => enough.abort(ENOUGH));
    try {
      await this.#wait(machine, handle, signal);
    } catch (error) {
      if (error !== ENOUGH) throw error;
    }
  }

  /** Sends what the machine has to send. */
  flush(machine: Machine): void {
    const now = performance.now();
    for (
      let packet = machine.next(now);
      packet !== undefined;
      packet = machine.next(now)
    ) this.#send(packet);
  }

  /** Waits until everything that was sent has left, so that buffers may change. */
  async settled(): Promise<void> {
    if (this.#unsettled === 0) return;
    this.#settled ??= Promise.withResolvers();
    await this.#settled.promise;
  }

  /** Whether `settled()` would return at once. */
  get idle(): boolean {
    return this.#unsettled === 0;
  }

  /** Tells the peer that the transfer is over, then closes; at most once. */
  abort(wireCode: number, message: string): void {
    if (this.#closing) return;
    this.#send(encodeError(wireCode, encodeText(message)));
    this.close();
  }

  /** Closes the socket, once what was sent has left. */
  close(): void {
    this.#closing = true;
    this.#signal.removeEventListener("abort", this.#onAbort);
    if (this.#unsettled === 0) return this.#socket.close();
    this.#settled ??= Promise.withResolvers();
    this.#settled.promise.then(() => this.#socket.close());
  }

  async #wait(
    machine: Machine,
    handle: StepOptions["handle"],
    signal: AbortSignal,
  ): Promise<void> {
    const timeoutMs = Math.max(machine.deadline - performance.now(), 0);
    try {
      await this.#socket.receiveWith((bytes, addr) => {
        const packet = this.#identify(bytes, addr);
        if (packet === undefined) return undefined;
        const now = performance.now();
        this.#heardAt = now;
        if (handle === undefined) machine.handle(packet, now);
        else handle(packet, now);
        return true;
      }, { timeoutMs, signal });
    } catch (error) {
      if (!isTimeout(error, this.#signal)) throw error;
      this.#throwSendError();
      machine.expire(performance.now());
    }
  }

  #send(packet: Uint8Array<ArrayBuffer>): void {
    this.#unsettled++;
    this.#socket.sendTo(packet, this.#peer).then(
      this.#onSent,
      this.#onSendError,
    );
  }

  readonly #onSent = (): void => {
    if (--this.#unsettled > 0) return;
    this.#settled?.resolve();
    this.#settled = undefined;
  };

  readonly #onSendError = (error: unknown): void => {
    this.#sendError ??= error;
    this.#onSent();
  };

  #throwSendError(): void {
    if (this.#sendError === undefined) return;
    const { message } = this.#sendError as Error;
    throw new Error(`Cannot send to ${formatAddr(this.#peer)}: ${message}`, {
      cause: this.#sendError,
    });
  }

  /** The packet, if it is well-formed and from the peer. */
  #identify(bytes: Uint8Array, addr: Deno.NetAddr): Packet | undefined {
    const known = this.#identified
      ? sameAddr(addr, this.#peer)
      : sameAddr(addr, { hostname: this.#peer.hostname, port: addr.port });
    let packet: Packet;
    try {
      packet = decodePacket(bytes);
    } catch {
      return undefined; // malformed: as if it had been lost
    }
    if (!known) {
      if (packet.type !== "error") this.#refuse(addr);
      return undefined;
    }
    if (!this.#identified) {
      this.#peer = addr;
      this.#identified = true;
    }
    return packet;
  }

  #refuse(stranger: Deno.NetAddr): void {
    this.#socket.sendTo(UNKNOWN_TRANSFER_ID, stranger).catch(() => {
      // nobody waits for it, and the transfer does not depend on it
    });
  }
}
