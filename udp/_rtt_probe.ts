import { equals } from "@std/bytes";

/** Fewest bytes that a probe can have. */
export const MIN_PROBE_BYTES = 16;

/**
 * The datagrams of one measurement.
 *
 * ```
 *  0          4          8                    16            length
 *  ┌──────────┬──────────┬────────────────────┬─────────────┐
 *  │ sequence │ sequence │ token: random, the │ random, the │
 *  │          │ XOR mask │ same in all probes │ same in all │
 *  └──────────┴──────────┴────────────────────┴─────────────┘
 * ```
 *
 * Whoever has not seen a probe can forge no answer, and a damaged answer is no
 * answer, not even one to another probe.
 */
export class ProbeCodec {
  readonly #pattern: Uint8Array<ArrayBuffer>;
  readonly #mask: number;

  constructor(length: number) {
    this.#pattern = crypto.getRandomValues(new Uint8Array(length));
    this.#mask = new DataView(this.#pattern.buffer).getUint32(4);
  }

  /** A fresh array: it must not change while it is being sent. */
  encode(sequence: number): Uint8Array<ArrayBuffer> {
    const packet = this.#pattern.slice();
    const view = new DataView(packet.buffer);
    view.setUint32(0, sequence);
    view.setUint32(4, sequence ^ this.#mask);
    return packet;
  }

  /** The sequence number of an answer, `undefined` if it is not ours. */
  decode(data: Uint8Array<ArrayBuffer>): number | undefined {
    if (data.length !== this.#pattern.length) return undefined;
    const sequence = new DataView(data.buffer, data.byteOffset).getUint32(0);
    return equals(data, this.encode(sequence)) ? sequence : undefined;
  }
}
