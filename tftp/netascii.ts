/*
 * Netascii (RFC 1350 by way of RFC 764): on the wire a line ends in CR LF and
 * a CR that is not part of a line end is CR NUL; here a line ends in LF.
 *
 *   here   LF        CR         anything else
 *   wire   CR LF     CR NUL     the same octet
 */

const LF = 0x0a;
const CR = 0x0d;

/**
 * Turns local text, whose lines end in LF, into netascii, chunk by chunk.
 *
 * The encoding keeps no state: chunks may be split anywhere.
 *
 * @example Encode a line
 * ```ts
 * import { NetasciiEncoder } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * const encoder = new NetasciiEncoder();
 * const bytes = encoder.encode(new TextEncoder().encode("a\n"));
 * assertEquals(new TextDecoder().decode(bytes), "a\r\n");
 * ```
 */
export class NetasciiEncoder {
  /**
   * Encodes one chunk: LF becomes CR LF, CR becomes CR NUL.
   *
   * @param chunk Octets of local text.
   * @returns Octets for the wire, a copy.
   */
  encode(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    let extra = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (byte === LF || byte === CR) extra++;
    }
    if (extra === 0) return new Uint8Array(chunk);
    const wire = new Uint8Array(chunk.length + extra);
    let at = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (byte === LF) {
        wire[at++] = CR;
        wire[at++] = LF;
      } else {
        wire[at++] = byte;
        if (byte === CR) at++; // the NUL is there already
      }
    }
    return wire;
  }
}

/**
 * Turns netascii into local text, whose lines end in LF, chunk by chunk.
 *
 * A pair may straddle two chunks. A CR followed by neither LF nor NUL is not
 * netascii; it is kept, as other implementations do.
 *
 * @example Decode a pair that straddles two blocks
 * ```ts
 * import { NetasciiDecoder } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * const decoder = new NetasciiDecoder();
 * assertEquals(decoder.decode(new Uint8Array([97, 13])), new Uint8Array([97]));
 * assertEquals(decoder.decode(new Uint8Array([10, 98])), new Uint8Array([10, 98]));
 * assertEquals(decoder.flush(), new Uint8Array());
 * ```
 */
export class NetasciiDecoder {
  /** Whether the last octet was a CR, not yet written. */
  #pendingCr = false;

  /**
   * Decodes one chunk: CR LF becomes LF, CR NUL becomes CR.
   *
   * @param chunk Octets from the wire.
   * @returns Octets of local text, a copy; a CR at the end waits for the next chunk.
   */
  decode(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    let pendingCr = this.#pendingCr;
    if (!pendingCr && !chunk.includes(CR)) return new Uint8Array(chunk);
    const text = new Uint8Array(chunk.length + 1);
    let at = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (pendingCr) {
        pendingCr = false;
        if (byte === 0) {
          text[at++] = CR;
          continue;
        }
        if (byte !== LF) text[at++] = CR;
      }
      if (byte === CR) pendingCr = true;
      else text[at++] = byte;
    }
    this.#pendingCr = pendingCr;
    return text.subarray(0, at);
  }

  /**
   * Ends the text and makes the decoder ready for another one.
   *
   * @returns The CR that the last chunk ended in, or nothing.
   */
  flush(): Uint8Array<ArrayBuffer> {
    const rest = this.#pendingCr ? [CR] : [];
    this.#pendingCr = false;
    return new Uint8Array(rest);
  }
}

/**
 * Makes a stream that encodes what passes through it to netascii.
 *
 * @returns The stream; see {@linkcode NetasciiEncoder}.
 *
 * @example Encode a stream
 * ```ts
 * import { netasciiEncoderStream } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * const wire = new Blob(["a\nb"]).stream().pipeThrough(netasciiEncoderStream());
 * assertEquals(await new Response(wire).text(), "a\r\nb");
 * ```
 */
export function netasciiEncoderStream(): TransformStream<
  Uint8Array,
  Uint8Array<ArrayBuffer>
> {
  const encoder = new NetasciiEncoder();
  return new TransformStream({
    transform(chunk, controller) {
      if (chunk.length > 0) controller.enqueue(encoder.encode(chunk));
    },
  });
}

/**
 * Makes a stream that decodes the netascii that passes through it.
 *
 * @returns The stream; see {@linkcode NetasciiDecoder}.
 *
 * @example Decode a stream
 * ```ts
 * import { netasciiDecoderStream } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * const text = new Blob(["a\r\nb"]).stream().pipeThrough(netasciiDecoderStream());
 * assertEquals(await new Response(text).text(), "a\nb");
 * ```
 */
export function netasciiDecoderStream(): TransformStream<
  Uint8Array,
  Uint8Array<ArrayBuffer>
> {
  const decoder = new NetasciiDecoder();
  return new TransformStream({
    transform(chunk, controller) {
      const text = decoder.decode(chunk);
      if (text.length > 0) controller.enqueue(text);
    },
    flush(controller) {
      const text = decoder.flush();
      if (text.length > 0) controller.enqueue(text);
    },
  });
}
