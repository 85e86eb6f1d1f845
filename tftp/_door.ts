import { formatAddr, sameAddr } from "../mux/addr.ts";
import type { UdpSocket } from "../udp/socket.ts";
import { allowFrom } from "./_allow_from.ts";
import type { Catalog } from "./_catalog.ts";
import { OWN_SOCKETS } from "./_defaults.ts";
import { TftpError } from "./error.ts";
import { errorOf, type Failure, failureOf } from "./_failure.ts";
import { type Agreed, dismiss, type Guest } from "./_guest.ts";
import type { House } from "./_house.ts";
import { invite } from "./_invite.ts";
import { pack, unpack } from "./_packed.ts";
import {
  decodePacket,
  OPCODE,
  type Packet,
  type RequestPacket,
} from "./packet.ts";
import { Replies } from "./_replies.ts";
import { Report } from "./_report.ts";
import { asTftpError } from "./_root.ts";
import type { TftpServerOptions } from "./server_options.ts";
import { SharedSocket } from "./_shared_socket.ts";
import { bindTransfer } from "./_transfer_socket.ts";
import { type Visitor, Visitors } from "./_visitors.ts";

/**
 * Where requests arrive: everything between a datagram from anybody and a
 * transfer with a client that is real.
 *
 * ```
 *  request ──► found ──► first packet sent ──► answered: a transfer
 *     │          │               │
 *     ▼          ▼               ├──► repeated, twice at most ──► forgotten
 *  ignored    refused            └──► displaced by newer ones ──► forgotten
 * ```
 *
 * A half-open session is no transfer: no file is open, no window allocated. The
 * first of them have a socket each, as RFC 1350 wants it; when they are many, or
 * the server has a single port, they share one.
 */
