import {
  formatAddr,
  type HostPort,
  localHostname,
  resolveHost,
} from "../mux/addr.ts";
import { checkWait, type WaitOptions } from "../sync/wait_options.ts";
import { receiveUntil } from "./_receive_until.ts";
import { MIN_PROBE_BYTES } from "./_rtt_probe.ts";
import { type RttPlan, RttRun } from "./_rtt_run.ts";
import { MAX_DATAGRAM_BYTES, UdpSocket } from "./socket.ts";

/** Options of {@linkcode rtt}; `timeoutMs` limits the whole call. */
export interface RttOptions extends WaitOptions {
  /** Number of probes. Default: 4. */
  count?: number | undefined;
  /**
   * From one probe to the next, in milliseconds. 0 sends the next one as soon
   * as something comes back, or after a millisecond or two. Default: 1,000.
   */
  intervalMs?: number | undefined;
  /** Length of a probe, 16 to 65,507 bytes. Default: 56. */
  bytes?: number | undefined;
  /** A probe without an answer for so long is lost. Default: 1,000. */
  lossMs?: number | undefined;
  /** Called once for each probe, as soon as it is answered or lost. */
  onProbe?: ((probe: RttProbe) => void) | undefined;
}

/** What became of one probe. */
export interface RttProbe {
  /** Number of the probe, from 0. */
  readonly sequence: number;
  /** Length of the probe, and of its answer. */
  readonly bytes: number;
  /** Who was asked. */
  readonly addr: HostPort;
  /** The round-trip time in milliseconds; `undefined` if the probe is lost. */
  readonly ms: number | undefined;
}

/** What {@linkcode rtt} found; the times are `undefined` if nothing came back. */
export interface RttStatistics {
  /** Probes sent: received and lost. */
  readonly sent: number;
  /** Probes answered in time. */
  readonly received: number;
  /** Probes not answered in time. */
  readonly lost: number;
  /** Answers to a probe that was answered before. */
  readonly duplicates: number;
  /** Shortest round-trip time. */
  readonly minMs: number | undefined;
  /** Mean of the round-trip times. */
  readonly avgMs: number | undefined;
  /** Longest round-trip time. */
  readonly maxMs: number | undefined;
  /** Standard deviation of the round-trip times, over all of them. */
  readonly stddevMs: number | undefined;
}

/**
 * Measures the round-trip time to a UDP echo server, and the loss on the way.
 *
 * Any server will do that sends back what it gets (RFC 862). Only the peer's
 * exact copy of a probe counts as its answer; a second copy counts as a
 * duplicate, and one that comes after `lossMs` does not count at all.
 *
 * If aborted or timed out, probes may have been sent and `onProbe` has told
 * about those that were settled.
 *
 * @param addr The echo server; a name is looked up once.
 * @param options Number, distance and length of the probes; when one is lost.
 * @returns The statistics, once every probe is answered or lost.
 * @throws {RangeError} If an option is out of range.
 * @throws {DOMException} `TimeoutError` if `timeoutMs` was too short.
 *
 * @example
 * ```ts
 * import { rtt, UdpServer } from "@lockstep/lockstep/udp";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const echo = new UdpServer({
 *   handler: async ({ data, reply }) => void await reply(data),
 * });
 * const served = echo.serveForever();
 *
 * const { received, lost, avgMs } = await rtt(echo.addr, { intervalMs: 10 });
 * assertEquals(received + lost, 4);
 * assert(avgMs === undefined || avgMs > 0);
 *
 * await echo.shutdown();
 * await served;
 * ```
 */
export async function rtt(
  addr: HostPort,
  options: RttOptions = {},
): Promise<RttStatistics> {
  const { signal } = options;
  const failure = `Cannot measure the round-trip time to ${formatAddr(addr)}`;
  const plan = checkedPlan(failure, addr, options);
  const timeoutMs = checkWait(options);
  const endAt = performance.now() + timeoutMs;

  const hostname = await resolveHost(addr.hostname, { signal, timeoutMs });
  await using socket = UdpSocket.bind({ hostname: localHostname(hostname) });
  await socket.connect({ hostname, port: addr.port });

  const run = new RttRun(plan, performance.now());
  while (!run.done) {
    const probe = run.send(performance.now());
    if (probe !== undefined) await socket.send(probe);
    const wakeAt = Math.min(run.wakeAt, endAt);
    const answer = await receiveUntil(socket, wakeAt, signal);
    const now = performance.now();
    if (answer !== undefined) run.arrived(answer.data, now);
    run.expire(now);
    if (now >= endAt && !run.done) {
      throw new DOMException(
        `${failure}: not done within ${timeoutMs} ms`,
        "TimeoutError",
      );
    }
  }
  return run.statistics;
}

function checkedPlan(
  failure: string,
  addr: HostPort,
  options: RttOptions,
): RttPlan {
  const { count = 4, intervalMs = 1_000, bytes = 56, lossMs = 1_000 } = options;
  if (!(Number.isInteger(count) && count >= 1 && count <= 2 ** 32)) {
    throw new RangeError(
      `${failure}: count must be 1 to ${2 ** 32}, got ${count}`,
    );
  }
  if (!(intervalMs >= 0)) {
    throw new RangeError(
      `${failure}: intervalMs must be 0 or more, got ${intervalMs}`,
    );
  }
  if (
    !(Number.isInteger(bytes) &&
      bytes >= MIN_PROBE_BYTES && bytes <= MAX_DATAGRAM_BYTES)
  ) {
    throw new RangeError(
      `${failure}: bytes must be ${MIN_PROBE_BYTES} to ${MAX_DATAGRAM_BYTES}, ` +
        `got ${bytes}`,
    );
  }
  if (!(lossMs > 0)) {
    throw new RangeError(`${failure}: lossMs must be above 0, got ${lossMs}`);
  }
  return { addr, count, intervalMs, bytes, lossMs, onProbe: options.onProbe };
}
