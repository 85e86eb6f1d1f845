/**
 * Why a transfer failed.
 *
 * The first nine are the codes 0 to 8 of an error packet. The others have no
 * number: nobody answers (`no-answer`), everything was sent but the last block
 * never acknowledged (`unconfirmed`), or the size differs from what was
 * announced (`size-mismatch`).
 */
export type TftpErrorCode =
  | "undefined"
  | "not-found"
  | "access-violation"
  | "disk-full"
  | "illegal-operation"
  | "unknown-transfer-id"
  | "file-exists"
  | "no-such-user"
  | "option-refused"
  | "no-answer"
  | "unconfirmed"
  | "size-mismatch";

/** Codes of an error packet, by number (RFC 1350, 2347). */
const WIRE_CODES: readonly TftpErrorCode[] = [
  "undefined",
  "not-found",
  "access-violation",
  "disk-full",
  "illegal-operation",
  "unknown-transfer-id",
  "file-exists",
  "no-such-user",
  "option-refused",
];

/** What a {@linkcode TftpError} knows besides its message. */
export interface TftpErrorOptions extends ErrorOptions {
  /** Whether the peer sent the error, rather than noticed by us. */
  remote?: boolean | undefined;
}

/**
 * A transfer that failed; match on `code`.
 *
 * @example Tell a missing file from other trouble
 * ```ts
 * import { TftpError } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new TftpError("not-found", "Cannot read: no such file");
 * assertEquals([error.name, error.wireCode], ["TftpError", 1]);
 * ```
 */
export class TftpError extends Error {
  /** Names the class, also where there are two copies of it. */
  override readonly name = "TftpError";
  /** Why, as a word that stays the same in all versions. */
  readonly code: TftpErrorCode;
  /** Number that an error packet about it carries: 0 where it has none. */
  readonly wireCode: number;
  /** Whether the peer reported it. */
  readonly remote: boolean;

  /**
   * Describes a failure.
   *
   * @param code Why.
   * @param message What could not be done, and the state that prevented it.
   * @param options Where it came from.
   */
  constructor(
    code: TftpErrorCode,
    message: string,
    options: TftpErrorOptions = {},
  ) {
    super(message, options);
    this.code = code;
    this.wireCode = Math.max(WIRE_CODES.indexOf(code), 0);
    this.remote = options.remote ?? false;
  }
}

/**
 * Names the code of an error packet.
 *
 * @param wireCode Number in the packet; peers send more than the RFCs know.
 * @returns Its name, `"undefined"` for a number without one.
 *
 * @example
 * ```ts
 * import { tftpErrorCode } from "@lockstep/lockstep/tftp";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(tftpErrorCode(6), "file-exists");
 * assertEquals(tftpErrorCode(99), "undefined");
 * ```
 */
export function tftpErrorCode(wireCode: number): TftpErrorCode {
  return WIRE_CODES[wireCode] ?? "undefined";
}
