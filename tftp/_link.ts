import { formatAddr, sameAddr } from "../mux/addr.ts";
import { MAX_DELAY_MS } from "../sync/wait_options.ts";
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

/** Options of a {@linkcode Link}. */
export interface LinkOptions {
  /**
   * What is known of the peer: all; its host, so that the first packet from
   * there tells its port, the transfer identifier; or nothing, so that the first
   * packet tells who it is.
   */
  readonly knows: "peer" | "host" | "nothing";
  /** Tells the peer and ends the transfer. */
  readonly signal: AbortSignal;
}

/** Options of {@linkcode Link.drive}. */
export interface DriveOptions {
  /**
   * Takes packets in the machine's place. Their data is a view that is valid
   * during the call only.
   */
  readonly handle?: ((packet: Packet, now: number) => void) | undefined;
  /**
   * Asked after each event, before packets are sent: whether it is enough. The
   * place to give the machine more data.
   */
  readonly until: () => boolean;
  /** Ends the drive, too, when it settles; must not reject. */
  readonly or?: Promise<void> | undefined;
}

interface Drive extends PromiseWithResolvers<void> {
  readonly machine: Machine;
  readonly options: DriveOptions;
}

/**
 * A machine's way to its peer: one socket, one peer.
 *
 * The transfer identifiers of RFC 1350 section 4 live here. A packet from anybody
 * but the peer is answered by error 5 and changes nothing; one that is malformed
 * is dropped.
 *
 * ```
 *            drive()                    enough, failure, abort, close
 *  resting ───────────► driving ──────────────────────────────────► resting
 *     │ a packet is held    │ packet: handled │ deadline: expired
 *     ▼ for the next drive  ▼ then what the machine has to send is sent
 * ```
 *
 * While it drives, a packet costs one receive and one send: no timer, no
 * listener, no promise besides.
 */
export class Link {
  readonly #socket: LinkSocket;
  readonly #signal: AbortSignal;
  #peer: Deno.NetAddr;
  #knows: LinkOptions["knows"];
  #drive: Drive | undefined;
  #held: Packet | undefined;
  #listening = false;
  #closing = false;
  #heardAt: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer rings. */
  #alarmAt = Infinity;
  #unsettled = 0;
  #settled: PromiseWithResolvers<void> | undefined;
  #sendError: unknown;

  /**
   * Takes charge of a socket.
   *
   * @param socket Socket of this transfer alone.
   * @param peer The peer, or whom to ask first.
   * @param options What is known of the peer, abort signal.
   */
  constructor(socket: LinkSocket, peer: Deno.NetAddr, options: LinkOptions) {
    this.#socket = socket;
    this.#peer = peer;
    this.#knows = options.knows;
    this.#signal = options.signal;
    this.#signal.addEventListener("abort", this.#onAbort);
  }

  /** When something last came from the peer, if ever. */
  get heardAt(): number | undefined {
    return this.#heardAt;
  }

  /** Whether `settled()` would return at once. */
  get idle(): boolean {
    return this.#unsettled === 0;
  }

