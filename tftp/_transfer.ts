import { pieceBytes } from "./_defaults.ts";
import type { Feed } from "./_feed.ts";
import type { Link } from "./_link.ts";
import type { Terms } from "./_negotiation.ts";
import type { TransferStatistics } from "./options.ts";
import type { Packet } from "./packet.ts";
import type { Receiver } from "./_receiver.ts";
import type { RetransmissionTimer } from "./_retransmission_timer.ts";
import type { Sender } from "./_sender.ts";

/** Called with the octets transferred so far, after each step. */
export type OnBytes = (bytes: number) => void;

/**
 * Drives a sender until the last block is acknowledged, or it failed. The peer
 * is served while the file keeps us waiting.
 *
 * @param link Way to the peer.
 * @param sender What to drive.
 * @param feed The file; whoever called gives it back.
 * @param onBytes Told about progress: octets given to the sender.
 */
export async function sendPieces(
  link: Link,
  sender: Sender,
  feed: Feed,
  onBytes: OnBytes,
): Promise<void> {
  let piece = new Uint8Array(0) as Uint8Array;
  let bytes = 0;
  let coming: Promise<void> | undefined;
  let unsettled = false;
  /** Gives the sender what there is; answers whether we must wait, or are done. */
  const fill = (): boolean => {
    while (sender.wantsData) {
      if (piece.length > 0) {
        unsettled = !link.idle;
        if (unsettled) return true; // packets on their way must not change
        const taken = sender.load(piece);
        piece = piece.subarray(taken);
        bytes += taken;
        if (piece.length === 0) feed.prepare();
        continue;
      }
      const next = feed.take();
      if (next === null) sender.finish();
      else if (next instanceof Promise) {
        coming = next;
        return true;
      } else piece = next;
    }
    onBytes(bytes);
    return sender.done;
  };
  while (!sender.done && sender.failure === undefined) {
    await link.drive(sender, { until: fill });
    if (unsettled) await link.settled();
    else if (coming !== undefined) {
      const until = () => sender.done;
      await link.drive(sender, { until, or: coming });
    }
    coming = undefined;
    unsettled = false;
  }
}

/**
 * Drives a receiver until the last block is here, or it failed.
 *
 * The last block is not acknowledged: that is for whoever called, after
 * `receiver.commit()`.
 *
 * @param link Way to the peer.
 * @param receiver What to drive.
 * @param options The terms; `first`: the packet that answered the opening, if it
 * is for the receiver; `onBytes`: told about progress, octets received.
 * @returns The file in pieces of up to 1 MiB, each a buffer of its own.
 */
export async function* receivePieces(
  link: Link,
  receiver: Receiver,
  options: {
    blockSize: number;
    size: number | undefined;
    first?: Packet | undefined;
    onBytes: OnBytes;
  },
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const { blockSize, size = Infinity, first, onBytes } = options;
  const capacity = Math.min(pieceBytes(blockSize), size + blockSize);
  let piece: Uint8Array<ArrayBuffer> | undefined;
  let used = 0;
  let bytes = 0;
  const handle = (packet: Packet, now: number) => {
    const data = receiver.handle(packet, now);
    if (data === undefined) return;
    piece ??= new Uint8Array(capacity);
    piece.set(data, used);
    used += data.length;
    bytes += data.length;
    onBytes(bytes);
  };
  const until = () => receiver.complete || used + blockSize > capacity;
  if (first !== undefined) handle(first, performance.now());
  while (!receiver.complete && receiver.failure === undefined) {
    await link.drive(receiver, { handle, until });
    if (piece !== undefined && used + blockSize > capacity) {
      yield piece.subarray(0, used);
      piece = undefined;
      used = 0;
    }
  }
  if (receiver.complete && piece !== undefined && used > 0) {
    yield piece.subarray(0, used);
  }
}

/** Acknowledges the last block, and answers repetitions of it for a while. */
export async function dally(link: Link, receiver: Receiver): Promise<void> {
  try {
    await link.drive(receiver, { until: () => receiver.done });
  } catch {
    // The file is safe; what becomes of the last ACK changes nothing here.
  } finally {
    link.close();
  }
}

/** What users are told about a transfer that went well. */
export function summarize(
  machine: Pick<Sender | Receiver, "blocks" | "retransmissions">,
  timer: RetransmissionTimer,
  terms: Terms,
  account: { bytes: number; startedAt: number; repeatedRequests: number },
): TransferStatistics {
  return {
    bytes: account.bytes,
    blocks: machine.blocks,
    retransmissions: account.repeatedRequests + machine.retransmissions,
    roundTripMs: timer.roundTripMs,
    durationMs: performance.now() - account.startedAt,
    blockSize: terms.blockSize,
    windowBlocks: terms.windowBlocks,
    options: terms.options,
  };
}
