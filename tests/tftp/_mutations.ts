import {
  encodeAck,
  encodeData,
  encodeError,
  encodeOack,
  encodeRequest,
} from "../../tftp/packet.ts";
import { octets } from "./_raw_peer.ts";

/** Packets that once broke a server or a client of somebody, in hexadecimal. */
export const FIXTURES: readonly Uint8Array<ArrayBuffer>[] = [
  "", // an empty datagram
  "00", // one octet: tftpy 140
  "0001", // nothing behind the opcode
  "0001000000", // no name, no mode
  "00016600", // a name and no mode: dnsmasq, CVE-2009-2958
  "0001660000", // an empty mode
  "0001666f6f006f6374657400626c6b73697a6500", // an option without a value
  "000166006f637465740000", // padding behind the mode
  "000166006f6374657400626c6b73697a6500300000", // blksize 0
  "000166006f6374657400626c6b73697a65002d3500", // blksize -5: tftpd-hpa
  "000166006f637465740077696e646f7773697a65003635353335" +
  "00626c6b73697a650036353436340074696d656f7574003100", // the most of all
  "000166006f63746574005f5f70726f746f5f5f003100", // an option __proto__
  "000166006f63746574007574696d656f7574003939393939393939393939393939393900", // CVE-2011-2199
  "0001" + "61".repeat(600) + "006f6374657400", // a long name: CVE-2008-1611
  "00012e2e2f2e2e2f6574632f706173737764006f6374657400", // ../../etc/passwd
  "0001c3280061006f6374657400", // no UTF-8
  "000300", // half a block number
  "0003ffff", // an empty block that nobody is to have
  "000400", // half an ACK
  "0005", // an error without a code
  "0005000461", // a message without its end: CVE-2019-11365
  "0006", // an OACK of nothing
  "000600", // of an empty name
  "0006626c6b73697a65003635343635007473697a65002d3100", // of nonsense
  "00ff0000", // no opcode at all
].map((hex) => Uint8Array.fromHex(hex));

const NAMES = ["f", "g", "none", "../f", "a/b", "\xff", "f".repeat(400)];
const OPTIONS = ["blksize", "windowsize", "tsize", "timeout", "rollover", "x"];
const VALUES = ["0", "1", "8", "512", "65464", "65535", "99999", "-1", "", "z"];
const MODES = ["octet", "netascii", "mail", "OCTET"];

/** Makes packets of all kinds, well-formed, damaged and random. */
export class Mutations {
  readonly #chance: () => number;

  /** @param chance Numbers from 0 up to 1. */
  constructor(chance: () => number) {
    this.#chance = chance;
  }

  /** A number from 0 up to, but not including, a limit. */
  below(limit: number): number {
    return Math.floor(this.#chance() * limit);
  }

  /** The next packet; `kinds` are opcodes to choose from. */
  next(kinds: readonly number[] = [1, 2, 3, 4, 5, 6]): Uint8Array<ArrayBuffer> {
    const dice = this.below(10);
    if (dice === 0) return this.#random();
    if (dice === 1) return this.#pick(FIXTURES);
    const packet = this.#wellFormed(this.#pick(kinds));
    return dice < 6 ? packet : this.#damage(packet);
  }

  #wellFormed(opcode: number): Uint8Array<ArrayBuffer> {
    const block = this.below(4) > 0 ? this.below(4) : this.below(65_536);
    switch (opcode) {
      case 1:
      case 2:
        return encodeRequest({
          type: opcode === 1 ? "rrq" : "wrq",
          name: octets(this.#pick(NAMES)),
          mode: this.#pick(MODES),
          options: this.#options(),
        });
      case 3:
        return encodeData(
          block,
          new Uint8Array(this.#pick([0, 7, 512, 2_000])),
        );
      case 4:
        return encodeAck(block);
      case 5:
        return encodeError(this.below(12), octets("no"));
      default:
        return encodeOack(this.#options());
    }
  }

  #options(): [string, string][] {
    return Array.from(
      { length: this.below(4) },
      () => [this.#pick(OPTIONS), this.#pick(VALUES)],
    );
  }

  #damage(packet: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const copy = packet.slice(0, this.below(packet.length + 1));
    for (let i = this.below(4); i > 0 && copy.length > 0; i--) {
      copy[this.below(copy.length)] = this.below(256);
    }
    return copy;
  }

  #random(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length: this.below(40) }, () => this.below(256));
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}
