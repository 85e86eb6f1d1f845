/*
 * What travels in a handshake.
 *
 *            1 octet    4 octets, big-endian
 *           +--------+----------+
 * offer     | 05 ENQ |  length  |     may I send so many octets?
 *           +--------+----------+
 * accept    | 06 ACK |                yes
 *           +--------+
 * refuse    | 15 NAK |                no
 *           +--------+-----------+
 * payload   | 02 STX |  octets   |    as many as were accepted
 *           +--------+-----------+
 */
import { Collector } from "./_collector.ts";
import { Input } from "./_input.ts";
import { type LengthField, readLength, writeLength } from "./_length_field.ts";
import { parts } from "./_parts.ts";
import { FrameError } from "./frame_error.ts";
import type { FrameDecoder, FrameEncoding } from "./framing.ts";
import { UnexpectedEofError } from "./unexpected_eof.ts";

/** One step of a handshake. */
export type Step =
  | { readonly type: "offer"; readonly length: number }
  | { readonly type: "accept" }
  | { readonly type: "refuse" }
  | { readonly type: "payload"; readonly payload: Uint8Array };

const ENQ = 0x05;
const ACK = 0x06;
const NAK = 0x15;
const STX = 0x02;

const LENGTH: LengthField = { bytes: 4, endian: "big" };

/** Writes steps. */
export const stepEncoding: FrameEncoding<Step> = {
  encode(step) {
    switch (step.type) {
      case "accept":
        return [new Uint8Array([ACK])];
      case "refuse":
        return [new Uint8Array([NAK])];
      case "payload":
        return parts(new Uint8Array([STX]), step.payload);
      case "offer": {
        const offer = new Uint8Array(1 + LENGTH.bytes);
        offer[0] = ENQ;
        writeLength(offer, 1, LENGTH, step.length);
        return [offer];
      }
    }
  },
};

/** Reads steps; of a payload nothing is kept unless it was accepted. */
export class StepDecoder implements FrameDecoder<Step> {
  readonly #accepted: () => number | undefined;
  readonly #input = new Input();
  readonly #collector = new Collector();
  /** First octet of the step that is read. */
  #tag: number | undefined;
  #error: Error | undefined;
  finished = 0;

  /** Takes who knows how many octets were accepted. */
  constructor(accepted: () => number | undefined) {
    this.#accepted = accepted;
  }

  get pending(): number {
    return (this.#tag === undefined ? 0 : 1) + this.#collector.have;
  }

  get held(): number {
    return this.#collector.have;
  }

  push(octets: Uint8Array): void {
    this.#input.push(octets);
  }

  end(): void {
    this.#input.end();
  }

  next(): Step | undefined {
    if (this.#error !== undefined) throw this.#error;
    this.#tag ??= this.#input.view(1)[0];
    const step = this.#step();
    if (step === undefined) return undefined;
    this.#tag = undefined;
    this.finished++;
    return step;
  }

  #step(): Step | undefined {
    switch (this.#tag) {
      case undefined:
        return undefined;
      case ACK:
        return { type: "accept" };
      case NAK:
        return { type: "refuse" };
      case ENQ: {
        const octets = this.#take(LENGTH.bytes);
        return octets &&
          { type: "offer", length: readLength(octets, 0, LENGTH) };
      }
      case STX: {
        const length = this.#accepted();
        if (length === undefined) {
          throw this.#error = outOfTurn("got a payload that was not accepted");
        }
        const payload = this.#take(length);
        return payload && { type: "payload", payload };
      }
      default:
        throw this.#error = outOfTurn(`got octet ${this.#tag} for a step`);
    }
  }

  #take(need: number): Uint8Array<ArrayBuffer> | undefined {
    const octets = this.#collector.take(this.#input, need);
    if (octets === undefined && this.#input.ended) {
      throw this.#error = new UnexpectedEofError(this.pending, 1 + need);
    }
    return octets;
  }
}

/** The error of a step that is not due. */
export function outOfTurn(state: string): FrameError {
  return new FrameError("out-of-turn", `Cannot shake hands: ${state}`);
}
