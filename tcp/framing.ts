/*
 * What framing is made of. A stream of octets has no messages: two that are sent
 * arrive as one, or as three. A codec says where each begins and ends.
 *
 *                 encode()                              push()   next()
 *   frame ─► FrameEncoding ─► octets ── the stream ──► FrameDecoder ─► frame
 *            FrameWriter                               FrameReader
 *
 * Codecs know neither sockets nor time: octets in, frames out. Readers and
 * writers bring them together with anything that receives and sends.
 */
import type { WaitOptions } from "../sync/wait_options.ts";

/** What a {@linkcode FrameReader} reads from: a `TcpSocket`, or anything like it. */
export interface ByteSource {
  /**
   * Waits for octets.
   *
   * @param max Most octets to take.
   * @param options Timeout and abort signal; a wait that ends so takes nothing.
   * @returns At least one octet, which may be overwritten by the next call;
   * `null` at the end.
   */
  receive(max?: number, options?: WaitOptions): Promise<Uint8Array | null>;
}

/** What a {@linkcode FrameWriter} writes to: a `TcpSocket`, or anything like it. */
export interface ByteSink {
  /** Sends all octets. They do not change until the promise settles. */
  sendAll(octets: Uint8Array, options?: WaitOptions): Promise<void>;
}

/**
 * Finds frames in octets that come in pieces; holds the part of a frame that is
 * here.
 *
 * Push a piece, then call `next()` until it answers `undefined`: only then may
 * the piece be overwritten.
 */
export interface FrameDecoder<T> {
  /** Octets of an unfinished frame that came; 0 between frames. */
  readonly pending: number;
  /** Those of them that are kept: neither skipped nor part of a body. */
  readonly held: number;
  /**
   * Grows with each frame that is finished, or skipped, and with each 64 KiB of
   * a body that streams: then a peer has earned more time.
   */
  readonly finished: number;
  /** Takes a piece of the input. */
  push(octets: Uint8Array): void;
  /** Says that the input has ended. */
  end(): void;
  /**
   * The next frame; `undefined` if it takes more input, or there is none.
   *
   * @throws {UnexpectedEofError} If the input has ended inside of a frame.
   * @throws {FrameError} If what came is no frame; all later calls throw it, too.
   */
  next(): T | undefined;
}

/**
 * Asks for more input on behalf of a frame whose body streams: receives once, and
 * pushes what came, or says that the input has ended.
 */
export type Refill = (options: WaitOptions) => Promise<void>;

/** The half of a codec that reads. */
export interface FrameDecoding<T> {
  /**
   * Begins to decode a stream.
   *
   * @param refill Where bodies that stream get more input; by default they wait
   * for the next `push()`.
   */
  decoder(refill?: Refill): FrameDecoder<T>;
}

/**
 * A frame as it is sent: its parts, or, if they are not all here yet, a stream of
 * them.
 */
export type EncodedFrame = readonly Uint8Array[] | AsyncIterable<Uint8Array>;

/** The half of a codec that writes. */
export interface FrameEncoding<T> {
  /**
   * Makes octets of a frame. Parts may be views of it.
   *
   * @throws {RangeError} If the frame does not fit.
   */
  encode(frame: T): EncodedFrame;
}

/**
 * Turns frames into octets and back.
 *
 * @typeParam T What is read.
 * @typeParam W What is written.
 */
export interface FrameCodec<T, W = T>
  extends FrameDecoding<T>, FrameEncoding<W> {}
