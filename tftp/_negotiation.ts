import type { Rollover } from "./_block_number.ts";
import type { Agreement } from "./_machine.ts";
import { parseDecimal, type RequestOption } from "./packet.ts";

/** Octets in a block when nobody says otherwise (RFC 1350). */
const PLAIN_BLOCK_SIZE = 512;

/** Least and most octets in a block (RFC 2348). */
export const BLOCK_SIZE_RANGE = { min: 8, max: 65_464 } as const;

/** Least and most blocks in a window (RFC 7440). */
export const WINDOW_RANGE = { min: 1, max: 65_535 } as const;

/** Least and most seconds between repetitions (RFC 2349). */
const TIMEOUT_RANGE = { min: 1, max: 255 } as const;

type Options = ReadonlyMap<string, RequestOption>;

/** What both sides agreed on, tsize and timeout included. */
export interface Terms extends Agreement {
  /** Options that the OACK had, by lower-case name. */
  readonly options: Readonly<Record<string, string>>;
  /** Octets in the file, if announced. */
  readonly size: number | undefined;
  /** Longest wait between repetitions in milliseconds, if agreed. */
  readonly retransmitMs: number | undefined;
}

/** What a client would like. */
export interface Wishes {
  readonly blockSize: number;
  readonly windowBlocks: number;
  /** Longest wait between repetitions, in milliseconds, if it is to be told. */
  readonly retransmitMs: number | undefined;
  /** Octets to be written; 0 asks for the size of a file to be read. */
  readonly size: number | undefined;
  /** What follows block 65535; told to the server if it is 1. */
  readonly rollover?: Rollover | undefined;
}

/** The terms of a transfer without any option. */
export const PLAIN_TERMS: Terms = {
  options: {},
  rollover: undefined,
  blockSize: PLAIN_BLOCK_SIZE,
  windowBlocks: 1,
  size: undefined,
  retransmitMs: undefined,
};

/** The options of a request; none for what is the default anyway. */
export function offer(wishes: Wishes): [string, string][] {
  const { blockSize, windowBlocks, retransmitMs, size, rollover = 0 } = wishes;
  const options: [string, string][] = [];
  if (size !== undefined) options.push(["tsize", String(size)]);
  if (blockSize !== PLAIN_BLOCK_SIZE) {
    options.push(["blksize", String(blockSize)]);
  }
  const seconds = wholeSeconds(retransmitMs);
  if (seconds !== undefined) options.push(["timeout", String(seconds)]);
  if (windowBlocks !== 1) options.push(["windowsize", String(windowBlocks)]);
  if (rollover !== 0) options.push(["rollover", String(rollover)]);
  return options;
}

/**
 * Reads the OACK of a server.
 *
 * @param offered What the request offered.
 * @param answer Options of the OACK.
 * @returns The terms, or in words why they cannot be accepted (RFC 2347: the
 * client then sends error 8).
 */
export function readAnswer(
  offered: readonly (readonly [string, string])[],
  answer: Options,
): Terms | string {
  const asked = new Map(offered);
  for (const [name, option] of answer) {
    if (!asked.has(name)) {
      return `answered with option "${option.name}", which was not asked for`;
    }
  }
  const wrong = (name: string) =>
    `answered "${answer.get(name)?.value}" to ${name} ${asked.get(name)}`;

  const blockSize = chosen(answer, "blksize", PLAIN_BLOCK_SIZE);
  const { min } = BLOCK_SIZE_RANGE;
  if (answer.has("blksize") && !within(blockSize, min, asked.get("blksize"))) {
    return wrong("blksize");
  }
  const windowBlocks = chosen(answer, "windowsize", 1);
  if (
    answer.has("windowsize") &&
    !within(windowBlocks, WINDOW_RANGE.min, asked.get("windowsize"))
  ) return wrong("windowsize");
  const seconds = chosen(answer, "timeout", undefined);
  if (answer.has("timeout") && String(seconds) !== asked.get("timeout")) {
    return wrong("timeout");
  }
  const size = chosen(answer, "tsize", undefined);
  if (answer.has("tsize") && size === undefined) return wrong("tsize");
  const rollover = chosen(answer, "rollover", undefined);
  if (answer.has("rollover") && rollover !== 0 && rollover !== 1) {
    return wrong("rollover");
  }
  return termsOf(answer);
}

