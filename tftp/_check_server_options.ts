import { allowFrom } from "./_allow_from.ts";
import type { TftpServerOptions } from "./server_options.ts";

/** Numbers among the options, least and most. */
const RANGES = {
  maxTransfers: [1, Infinity],
  maxTransfersPerClient: [1, Infinity],
  maxFileBytes: [0, Infinity],
  maxBlockSize: [512, 65_464],
  maxWindowBlocks: [1, 65_535],
  maxWindowBytes: [1, Infinity],
  rollover: [0, 1],
  retransmitMs: [1, Infinity],
  retries: [0, Infinity],
} as const;

/**
 * Finds what cannot be served before anything is opened.
 *
 * @throws {TypeError} If there is nothing to serve.
 * @throws {RangeError} If a number is out of range.
 * @throws {SyntaxError} If a network is none.
 */
export function checkServerOptions(options: TftpServerOptions): void {
  const { root, read, write } = options;
  if (root === undefined && read === undefined && write === undefined) {
    throw new TypeError("Cannot serve: there is no root, read or write");
  }
  allowFrom(options.allowFrom ?? []);
  checkPorts(options.portRange);
  for (const [name, [min, max]] of Object.entries(RANGES)) {
    const value = options[name as keyof typeof RANGES];
    if (value === undefined) continue;
    const fraction = name === "retransmitMs";
    const fits = fraction || Number.isInteger(value) || value === Infinity;
    if (fits && value >= min && value <= max) continue;
    const kind = fraction ? "a number" : "a whole number";
    const limits = max === Infinity ? `${min} or more` : `${min} to ${max}`;
    throw new RangeError(
      `Cannot serve: ${name} must be ${kind}, ${limits}, got ${value}`,
    );
  }
}

function checkPorts(range: TftpServerOptions["portRange"]): void {
  if (range === undefined) return;
  const [first, last] = range;
  const fits = [first, last].every((port) =>
    Number.isInteger(port) && port >= 1 && port <= 65_535
  );
  if (fits && first <= last) return;
  throw new RangeError(
    `Cannot serve: portRange must be two ports, 1 to 65535, got ${range}`,
  );
}
