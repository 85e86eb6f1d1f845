import { Body, type BodySupply } from "./_body.ts";
import { Input } from "./_input.ts";
import { badHeader, parseHeader } from "./_json_text.ts";
import { LengthDecoder, type LengthLayout } from "./_length_decoder.ts";
import { FrameError } from "./frame_error.ts";
import type { FrameDecoder, Refill } from "./framing.ts";
import type { JsonFrame, JsonHeader } from "./json_header.ts";
import { UnexpectedEofError } from "./unexpected_eof.ts";

/** How frames with a JSON header look; see `JsonHeaderOptions`. */
export interface JsonLayout {
  readonly header: LengthLayout;
  readonly lengthKey: string;
  readonly maxBody: number;
  readonly skips: boolean;
}

/** So much of a body counts as a frame, which earns a peer more time. */
const EARNING_BYTES = 65_536;

/**
 * Reads frames with a JSON header and a body that streams.
 *
 * ```
 *  state      │ next()                     │ the stream of the body
 *  ───────────┼────────────────────────────┼──────────────────────────────────
 *  header     │ the frame; then body       │ –
 *  body       │ skips what is left of the  │ takes what is here, or refills;
 *             │ body; then header          │ at its end: header
 * ```
 */
export class JsonDecoder implements FrameDecoder<JsonFrame>, BodySupply {
  readonly #input = new Input();
  readonly #layout: JsonLayout;
  readonly #headers: LengthDecoder;
  readonly refill: Refill;
  #arrival: PromiseWithResolvers<void> | undefined;
  #body: Body | undefined;
  #bodyBytes = 0;
  #error: Error | undefined;
  left = 0;
  finished = 0;

  constructor(layout: JsonLayout, refill?: Refill) {
    this.#layout = layout;
    this.#headers = new LengthDecoder(this.#input, layout.header);
    this.refill = refill ?? (() => this.#arrived());
  }

  get pending(): number {
    if (this.left === 0) return this.#headers.pending;
    return 1 + this.#bodyBytes - this.left; // the header counts as one
  }

  get held(): number {
    return this.#headers.held;
  }

  push(octets: Uint8Array): void {
    this.#input.push(octets);
    this.#arrival?.resolve();
  }

  end(): void {
    this.#input.end();
    this.#arrival?.resolve();
  }

  next(): JsonFrame | undefined {
    if (this.#error !== undefined) throw this.#error;
    for (;;) {
      if (this.left > 0) {
        this.#body?.abandon();
        this.#used(this.#input.drop(this.left));
        if (this.left > 0) return this.#starved();
      }
      const octets = this.#headers.next();
      if (octets === undefined) return undefined;
      const frame = this.#begin(octets);
      if (frame !== undefined) return frame;
    }
  }

  take(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#input.length === 0) return this.#starved();
    const octets = this.#input.copy(this.left);
    this.#used(octets.length);
    return octets;
  }

  #begin(octets: Uint8Array): JsonFrame | undefined {
    const { maxBody, skips } = this.#layout;
    const header = this.#parse(octets);
    const bytes = this.#lengthOf(header);
    this.finished++;
    this.#body = undefined;
    if (bytes > maxBody && !skips) {
      this.#fail(
        new FrameError(
          "frame-too-large",
          `Cannot read a frame: a body of ${bytes} octets exceeds ${maxBody}`,
        ),
      );
    }
    this.left = this.#bodyBytes = bytes;
    if (bytes > maxBody) return undefined;
    this.#body = new Body(this);
    return { header, body: this.#body.stream };
  }

  #parse(octets: Uint8Array): JsonHeader {
    try {
      return parseHeader(octets);
    } catch (error) {
      this.#fail(error as FrameError);
    }
  }

  #lengthOf(header: JsonHeader): number {
    const { lengthKey } = this.#layout;
    const bytes = header[lengthKey] ?? 0;
    if (Number.isSafeInteger(bytes) && bytes as number >= 0) {
      return bytes as number;
    }
    const text = JSON.stringify(bytes).slice(0, 40);
    this.#fail(badHeader(`${lengthKey} is no length: ${text}`));
  }

  #used(count: number): void {
    const before = this.#bodyBytes - this.left;
    const after = before + count;
    this.left -= count;
    this.finished += Math.floor(after / EARNING_BYTES) -
      Math.floor(before / EARNING_BYTES);
  }

  #starved(): undefined {
    if (!this.#input.ended) return undefined;
    const have = this.#bodyBytes - this.left;
    this.#fail(new UnexpectedEofError(have, this.#bodyBytes));
  }

  #fail(error: Error): never {
    throw this.#error = error;
  }

  /** The next push, where nobody can be asked for it. */
  async #arrived(): Promise<void> {
    this.#arrival = Promise.withResolvers();
    await this.#arrival.promise;
  }
}