/** The terms that an OACK tells. */
export function termsOf(options: Options): Terms {
  const seconds = chosen(options, "timeout", undefined);
  return {
    options: Object.fromEntries(
      [...options].map(([name, { value }]) => [name, value]),
    ),
    rollover: chosen(options, "rollover", undefined) as Rollover | undefined,
    blockSize: chosen(options, "blksize", PLAIN_BLOCK_SIZE)!,
    windowBlocks: chosen(options, "windowsize", 1)!,
    size: chosen(options, "tsize", undefined),
    retransmitMs: seconds === undefined ? undefined : seconds * 1_000,
  };
}

/** What a server grants at most, and what it knows of the file. */
export interface Limits {
  readonly maxBlockSize: number;
  readonly maxWindowBlocks: number;
  readonly maxWindowBytes: number;
  /** Octets of the file to be read; `undefined` leaves tsize out. */
  readonly size: number | undefined;
  /** Options to leave out whatever they say, by lower-case name. */
  readonly omitOptions?: readonly string[] | undefined;
  /** Whether the size of an empty file is told. Default: false. */
  readonly tellEmpty?: boolean | undefined;
}

/**
 * Decides on the options of a request.
 *
 * Options that are unknown or make no sense are left out, which RFC 2347 allows
 * and every client survives. Names are echoed as the client spelled them.
 *
 * @param type Whether the file is read or written.
 * @param requested Options of the request.
 * @param limits What to grant.
 * @returns The options of the OACK; none means no OACK.
 */
export function decide(
  type: "rrq" | "wrq",
  requested: Options,
  limits: Limits,
): [name: string, value: string][] {
  const granted: [name: string, value: string][] = [];
  const { omitOptions = [], tellEmpty = false } = limits;
  const number = (name: string, min: number, max: number) => {
    if (omitOptions.includes(name)) return undefined;
    const value = chosen(requested, name, undefined);
    return value !== undefined && value >= min && value <= max
      ? value
      : undefined;
  };
  const grant = (name: string, value: number) => {
    granted.push([requested.get(name)!.name, String(value)]);
  };

  let blockSize = number("blksize", BLOCK_SIZE_RANGE.min, BLOCK_SIZE_RANGE.max);
  if (blockSize !== undefined) {
    blockSize = Math.min(blockSize, limits.maxBlockSize);
    grant("blksize", blockSize);
  }
  let windowBlocks = number("windowsize", WINDOW_RANGE.min, WINDOW_RANGE.max);
  if (windowBlocks !== undefined) {
    const most = windowLimit(blockSize ?? PLAIN_BLOCK_SIZE, limits);
    windowBlocks = Math.min(windowBlocks, most);
    grant("windowsize", windowBlocks);
  }
  const seconds = number("timeout", TIMEOUT_RANGE.min, TIMEOUT_RANGE.max);
  if (seconds !== undefined) grant("timeout", seconds);
  let size = number("tsize", 0, Infinity);
  if (type === "rrq" && size !== undefined) {
    size = limits.size;
    if (size === 0 && !tellEmpty) size = undefined; // an error to curl
  }
  if (size !== undefined) grant("tsize", size);
  const rollover = number("rollover", 0, 1) as Rollover | undefined;
  if (rollover !== undefined) grant("rollover", rollover);
  return granted;
}

/** Most blocks of this size that fit both limits of a window; at least one. */
export function windowLimit(
  blockSize: number,
  limits: { maxWindowBlocks: number; maxWindowBytes: number },
): number {
  const fitting = Math.floor(limits.maxWindowBytes / blockSize);
  return Math.max(Math.min(limits.maxWindowBlocks, fitting), 1);
}

function chosen<T>(
  options: Options,
  name: string,
  absent: T,
): number | T | undefined {
  const option = options.get(name);
  return option === undefined ? absent : parseDecimal(option.value);
}

function within(
  value: number | undefined,
  min: number,
  asked: string | undefined,
): boolean {
  return value !== undefined && value >= min && value <= Number(asked);
}

/** The value of the timeout option, if it can carry this wait exactly. */
function wholeSeconds(ms: number | undefined): number | undefined {
  if (ms === undefined) return undefined;
  const seconds = ms / 1_000;
  const { min, max } = TIMEOUT_RANGE;
  const fits = Number.isInteger(seconds) && seconds >= min && seconds <= max;
  return fits ? seconds : undefined;
}
