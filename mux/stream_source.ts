import type { WaitOptions } from "../sync/wait_options.ts";
import { atMost, line } from "./cut.ts";
import { Inbox, type Inflow } from "./inbox.ts";
import { type Readiness, readiness, type Watchable } from "./readiness.ts";

const USUAL_OCTETS = 65_536;

/** What is read like a connection, such as a file or `Deno.stdin`. */
export interface ClosableInflow extends Inflow {
  /** Gives it back; a read under way then ends. */
  close?(): void;
}

/**
 * A stream of octets that can be waited for like a socket: a `ReadableStream`, the
 * output of a child process, a file; and {@linkcode stdin}.
 *
 * It has one read under way for ever, which is never cancelled: in Deno a
 * cancelled read of stdin would still take the next line.
 *
 * @example
 * ```ts
 * import { select, StreamSource } from "@lockstep/lockstep/mux";
 * import { assertEquals } from "@std/assert";
 *
 * using source = new StreamSource(new Response("one\ntwo\n").body!);
 * const [readable] = await select([source]);
 * assertEquals(readable, [source]);
 * assertEquals(await source.readLine(), "one");
 * assertEquals(await source.readLine(), "two");
 * assertEquals(await source.readLine(), null);
 * ```
 */
export class StreamSource implements Watchable, Disposable {
  readonly #inbox: Inbox;
  readonly #close: () => void;
  #closed = false;

  /**
   * Takes charge of a stream; from now on nobody else may read it.
   *
   * @param stream A stream, or what is read like a connection.
   */
  constructor(stream: ReadableStream<Uint8Array> | ClosableInflow) {
    if (stream instanceof ReadableStream) {
      const flow = new StreamInflow(stream);
      this.#inbox = new Inbox(flow);
      this.#close = () => flow.cancel();
    } else {
      this.#inbox = new Inbox(stream);
      this.#close = () => stream.close?.();
    }
  }

  /** What is ready: octets, or the end. */
  get [readiness](): Readiness {
    return this.#inbox;
  }

  /** Whether it is closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Waits for octets. If aborted or timed out, nothing was taken.
   *
   * @param max Most octets to take, at least 1. Default: 65,536.
   * @returns At least one octet, a copy; `null` at the end.
   * @throws {Deno.errors.Interrupted} If it is closed while waiting.
   */
  // deno-lint-ignore require-await -- what the cut throws, rejects
  async receive(
    max: number = USUAL_OCTETS,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#inbox.take(atMost(max), options);
  }

  /** Takes octets if some are here: `undefined` if it would have to wait. */
  tryReceive(
    max: number = USUAL_OCTETS,
  ): Uint8Array<ArrayBuffer> | null | undefined {
    return this.#inbox.tryTake(atMost(max));
  }

  /**
   * Waits for a line of at most 65,536 octets, which ends with `\n` or `\r\n`; the
   * last one may lack it. If aborted or timed out, nothing was taken.
   *
   * @returns The line without its end, as UTF-8; `null` at the end.
   */
  readLine(options?: WaitOptions): Promise<string | null> {
    return this.#inbox.take(line(USUAL_OCTETS), options);
  }

  /** Takes a line if a whole one is here: `undefined` if it would have to wait. */
  tryReadLine(): string | null | undefined {
    return this.#inbox.tryTake(line(USUAL_OCTETS));
  }

  /**
   * Cancels or closes the stream; who waits gets an error. Closing twice does
   * nothing.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#inbox.close();
    this.#close();
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * What is typed, or comes by a pipe, as a source; always the same one.
 *
 * Its read is never cancelled, so no line is lost. Once somebody has waited for it,
 * it keeps the process alive until {@linkcode StreamSource.close}, which closes
 * `Deno.stdin`.
 *
 * @example A server that quits on a typed line
 * ```ts ignore
 * const [readable] = await select([listener, stdin()]);
 * if (readable.includes(stdin())) await stdin().readLine();
 * ```
 */
export function stdin(): StreamSource {
  return standardInput ??= new StreamSource(Deno.stdin);
}

let standardInput: StreamSource | undefined;

/** Reads a stream into buffers; keeps what does not fit. */
class StreamInflow implements Inflow {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#reader.read();
      if (done) return null;
      this.#rest = value;
    }
    const count = Math.min(this.#rest.length, buffer.length);
    buffer.set(this.#rest.subarray(0, count));
    this.#rest = this.#rest.subarray(count);
    return count;
  }

  cancel(): void {
    this.#reader.cancel().catch(() => {}); // it failed before
  }
}
