import { concat } from "@std/bytes";
import { Collector } from "./_collector.ts";
import type { Input } from "./_input.ts";
import { FrameError } from "./frame_error.ts";
import type { FrameDecoder } from "./framing.ts";
import { UnexpectedEofError } from "./unexpected_eof.ts";

/** How frames with a delimiter look; see `DelimitedOptions`. */
export interface DelimitedLayout {
  readonly delimiter: Uint8Array;
  readonly max: number;
  readonly skips: boolean;
  readonly stripCr: boolean;
  readonly lastMayLack: boolean;
}

const CR = 0x0d;

/**
 * Reads frames that end with a delimiter.
 *
 * Each octet is searched once, by itself or, where a delimiter may lie across two
 * pieces of input, once more together with its neighbours:
 *
 * ```
 *    collected              input
 *   ┌──────────────────┬──┬──┬──┬────────────────┐
 *   │                  │  ╎  ╎  │                │   delimiter of 3 octets
 *   └──────────────────┴──┴──┴──┴────────────────┘
 *                       ◄─ seam ─►
 * ```
 */
export class DelimitedDecoder implements FrameDecoder<Uint8Array<ArrayBuffer>> {
  readonly #input: Input;
  readonly #layout: DelimitedLayout;
  readonly #collector = new Collector();
  #skipping = false;
  #skipped = 0;
  #error: Error | undefined;
  finished = 0;

  constructor(input: Input, layout: DelimitedLayout) {
    this.#input = input;
    this.#layout = layout;
  }

  get pending(): number {
    return this.#skipped + this.#collector.have;
  }

  get held(): number {
    return this.#collector.have;
  }

  push(octets: Uint8Array): void {
    this.#input.push(octets);
  }

  end(): void {
    this.#input.end();
  }

  next(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#error !== undefined) throw this.#error;
    const input = this.#input;
    const { delimiter, max } = this.#layout;
    for (;;) {
      const { have } = this.#collector;
      const end = this.#find(); // from the start of the frame
      const least = end < 0 ? have + input.length - delimiter.length + 1 : end;
      if (least > max) this.#oversize();
      if (end < 0) return this.#keep();
      const frame = this.#cut(end);
      const skipped = this.#skipping;
      this.#skipping = false;
      this.#skipped = 0;
      this.finished++;
      if (!skipped) return frame;
    }
  }

  /** Where the frame ends, counted from its start; -1 if not here. */
  #find(): number {
    const { chunk, at } = this.#input;
    const { delimiter } = this.#layout;
    const { have } = this.#collector;
    const reach = delimiter.length - 1;
    if (have > 0 && reach > 0) {
      const before = this.#collector.octets.subarray(-reach);
      const seam = concat([before, chunk.subarray(at, at + reach)]);
      const found = indexOf(seam, delimiter, 0);
      if (found >= 0) return have - before.length + found;
    }
    const found = indexOf(chunk, delimiter, at);
    return found < 0 ? -1 : have + found - at;
  }

  /** Takes the frame and its delimiter. */
  #cut(end: number): Uint8Array<ArrayBuffer> {
    const input = this.#input;
    const collector = this.#collector;
    const { delimiter, stripCr } = this.#layout;
    let frame: Uint8Array<ArrayBuffer>;
    if (collector.have === 0) {
      frame = input.copy(end);
      input.at += delimiter.length;
    } else {
      const all = end + delimiter.length;
      collector.add(input.view(all - collector.have), all);
      frame = collector.octets.slice(0, end);
      collector.clear();
    }
    return stripCr && frame.at(-1) === CR ? frame.slice(0, -1) : frame;
  }

  /** No delimiter is here: keeps what is, or of a skipped frame its end. */
  #keep(): Uint8Array<ArrayBuffer> | undefined {
    const input = this.#input;
    const collector = this.#collector;
    const { delimiter, max } = this.#layout;
    collector.add(input.view(input.length), max + delimiter.length);
    if (this.#skipping) {
      const drop = Math.max(collector.have - delimiter.length + 1, 0);
      const end = collector.octets.slice(drop);
      this.#skipped += drop;
      collector.clear();
      collector.add(end, end.length);
    }
    return input.ended && this.pending > 0 ? this.#last() : undefined;
  }

  /** The end of the input is here, and no delimiter. */
  #last(): Uint8Array<ArrayBuffer> | undefined {
    const { max, lastMayLack } = this.#layout;
    const { pending } = this;
    if (!lastMayLack) {
      throw this.#error = new UnexpectedEofError(pending, pending + 1);
    }
    if (pending > max) this.#oversize();
    const last = this.#collector.finish();
    this.#skipped = 0;
    this.finished++;
    return this.#skipping ? undefined : last;
  }

  #oversize(): void {
    const { max, skips } = this.#layout;
    if (!skips) {
      throw this.#error = new FrameError(
        "frame-too-large",
        `Cannot read a frame: no delimiter within ${max} octets`,
      );
    }
    this.#skipping = true;
  }
}

/** Where a sequence of octets begins; -1 if nowhere. */
export function indexOf(
  octets: Uint8Array,
  sought: Uint8Array,
  from: number,
): number {
  const last = sought.length - 1;
  for (;;) {
    const at = octets.indexOf(sought[0]!, from);
    if (at < 0 || at + last >= octets.length) return -1;
    let same = 1;
    while (same <= last && octets[at + same] === sought[same]) same++;
    if (same > last) return at;
    from = at + 1;
  }
}
