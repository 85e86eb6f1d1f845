import type { EncodedFrame, FrameDecoder } from "../../tcp/framing.ts";
import { concat } from "@std/bytes";

/** Octets by their values. */
export function bytes(...values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(values);
}

/** So many octets, no two neighbours of which are the same. */
export function filled(length: number, first = 1): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(length);
  for (let i = 0; i < length; i++) octets[i] = first + i * 7 + (i >> 8);
  return octets;
}

/** Octets of a text, one for each character. */
export function ascii(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Text of octets; what is no octets stays. */
export function shown<T>(octets: Uint8Array | T): string | T {
  return octets instanceof Uint8Array
    ? new TextDecoder().decode(octets)
    : octets;
}

/** A frame as it travels. */
export function joined(encoded: EncodedFrame): Uint8Array<ArrayBuffer> {
  return concat(encoded as readonly Uint8Array[]);
}

/** Pushes octets; answers the frames that are there then. */
export function pushed<T>(
  decoder: FrameDecoder<T>,
  octets: Uint8Array,
): T[] {
  decoder.push(octets);
  return drained(decoder);
}

/** The frames that are there. */
export function drained<T>(decoder: FrameDecoder<T>): T[] {
  const frames: T[] = [];
  for (let f = decoder.next(); f !== undefined; f = decoder.next()) {
    frames.push(f);
  }
  return frames;
}

/** Octets in pieces of this size. */
export function* pieces(
  octets: Uint8Array,
  size: number,
): Generator<Uint8Array> {
  for (let at = 0; at < octets.length; at += size) {
    yield octets.subarray(at, at + size);
  }
}
