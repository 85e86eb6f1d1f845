import { format } from "@std/fmt/bytes";

/** Least time between two drawings of the bar, in milliseconds. */
const BAR_MS = 100;

/** Least time between two plain lines, in milliseconds. */
const LINE_MS = 2_000;

const BAR_CELLS = 24;

/** Options of {@linkcode Progress}. */
export interface ProgressOptions {
  /** What is transferred. */
  label: string;
  /** Whether the output is a terminal, where a line can be drawn over. */
  terminal: boolean;
  /** Writes text as it is. */
  write: (text: string) => void;
  /** Width of the terminal, where lines are cut; 0 if unknown. Default: 0. */
  columns?: () => number;
  /** The clock, in milliseconds. Default: `performance.now`. */
  now?: () => number;
}

/**
 * Shows how far a transfer is: a bar on a terminal, plain lines elsewhere.
 *
 * ```
 * boot.img  [===========>            ]  47%  15.1 MB / 32.0 MB  61.2 MB/s  0:01 left
 * ```
 */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #now: () => number;
  readonly #startedAt: number;
  #shownAt: number;
  #width = 0;

  /** Starts the clock; nothing is shown yet. */
  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#startedAt = this.#shownAt = this.#now();
  }

  /** Shows the state, unless it was shown a moment ago. */
  update(bytes: number, size: number | undefined): void {
    const { terminal, label, write } = this.#options;
    const now = this.#now();
    if (now - this.#shownAt < (terminal ? BAR_MS : LINE_MS)) return;
    this.#shownAt = now;
    const seconds = (now - this.#startedAt) / 1_000;
    const state = describe(bytes, size, seconds);
    if (!terminal) return write(`${label}  ${state}\n`);
    this.#draw(`${label}  ${bar(bytes, size)}${state}`);
  }

  /** Says what happens before the first octet; on a terminal only. */
  note(text: string): void {
    if (this.#options.terminal) this.#draw(text);
  }

  /** Takes the bar away, so that other text can follow. */
  clear(): void {
    if (this.#width > 0) this.#options.write(`\r${" ".repeat(this.#width)}\r`);
    this.#width = 0;
  }

  /** Draws over what is there; a line that wrapped could not be drawn over. */
  #draw(text: string): void {
    const { write, columns } = this.#options;
    const line = text.slice(0, (columns?.() || Infinity) - 1);
    write(`\r${line.padEnd(this.#width)}`);
    this.#width = line.length;
  }
}

/** Octets, seconds and rate: `33.6 MB in 0.55 s, 61.2 MB/s`. */
export function summary(bytes: number, durationMs: number): string {
  const seconds = durationMs / 1_000;
  const time = seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(0);
  return `${format(bytes)} in ${time} s, ${rate(bytes, seconds)}`;
}

function describe(
  bytes: number,
  size: number | undefined,
  seconds: number,
): string {
  const speed = rate(bytes, seconds);
  if (size === undefined || size === 0) return `${format(bytes)}  ${speed}`;
  const percent = Math.floor(100 * Math.min(bytes / size, 1));
  const left = clock(bytes === 0 ? Infinity : seconds * (size / bytes - 1));
  return `${percent}%  ${format(bytes)} / ${
    format(size)
  }  ${speed}  ${left} left`;
}

function bar(bytes: number, size: number | undefined): string {
  if (size === undefined || size === 0) return "";
  const cells = Math.floor(BAR_CELLS * Math.min(bytes / size, 1));
  const drawn = cells === BAR_CELLS
    ? "=".repeat(cells)
    : "=".repeat(cells) + ">";
  return `[${drawn.padEnd(BAR_CELLS)}]  `;
}

function rate(bytes: number, seconds: number): string {
  return `${format(seconds > 0 ? bytes / seconds : 0)}/s`;
}

/** `1:05` for 65 seconds. */
function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?:??";
  const whole = Math.max(Math.ceil(seconds), 0);
  const minutes = Math.floor(whole / 60);
  return `${minutes}:${String(whole % 60).padStart(2, "0")}`;
}
