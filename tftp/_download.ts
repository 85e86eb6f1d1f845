import type { Call } from "./_call.ts";
import type { Link } from "./_link.ts";
import type { Terms } from "./_negotiation.ts";
import { decodePieces } from "./_netascii_pieces.ts";
import type { TransferStatistics } from "./options.ts";
import { encodeAck } from "./packet.ts";
import { Receiver } from "./_receiver.ts";
import { dally, receivePieces } from "./_transfer.ts";

/**
 * How long at least the last ACK of a transfer without options can be repeated:
 * such a server may not have measured how soon to ask for it.
 */
const PLAIN_DALLY_MS = 500;

/** How to {@linkcode download}. */
export interface DownloadOptions {
  /** Whether the file travels as netascii. */
  readonly text: boolean;
  /** Makes the file safe; the last block is acknowledged after it. */
  readonly commit: () => Promise<void>;
  /** Takes over a link that is still to answer repetitions of the last block. */
  readonly linger: (link: Link, over: Promise<void>) => void;
}

/**
 * A client's read, from the request to the last acknowledgement.
 *
 * @param call The call, which is ended in any case.
 * @param options Mode, and what to do at the end.
 * @returns The file in pieces; then how it went.
 */
export async function* download(
  call: Call,
  options: DownloadOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>, TransferStatistics, void> {
  const { text, commit, linger } = options;
  let ended: unknown = new DOMException("Not read to the end", "AbortError");
  try {
    const { link, terms, reply } = await call.open("rrq", 0);
    const plain = reply.type === "data";
    const receiver = new Receiver({
      ...terms,
      timer: call.timer,
      retries: call.retries,
      opening: plain ? undefined : encodeAck(0),
      dallyMs: plain ? PLAIN_DALLY_MS : 0,
    });
    let bytes = 0;
    const pieces = receivePieces(link, receiver, {
      blockSize: terms.blockSize,
      size: terms.size,
      first: plain ? reply : undefined,
      onBytes: (received) => {
        bytes = received;
        call.report(bytes, terms.size);
      },
    });
    yield* text ? decodePieces(pieces) : pieces;
    if (receiver.failure !== undefined) throw call.error(receiver.failure);
    if (!text) checkSize(call, terms, bytes);
    await commit(); // an abort comes too late now
    receiver.commit();
    call.report(bytes, terms.size, true);
    link.flush(receiver); // the last ACK leaves before the caller goes on
    linger(link, dally(link, receiver));
    call.release();
    ended = undefined;
    return call.statistics(receiver, terms, bytes);
  } catch (error) {
    ended = error;
    throw error;
  } finally {
    call.end(ended);
  }
}

function checkSize(call: Call, terms: Terms, bytes: number): void {
  // 0 may be our own 0 that the server sent back.
  if (!terms.size || terms.size === bytes) return;
  throw call.error({
    code: "size-mismatch",
    reason: `server announced ${terms.size} octets and sent ${bytes}`,
    tellPeer: true,
  });
}
