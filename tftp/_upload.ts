import type { Call } from "./_call.ts";
import type { Feed } from "./_feed.ts";
import type { TransferStatistics } from "./options.ts";
import { Sender } from "./_sender.ts";
import { sendPieces } from "./_transfer.ts";

/**
 * A client's write, from the request to the last acknowledgement.
 *
 * @param call The call, which is ended in any case.
 * @param feed The file; whoever called gives it back.
 * @param size Octets on the wire, if they are known.
 * @returns How it went.
 */
export async function upload(
  call: Call,
  feed: Feed,
  size: number | undefined,
): Promise<TransferStatistics> {
  let ended: unknown;
  try {
    const { link, terms } = await call.open("wrq", size);
    const { timer, retries } = call;
    const sender = new Sender({ ...terms, timer, retries });
    let bytes = 0;
    await sendPieces(link, sender, feed, (sent) => {
      bytes = sent;
      call.report(bytes, size);
    });
    if (sender.failure !== undefined) throw call.error(sender.failure);
    call.report(bytes, size, true);
    return call.statistics(sender, terms, bytes);
  } catch (error) {
    ended = error;
    throw error;
  } finally {
    call.end(ended);
  }
}
