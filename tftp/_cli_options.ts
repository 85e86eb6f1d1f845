import { type Arguments, type Flag, UsageError } from "../cli/command.ts";
import { encodeText } from "./charset.ts";

/** Seconds that an option takes, with fractions. */
const SECONDS = { min: 0.001, max: 1_000_000, fraction: true };

/** Options of all commands. */
export const COMMON_FLAGS: Readonly<Record<string, Flag>> = {
  retransmit: {
    value: "SECONDS",
    description: "Longest wait before a packet is sent again (default 4)",
  },
  retries: {
    value: "N",
    description: "How often to send a packet again (default 8)",
  },
  encoding: {
    value: "NAME",
    description: "Encoding of file names, such as gb2312 (default utf-8)",
  },
  quiet: { short: "q", description: "Print errors only" },
};

/** The option that says how blocks are counted. */
export const ROLLOVER_FLAG: Flag = {
  value: "0|1",
  description: "What follows block 65535 (default 0)",
};

/** The value of an option in seconds, as milliseconds. */
export function milliseconds(
  args: Arguments,
  name: string,
): number | undefined {
  const seconds = args.number(name, SECONDS);
  return seconds === undefined ? undefined : seconds * 1_000;
}

/** What follows block 65535. */
export function rollover(args: Arguments): 0 | 1 | undefined {
  return args.number("rollover", { min: 0, max: 1 }) as 0 | 1 | undefined;
}

/** The encoding of names, if it is one. */
export function encoding(args: Arguments): string | undefined {
  const label = args.text("encoding");
  try {
    if (label !== undefined) encodeText("", label);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  return label;
}
