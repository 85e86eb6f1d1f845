import type { Command } from "../cli/command.ts";
import { connectTo, TARGET_FLAGS, targetOf } from "./_cli_target.ts";
import { load, type LoadReport } from "./_load.ts";

/** `lockstep tcp load` */
export const loadCommand: Command = {
  summary: "Measures an echo server under many connections",
  usage: "HOST:PORT",
  notes:
    "Each connection has one message on its way; every octet that comes back\n" +
    "is checked. Jain's index is 1 if all connections had as many turns. The\n" +
    "other end: lockstep tcp echo.",
  flags: {
    connections: {
      value: "N",
      short: "c",
      description: "Number of connections (default 10)",
    },
    bytes: {
      value: "N",
      short: "s",
      description: "Length of a message, 1 to 16777216 (default 64)",
    },
    seconds: {
      value: "S",
      short: "t",
      description: "How long to measure, at most 300 (default 5)",
    },
    json: { description: "Print one line of JSON" },
    ...TARGET_FLAGS,
  },
  async run(args, signal) {
    const target = await targetOf(args);
    const range = { min: 1, max: 1_000_000 };
    const connections = args.number("connections", range) ?? 10;
    const bytes = args.number("bytes", { min: 1, max: 16_777_216 }) ?? 64;
    const duration = { min: 0, max: 300, fraction: true };
    const seconds = args.number("seconds", duration) ?? 5;
    const report = await load({
      connect: () => connectTo(target, signal),
      connections,
      bytes,
      durationMs: 1_000 * seconds,
      signal,
    });
    console.log(args.has("json") ? JSON.stringify(report) : shown(report));
  },
};

function shown(report: LoadReport): string {
  const { messages, seconds, perSecond, fewest, most } = report;
  const { p50Us, p99Us, worstUs, jain } = report;
  const times = [p50Us, p99Us, worstUs].map((us) => (us / 1_000).toFixed(3));
  return [
    `${messages} messages in ${seconds.toFixed(2)} s, ${
      perSecond.toFixed(0)
    } a second`,
    `p50/p99/worst = ${times.join("/")} ms`,
    `${fewest} to ${most} for each connection, Jain's index ${jain.toFixed(4)}`,
  ].join("\n");
}