  /**
   * Serves a machine: sends what it has to send, gives it what comes, and tells
   * it the time, until it has failed or it is enough.
   *
   * @param machine Whom to serve.
   * @param options When it is enough.
   * @throws The reason of the signal, what `until` or `handle` throws, or what
   * the system said about a packet.
   */
  drive(machine: Machine, options: DriveOptions): Promise<void> {
    const drive: Drive = {
      machine,
      options,
      ...Promise.withResolvers<void>(),
    };
    if (this.#signal.aborted) drive.reject(this.#signal.reason);
    else if (this.#closing) drive.reject(closed());
    else this.#begin(drive);
    return drive.promise;
  }

  /** Sends what the machine has to send. */
  flush(machine: Machine, now: number = performance.now()): void {
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

  /** Tells the peer that the transfer is over, then closes; at most once. */
  abort(wireCode: number, message: string): void {
    if (this.#closing) return;
    this.#send(encodeError(wireCode, encodeText(message)));
    this.close();
  }

  /** Closes the socket, once what was sent has left. */
  close(): void {
    this.#closing = true;
    clearTimeout(this.#timer);
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#drive?.reject(closed());
    this.#drive = undefined;
    if (this.#unsettled === 0) return this.#socket.close();
    this.#settled ??= Promise.withResolvers();
    this.#settled.promise.then(() => this.#socket.close());
  }

  #begin(drive: Drive): void {
    this.#drive = drive;
    drive.options.or?.then(() => this.#end(drive));
    this.#turn();
    const held = this.#held;
    if (held !== undefined && this.#drive === drive) {
      this.#held = undefined;
      this.#turn(held);
    }
    this.#listen();
  }

  #end(drive: Drive): void {
    if (this.#drive !== drive) return;
    this.#drive = undefined;
    drive.resolve();
  }

  /** Takes a packet in, if there is one, and does what follows from it. */
  #turn(packet?: Packet, now: number = performance.now()): void {
    const drive = this.#drive!;
    const { machine, options } = drive;
    try {
      if (packet !== undefined) {
        if (options.handle === undefined) machine.handle(packet, now);
        else options.handle(packet, now);
      }
      const enough = machine.failure !== undefined || options.until();
      this.flush(machine, now);
      if (enough || machine.failure !== undefined) this.#end(drive);
      else this.#setAlarm(machine.deadline, now);
    } catch (error) {
      this.#drive = undefined;
      drive.reject(error);
    }
  }

  /** One receive stays outstanding, also while nobody drives. */
  #listen(): void {
    if (this.#listening || this.#closing || this.#held !== undefined) return;
    this.#listening = true;
    this.#socket.receiveWith(this.#onDatagram).catch((error) => {
      this.#listening = false;
      this.#drive?.reject(error);
      this.#drive = undefined;
    });
  }

  /** Declines what it has dealt with, so that the socket goes on by itself. */
  readonly #onDatagram = (
    bytes: Uint8Array,
    addr: Deno.NetAddr,
  ): true | undefined => {
    const packet = this.#identify(bytes, addr);
    if (packet === undefined) return undefined;
    const now = performance.now();
    this.#heardAt = now;
    if (this.#drive !== undefined) return void this.#turn(packet, now);
    this.#held = decodePacket(bytes.slice()); // the rest waits in the system
    this.#listening = false; // now: a drive may begin before the promise settles
    return true;
  };

  readonly #onAbort = (): void => {
    const drive = this.#drive;
    this.#drive = undefined;
    this.abort(0, "Transfer aborted");
    drive?.reject(this.#signal.reason);
  };

  /** A timer that is set already and not too late is left alone. */
  #setAlarm(at: number, now: number): void {
    if (at >= this.#alarmAt) return;
    clearTimeout(this.#timer);
    this.#alarmAt = at;
    const delayMs = Math.max(Math.ceil(at - now), 0);
    this.#timer = setTimeout(this.#onAlarm, Math.min(delayMs, MAX_DELAY_MS));
  }

  readonly #onAlarm = (): void => {
    this.#alarmAt = Infinity;
    const drive = this.#drive;
    if (drive === undefined) return;
    if (this.#sendError !== undefined) {
      this.#drive = undefined;
      return drive.reject(this.#whySent());
    }
    const now = performance.now();
    if (now >= drive.machine.deadline) drive.machine.expire(now);
    this.#turn(undefined, now);
  };

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

  #whySent(): Error {
    const { message } = this.#sendError as Error;
    const cause = this.#sendError;
    const to = formatAddr(this.#peer);
    return new Error(`Cannot send to ${to}: ${message}`, { cause });
  }

  /** The packet, if it is well-formed and from the peer. */
  #identify(bytes: Uint8Array, addr: Deno.NetAddr): Packet | undefined {
    let packet: Packet;
    try {
      packet = decodePacket(bytes);
    } catch {
      return undefined; // malformed: as if it had been lost
    }
    if (!this.#isPeer(addr)) {
      if (packet.type !== "error") this.#refuse(addr);
      return undefined;
    }
    if (this.#knows !== "peer") {
      this.#peer = addr;
      this.#knows = "peer";
    }
    return packet;
  }

  #isPeer(addr: Deno.NetAddr): boolean {
    if (this.#knows === "peer") return sameAddr(addr, this.#peer);
    const { hostname } = this.#peer;
    return this.#knows === "nothing" ||
      sameAddr(addr, { hostname, port: addr.port });
  }

  #refuse(stranger: Deno.NetAddr): void {
    this.#socket.sendTo(UNKNOWN_TRANSFER_ID, stranger).catch(() => {
      // nobody waits for it, and the transfer does not depend on it
    });
  }
}

function closed(): Error {
  return new Deno.errors.Interrupted("Cannot go on: the transfer was closed");
}
