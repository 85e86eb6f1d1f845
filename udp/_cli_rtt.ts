import { type Command, UsageError } from "../cli/command.ts";
import { formatAddr } from "../mux/addr.ts";
import { peerAddr } from "../cli/options.ts";
import { RttTally } from "./_rtt_tally.ts";
import { rtt, type RttProbe, type RttStatistics } from "./rtt.ts";

/** `lockstep udp rtt` */
export const rttCommand: Command = {
  summary: "Measures the round-trip time to an echo server",
  usage: "HOST:PORT",
  notes: "Exits with 1 if nothing came back. The other end: lockstep udp echo.",
  flags: {
    count: {
      value: "N",
      short: "c",
      description: "Number of probes (default 4)",
    },
    interval: {
      value: "SECONDS",
      short: "i",
      description: "From one probe to the next (default 1)",
    },
    bytes: {
      value: "N",
      short: "s",
      description: "Length of a probe, 16 to 65507 (default 56)",
    },
    timeout: {
      value: "SECONDS",
      short: "W",
      description: "When a probe without an answer is lost (default 1)",
    },
  },
  async run(args, signal) {
    const [word = ""] = args.expect("HOST:PORT");
    const addr = peerAddr(word);
    const count = args.number("count", { min: 1, max: 1_000_000 });
    const bytes = args.number("bytes", { min: 16, max: 65_507 });
    const seconds = { min: 0, max: 86_400, fraction: true };
    const interval = args.number("interval", seconds) ?? 1;
    const timeout = args.number("timeout", seconds) ?? 1;
    if (timeout === 0) throw new UsageError("Cannot use --timeout 0");

    const seen = new RttTally(); // what came before Ctrl-C counts, too
    const onProbe = (probe: RttProbe) => {
      if (probe.ms === undefined) seen.lost();
      else seen.answered(probe.ms);
      console.log(probeLine(probe));
    };
    const statistics = await rtt(addr, {
      count,
      intervalMs: interval * 1_000,
      bytes,
      lossMs: timeout * 1_000,
      onProbe,
      signal,
    }).catch((error) => {
      if (signal.aborted) return seen.statistics;
      throw error;
    });
    console.log(`--- ${formatAddr(addr)} ---`);
    console.log(summary(statistics));
    if (statistics.received === 0) {
      throw new Error(`Cannot reach ${formatAddr(addr)}: nothing came back`);
    }
  },
};

function probeLine({ sequence, bytes, addr, ms }: RttProbe): string {
  return ms === undefined
    ? `no answer from ${formatAddr(addr)}: seq=${sequence}`
    : `${bytes} bytes from ${formatAddr(addr)}: seq=${sequence} ` +
      `time=${ms.toFixed(3)} ms`;
}

function summary(statistics: RttStatistics): string {
  const { sent, received, lost, duplicates } = statistics;
  const { minMs, avgMs, maxMs, stddevMs } = statistics;
  const percent = sent === 0 ? 0 : Math.round(100 * lost / sent);
  const more = duplicates === 0 ? "" : `, ${duplicates} duplicates`;
  const counts = `${sent} sent, ${received} received${more}, ${percent}% loss`;
  if (minMs === undefined) return counts;
  const times = [minMs, avgMs, maxMs, stddevMs]
    .map((ms) => (ms ?? NaN).toFixed(3)).join("/");
  return `${counts}\nmin/avg/max/stddev = ${times} ms`;
}
