import { Collector } from "./_collector.ts";
import type { Input } from "./_input.ts";
import { type LengthField, readLength } from "./_length_field.ts";
import { FrameError } from "./frame_error.ts";
import type { FrameDecoder } from "./framing.ts";
import { UnexpectedEofError } from "./unexpected_eof.ts";

/** How frames with a length look; see `LengthPrefixedOptions`. */
export interface LengthLayout {
  readonly field: LengthField;
  readonly offset: number;
  readonly adjust: number;
  readonly strip: number;
  readonly max: number;
  readonly skips: boolean;
  /** What it is, for errors. */
  readonly what: "frame" | "header";
}

/**
 * Reads frames whose header says how long they are.
 *
 * ```
 *  state     │ what it takes           │ then
 *  ──────────┼─────────────────────────┼───────────────────────────────────────
 *  header    │ header                  │ too long: skipping, or an error for good
 *            │                         │ else: body
 *  skipping  │ body, piece by piece    │ header
 *  body      │ what is to be stripped, │ header
 *            │ then the frame          │
 * ```
 */
export class LengthDecoder implements FrameDecoder<Uint8Array<ArrayBuffer>> {
  readonly #input: Input;
  readonly #layout: LengthLayout;
  readonly #headBytes: number;
  readonly #collector = new Collector();
  #state: "header" | "skipping" | "body" = "header";
  /** Octets after the header, octets to drop, octets to hand out. */
  #body = 0;
  #drop = 0;
  #need = 0;
  #error: Error | undefined;
  finished = 0;

  constructor(input: Input, layout: LengthLayout) {
    this.#input = input;
    this.#layout = layout;
    this.#headBytes = layout.offset + layout.field.bytes;
  }

  get pending(): number {
    const { have } = this.#collector;
    if (this.#state === "header") return have;
    return this.#headBytes + this.#body - this.#drop - (this.#need - have);
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
    for (;;) {
      if (this.#state === "header") {
        const length = this.#readLength();
        if (length === undefined) return this.#starved(this.#headBytes);
        this.#begin(length);
      }
      if (this.#drop > 0) this.#drop -= input.drop(this.#drop);
      const frame = this.#drop > 0
        ? undefined
        : this.#collector.take(input, this.#need);
      if (frame === undefined) {
        return this.#starved(this.#headBytes + this.#body);
      }
      const skipped = this.#state === "skipping";
      this.#state = "header";
      this.finished++;
      if (!skipped) return frame;
    }
  }

  /** Takes the header, and keeps what belongs to the frame. */
  #readLength(): number | undefined {
    const input = this.#input;
    const { field, offset, strip } = this.#layout;
    const bytes = this.#headBytes;
    if (this.#collector.have === 0 && input.length >= bytes && strip >= bytes) {
      const length = readLength(input.chunk, input.at + offset, field);
      input.at += bytes;
      return length;
    }
    const head = this.#collector.take(input, bytes);
    if (head === undefined) return undefined;
    this.#collector.add(head.subarray(strip), bytes);
    return readLength(head, offset, field);
  }

  #begin(length: number): void {
    const { adjust, max, strip, skips, what } = this.#layout;
    const body = length + adjust;
    const all = this.#headBytes + body;
    if (body < 0 || all < strip) {
      this.#fail(
        "bad-length",
        `a length of ${length} is less than the header takes`,
      );
    }
    const exact = Number.isSafeInteger(length) && Number.isSafeInteger(all);
    if (!exact || (body > max && !skips)) {
      this.#fail(`${what}-too-large`, `${body} octets exceed ${max}`);
    }
    this.#body = body;
    if (body > max) {
      this.#state = "skipping";
      this.#collector.clear();
      this.#drop = body;
      this.#need = 0;
    } else {
      this.#state = "body";
      this.#drop = Math.max(strip - this.#headBytes, 0);
      this.#need = all - strip;
    }
  }

  #starved(need: number): undefined {
    const have = this.pending;
    if (!this.#input.ended || have === 0) return undefined;
    throw this.#error = new UnexpectedEofError(have, need);
  }

  #fail(code: FrameError["code"], state: string): never {
    const message = `Cannot read a ${this.#layout.what}: ${state}`;
    throw this.#error = new FrameError(code, message);
  }
}
