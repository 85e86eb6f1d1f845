import { formatAddr, type HostPort, sameAddr } from "../mux/addr.ts";
import { checkWait, waitFor, type WaitOptions } from "../sync/wait_options.ts";
import type { Datagram } from "./_datagrams.ts";
import { familyOf, resolveAddr } from "./_net_addr.ts";
import { retransmit } from "./_retransmit.ts";
import type { UdpSocket } from "./socket.ts";

/** Options of `UdpSocket.request()`. */
export interface RequestOptions extends WaitOptions {
  /** How often to send again when no answer comes. Default: 3. */
  retries?: number | undefined;
  /**
   * Wait for the first answer in milliseconds, doubled after each repetition.
   * Default: 500.
   */
  retransmitMs?: number | undefined;
  /** Whether a datagram from that address is the answer. Default: any is. */
  match?: ((answer: Datagram) => boolean) | undefined;
}

/** A question, and whom to ask. */
interface Question {
  readonly data: Uint8Array;
  readonly addr: HostPort;
}

/**
 * Sends a question until its answer comes; `UdpSocket.request()` is its public
 * face.
 *
 * @param socket Socket to send and receive by.
 * @param question The question; must not change until the promise settles.
 * @param options Retries, first wait, match; `timeoutMs` limits the whole.
 * @returns The answer; `data` is a copy.
 */
export async function request(
  socket: UdpSocket,
  question: Question,
  options: RequestOptions,
): Promise<Datagram> {
  const { match, signal } = options;
  const endAt = performance.now() + checkWait(options);
  const peer = await resolveAddr("get an answer from", question.addr, {
    ...options,
    family: familyOf(socket.localAddr),
  });
  const failure = `Cannot get an answer from ${formatAddr(question.addr)}`;
  const { remoteAddr } = socket;
  if (remoteAddr !== undefined && !sameAddr(remoteAddr, peer)) {
    throw new TypeError(
      `${failure}: the socket hears only ${formatAddr(remoteAddr)}`,
    );
  }
  const accept = (view: Uint8Array<ArrayBuffer>, addr: Deno.NetAddr) => {
    if (!sameAddr(addr, peer)) return undefined;
    const datagram = { data: view.slice(), addr, truncated: false };
    return match === undefined || match(datagram) ? datagram : undefined;
  };
  // One place in line for all attempts, given up when this call ends.
  const done = new AbortController();
  const arrival = socket.receiveWith(accept, { signal: done.signal });
  arrival.catch(() => {}); // whoever awaits it hears of it
  const timeoutMs = Math.max(endAt - performance.now(), 0);
  return await retransmit(
    failure,
    { ...options, timeoutMs },
    async ({ timeoutMs }) => {
      await socket.sendTo(question.data, peer);
      return await waitFor(arrival, { signal, timeoutMs });
    },
  ).finally(() => done.abort());
}
