import type { UdpSocket } from "../udp/socket.ts";
import { encodeText } from "./charset.ts";
import { Credit } from "./_credit.ts";
import { encodeError, type Packet } from "./packet.ts";

/** Longest text of an error packet, in characters. */
const MOST_TEXT = 200;

/** Anything that sends. */
type Way = Pick<UdpSocket, "sendTo">;

/** What is sent to clients that may not be real: no more than they are good for. */
export class Replies {
  readonly #front: Way;
  readonly #encoding: string | undefined;
  readonly #credit: Credit = new Credit();

  /**
   * @param front Socket that requests arrive at.
   * @param encoding Encoding of error texts.
   */
  constructor(front: Way, encoding: string | undefined) {
    this.#front = front;
    this.#encoding = encoding;
  }

  /**
   * Sends a packet, unless the address has used up its credit.
   *
   * @param receivedBytes Octets of the datagram that it answers.
   * @returns Whether it was sent.
   */
  send(
    packet: Uint8Array<ArrayBuffer>,
    addr: Deno.NetAddr,
    receivedBytes: number,
    from: Way = this.#front,
  ): boolean {
    const bytes = packet.length - receivedBytes;
    if (!this.#credit.spend(addr.hostname, bytes, performance.now())) {
      return false;
    }
    from.sendTo(packet, addr).catch(() => {
      // as if it had been lost on the way: nobody waits for it
    });
    return true;
  }

  /** Tells why not. */
  refuse(
    addr: Deno.NetAddr,
    wireCode: number,
    message: string,
    receivedBytes: number,
    from: Way = this.#front,
  ): void {
    const packet = encodeError(wireCode, this.#encode(message));
    this.send(packet, addr, receivedBytes, from);
  }

  /** Answers whoever sent to a port that is not for him; no error, though. */
  deny(
    packet: Packet,
    addr: Deno.NetAddr,
    receivedBytes: number,
    from: Way = this.#front,
  ): void {
    if (packet.type === "error") return;
    this.refuse(addr, 5, "Unknown transfer ID", receivedBytes, from);
  }

  /** The address has answered: it is real. */
  trust(hostname: string): void {
    this.#credit.restore(hostname);
  }

  /** Errors of hooks may hold what an encoding lacks. */
  #encode(message: string): Uint8Array {
    const text = message.replaceAll("\0", "").slice(0, MOST_TEXT);
    try {
      return encodeText(text, this.#encoding);
    } catch {
      return encodeText("Refused");
    }
  }
}
