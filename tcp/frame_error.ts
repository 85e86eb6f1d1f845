/**
 * Why a frame could not be read or written.
 *
 * - `frame-too-large`: the peer claims, or sends, more than is allowed.
 * - `over-budget`: the unfinished frames of all readers take too much memory.
 * - `bad-length`: a length that cannot be: negative, or less than the header.
 * - `header-too-large`, `bad-header`: a JSON header is too long, or none.
 * - `body-abandoned`: the next frame was asked for before this body had ended.
 * - `body-mismatch`: a body is not as long as its header says.
 * - `cut-off`: a frame was sent in part only, so no other can follow it.
 * - `refused`, `out-of-turn`: a handshake was refused, or not kept to.
 */
export type FrameErrorCode =
  | "frame-too-large"
  | "over-budget"
  | "bad-length"
  | "header-too-large"
  | "bad-header"
  | "body-abandoned"
  | "body-mismatch"
  | "cut-off"
  | "refused"
  | "out-of-turn";

/**
 * What came, or went, is not a frame; match on `code`.
 *
 * @example Tell what is too large from other trouble
 * ```ts
 * import { FrameError, lengthPrefixed } from "@lockstep/lockstep/tcp";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const decoder = lengthPrefixed({ maxFrameBytes: 1000 }).decoder();
 * decoder.push(new Uint8Array([255, 255, 255, 255])); // 4 GiB, claims the peer
 * const error = assertThrows(() => decoder.next(), FrameError);
 * assertEquals(error.code, "frame-too-large");
 * ```
 */
export class FrameError extends Error {
  /** Name of the class. */
  override readonly name = "FrameError";
  /** Why, as a word that stays the same in all versions. */
  readonly code: FrameErrorCode;

  /**
   * Describes what is wrong.
   *
   * @param code Why.
   * @param message What could not be done, and the state that prevented it.
   * @param options Where it came from.
   */
  constructor(code: FrameErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
