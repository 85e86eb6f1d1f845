import { printable } from "../mux/printable.ts";
import { decodeText } from "./charset.ts";
import { TftpError, type TftpErrorCode, tftpErrorCode } from "./error.ts";
import type { ErrorPacket } from "./packet.ts";

/** How a machine failed. */
export interface Failure {
  readonly code: TftpErrorCode;
  /** What happened, to stand behind a colon. */
  readonly reason: string;
  /** The message of the peer's error packet, if that was the end. */
  readonly peerMessage?: Uint8Array;
  /** Whether to tell the peer by an error packet; never in answer to one. */
  readonly tellPeer: boolean;
}

/** The failure that an error packet of the peer means. */
export function failureOf(packet: ErrorPacket): Failure {
  return {
    code: tftpErrorCode(packet.code),
    reason: `answered error ${packet.code}`,
    peerMessage: packet.message,
    tellPeer: false,
  };
}

/**
 * The error that a caller gets for a failure.
 *
 * @param failure What happened.
 * @param action What could not be done: `Cannot read "x" from 10.0.0.1:69`.
 * @param peer What the other side is called.
 * @param encoding Encoding of the peer's message; what is wrong in it is shown
 * as U+FFFD, and control characters are made harmless.
 */
export function errorOf(
  failure: Failure,
  action: string,
  peer: "server" | "client",
  encoding: string | undefined,
): TftpError {
  const { code, reason, peerMessage } = failure;
  if (peerMessage === undefined) {
    return new TftpError(code, `${action}: ${reason}`);
  }
  const said = printable(decodeText(peerMessage, encoding, { lossy: true }));
  const message = `${action}: ${peer} ${reason} "${said}"`;
  return new TftpError(code, message, { remote: true });
}

/** `1 try`, `2 tries`. */
export function times(tries: number): string {
  return tries === 1 ? "1 try" : `${tries} tries`;
}