export class Door {
  readonly #server: TftpServerOptions;
  readonly #catalog: Catalog;
  readonly #house: House;
  readonly #isAllowed: ((hostname: string) => boolean) | undefined;
  readonly #replies: Replies;
  /** Socket that requests arrive at. */
  readonly #front: SharedSocket;
  /** Socket of transfers that have none of their own. */
  #hall: SharedSocket | undefined;
  readonly #visitors: Visitors = new Visitors(
    (visitor, now) => this.#due(visitor, now),
    () => this.#checkEmpty(),
  );
  #stopped = false;
  readonly #emptied: PromiseWithResolvers<void> = Promise.withResolvers();

  /** Takes charge of the listening socket. */
  constructor(
    socket: UdpSocket,
    server: TftpServerOptions,
    catalog: Catalog,
    house: House,
  ) {
    this.#server = server;
    this.#catalog = catalog;
    this.#house = house;
    this.#isAllowed = server.allowFrom && allowFrom(server.allowFrom);
    this.#front = new SharedSocket(socket, (b, a) => this.#arrived(b, a));
    this.#replies = new Replies(this.#front, server.encoding);
    if (server.singlePort) this.#hall = this.#front;
  }

  /** Clients that have asked and were not heard since. */
  get pending(): number {
    return this.#visitors.size;
  }

  /** Receives until it is closed. */
  listen(): Promise<void> {
    return this.#front.listen();
  }

  /** Takes no more requests. */
  stop(): void {
    this.#stopped = true;
    this.#checkEmpty();
  }

  /** Waits until everybody who has asked has answered, or is forgotten. */
  async emptied(): Promise<void> {
    await this.#emptied.promise;
  }

  /** Closes the sockets; transfers that share one must have ended. */
  async close(): Promise<void> {
    this.#stopped = true;
    this.#visitors.clear();
    await this.#front[Symbol.asyncDispose]();
    await this.#hall?.[Symbol.asyncDispose]();
  }

  /** Takes a datagram that is no transfer's; a view. */
  #arrived(bytes: Uint8Array, addr: Deno.NetAddr): void {
    const key = formatAddr(addr);
    const visitor = this.#visitors.get(key);
    if (this.#stopped && visitor === undefined) return;
    const { singlePort = false } = this.#server;
    let packet: Packet;
    try {
      packet = decodePacket(bytes);
    } catch {
      const silent = bytes.length < 4 || bytes[1] === OPCODE.ERROR;
      if (!silent) {
        this.#replies.refuse(addr, 4, "Malformed packet", bytes.length);
      }
      return;
    }
    if (packet.type !== "rrq" && packet.type !== "wrq") {
      if (singlePort && visitor !== undefined) this.#heard(visitor, packet);
      else if (singlePort) this.#replies.deny(packet, addr, bytes.length);
      else if (packet.type !== "error") {
        this.#replies.refuse(addr, 4, "Illegal TFTP operation", bytes.length);
      }
      return;
    }
    if (this.#stopped) return;
    if (visitor !== undefined) {
      if (pack(bytes) === visitor.request) return; // is being answered
      this.#visitors.forget(visitor);
    }
    if (this.#house.answers(key, bytes)) return;
    this.#house.supersede(key);
    if (!this.#house.hasRoom(addr.hostname)) return; // it will ask again
    this.#welcome(packet, key, pack(bytes), addr);
  }

  /** Never rejects. */
  async #welcome(
    packet: RequestPacket,
    key: string,
    request: string,
    addr: Deno.NetAddr,
  ): Promise<void> {
    const askedAt = performance.now();
    const visitor: Visitor = {
      key,
      addr,
      request,
      askedAt,
      guest: undefined,
      socket: undefined,
    };
    this.#visitors.add(visitor);
    try {
      if (this.#isAllowed?.(addr.hostname) === false) {
        throw new TftpError("access-violation", "Not allowed from here");
      }
      const guest = await invite(packet, addr, this.#server, this.#catalog);
      if (this.#visitors.has(visitor)) this.#seat(visitor, guest);
      else dismiss(guest);
    } catch (error) {
      if (!this.#visitors.has(visitor)) return;
      this.#visitors.forget(visitor);
      this.#turnAway(packet, visitor, error);
    }
  }

  /** Sends the first packet. */
  #seat(visitor: Visitor, guest: Guest): void {
    visitor.guest = guest;
    const own = this.#visitors.sockets < OWN_SOCKETS &&
      !this.#server.singlePort;
    if (own) this.#giveSocket(visitor);
    else this.#hall ??= this.#openHall();
    this.#serve(visitor, performance.now(), visitor.request.length);
  }

  #giveSocket(visitor: Visitor): void {
    const { hostname, portRange } = this.#server;
    const socket = bindTransfer(hostname, portRange);
    this.#visitors.give(visitor, socket);
    socket.receiveWith((bytes, addr) => {
      const packet = wellFormed(bytes);
      if (packet === undefined) return undefined;
      if (sameAddr(addr, visitor.addr)) this.#heard(visitor, packet);
      else this.#replies.deny(packet, addr, bytes.length, socket);
      return this.#visitors.has(visitor) ? undefined : true;
    }).catch(() => {
      // closed: the client is forgotten
    });
  }

  #openHall(): SharedSocket {
    const { hostname, portRange } = this.#server;
    const socket = bindTransfer(hostname, portRange);
    const hall = new SharedSocket(socket, (bytes, addr) => {
      const visitor = this.#visitors.get(formatAddr(addr));
      const packet = wellFormed(bytes);
      if (packet === undefined) return;
      if (visitor !== undefined && visitor.socket === undefined) {
        this.#heard(visitor, packet);
      } else this.#replies.deny(packet, addr, bytes.length, hall);
    });
    hall.listen().catch((error) => this.#house.onError(error));
    return hall;
  }

  /** Sends our first packet, if the address is good for it. */
  #serve(visitor: Visitor, now: number, receivedBytes: number): void {
    const { guest, addr } = visitor;
    const from = visitor.socket ?? this.#hall!;
    const packet = guest!.next(now);
    const sent = this.#replies.send(packet, addr, receivedBytes, from);
    if (sent) this.#visitors.wakeAt(guest!.deadline);
    else this.#visitors.forget(visitor);
  }

  #due(visitor: Visitor, now: number): void {
    const guest = visitor.guest!;
    if (guest.repeat()) this.#serve(visitor, now, 0);
    else this.#leave(visitor, guest.silence);
  }

  #heard(visitor: Visitor, packet: Packet): void {
    const { guest, addr } = visitor;
    if (guest === undefined) return; // from a port that has sent nothing yet
    if (!guest.isAnswer(packet)) return;
    this.#replies.trust(addr.hostname);
    if (packet.type === "error") this.#leave(visitor, failureOf(packet));
    else this.#admit(visitor, guest.agree(packet, performance.now()));
  }

  #admit(visitor: Visitor, agreed: Agreed): void {
    const { addr, askedAt } = visitor;
    if (!this.#house.hasRoom(addr.hostname)) {
      return this.#visitors.forget(visitor);
    }
    this.#visitors.release(visitor);
    const socket = visitor.socket ?? this.#hall!.port(addr);
    const request = unpack(visitor.request);
    const packet = decodePacket(request) as RequestPacket;
    const report = new Report(packet, addr, this.#server);
    this.#house.admit(
      { agreed, packet, request, addr, socket, report, askedAt },
    );
  }

  /** The client wants no more, or is silent. */
  #leave(visitor: Visitor, failure: Failure): void {
    const { addr, request } = visitor;
    this.#visitors.forget(visitor);
    const packet = decodePacket(unpack(request)) as RequestPacket;
    const report = new Report(packet, addr, this.#server);
    if (packet.type === "rrq" && failure.code === "option-refused") {
      this.#house.onProbe(report); // tsize, then error 8: RFC 2349's way
    } else {
      const { encoding } = this.#server;
      const error = errorOf(failure, report.action, "client", encoding);
      this.#house.onFailure(report, error);
    }
  }

  #checkEmpty(): void {
    if (this.#stopped && this.#visitors.size === 0) this.#emptied.resolve();
  }

  /** Tells the client why not. */
  #turnAway(packet: RequestPacket, visitor: Visitor, error: unknown): void {
    const { addr, request } = visitor;
    const known = asTftpError(error);
    this.#replies.refuse(addr, known.wireCode, known.message, request.length);
    const report = new Report(packet, addr, this.#server);
    const message = `${report.action}: ${known.message}`;
    const reported = new TftpError(known.code, message, { cause: error });
    this.#house.onFailure(report, reported);
    const ours = known.cause !== undefined && known.code === "undefined";
    if (ours) this.#house.onError(error);
  }
}

function wellFormed(bytes: Uint8Array): Packet | undefined {
  try {
    return decodePacket(bytes);
  } catch {
    return undefined; // as if it had been lost
  }
}
