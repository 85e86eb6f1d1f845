import { concat } from "@std/bytes";
import { deadline } from "@std/async";
import { AsyncLocalStorage } from "node:async_hooks";
import { main } from "../../main.ts";
import { PATIENCE_MS, portOf } from "./_program.ts";

/** What a command line in this process has instead of those of the process. */
interface Streams {
  readonly out: Lines;
  readonly err: Lines;
  readonly stdin: ReadableStream<Uint8Array>;
  readonly stdout: WritableStream<Uint8Array>;
}

/** Those of the command line that runs at the moment, if one does. */
const running = new AsyncLocalStorage<Streams>();

/**
 * A running `lockstep …` in this process: as `Program`, which has one of its own,
 * but takes no time to start. Signals come by `interrupt()` only.
 */
export class Here {
  readonly #streams: Streams;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #written: Uint8Array[] = [];
  readonly #code: Promise<number>;
  #onSignal: (() => void) | undefined;

  constructor(...args: string[]) {
    const { readable: stdin, writable } = new TransformStream<Uint8Array>();
    this.#writer = writable.getWriter();
    this.#writer.closed.catch(() => {}); // it is left, or not wanted
    const write = (octets: Uint8Array) => void this.#written.push(octets);
    const stdout = new WritableStream({ write });
    const [out, err] = [new Lines(), new Lines()];
    this.#streams = { out, err, stdin, stdout };

    const { addSignalListener } = Deno;
    Deno.addSignalListener = (_, handler) => void (this.#onSignal = handler);
    this.#code = running.run(this.#streams, () => main(args))
      .finally(() => {
        this.#onSignal = undefined;
        out.end();
        err.end();
      });
    Deno.addSignalListener = addSignalListener;
  }

  /** Next line of stdout, `undefined` at its end. */
  out(): Promise<string | undefined> {
    return deadline(this.#streams.out.next(), PATIENCE_MS);
  }

  /** Next line of stderr, `undefined` at its end. */
  err(): Promise<string | undefined> {
    return deadline(this.#streams.err.next(), PATIENCE_MS);
  }

  /** The port that the first line of stderr ends with. */
  async port(): Promise<number> {
    return portOf(await this.err() ?? "");
  }

  async type(line: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(`${line}\n`));
  }

  /** As Ctrl-C; a second one would end this process. */
  interrupt(): void {
    const onSignal = this.#onSignal;
    this.#onSignal = undefined;
    if (onSignal !== undefined) running.run(this.#streams, onSignal);
  }

  /** Ends stdin; exit code and what was printed, but not read before. */
  async end(): Promise<Ended> {
    this.#writer.close().catch(() => {}); // nobody reads it any more
    const code = await deadline(this.#code, PATIENCE_MS);
    const { out, err } = this.#streams;
    const stdout = concat(this.#written);
    return { code, out: out.rest(), err: err.rest(), stdout };
  }

  /** Ends what a failed test has left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.interrupt();
    await this.end();
  }
}

/** How a command line ended. */
export interface Ended {
  readonly code: number;
  readonly out: string[];
  readonly err: string[];
  /** What was written to stdout besides lines. */
  readonly stdout: Uint8Array;
}

/** Runs `lockstep …` in this process, to its end. */
export async function here(...args: string[]): Promise<Ended> {
  await using program = new Here(...args);
  return await program.end();
}

/** Lines as they come. */
class Lines {
  readonly #lines: string[] = [];
  #ended = false;
  #come = Promise.withResolvers<void>();

  push(text: string): void {
    this.#lines.push(...text.split("\n"));
    this.#come.resolve();
  }

  end(): void {
    this.#ended = true;
    this.#come.resolve();
  }

  async next(): Promise<string | undefined> {
    while (this.#lines.length === 0 && !this.#ended) {
      this.#come = Promise.withResolvers();
      await this.#come.promise;
    }
    return this.#lines.shift();
  }

  rest(): string[] {
    return this.#lines.splice(0);
  }
}

for (const [name, stream] of [["log", "out"], ["error", "err"]] as const) {
  const original = console[name];
  console[name] = (...words: unknown[]) => {
    const streams = running.getStore();
    if (streams === undefined) original(...words);
    else streams[stream].push(words.join(" "));
  };
}
lend(Deno.stdin, "readable", { get: () => running.getStore()!.stdin });
lend(Deno.stdout, "writable", { get: () => running.getStore()!.stdout });
for (const stream of [Deno.stdin, Deno.stdout, Deno.stderr]) {
  lend(stream, "isTerminal", { value: () => false });
}

function lend<T>(owner: T, name: keyof T, what: PropertyDescriptor): void {
  Object.defineProperty(owner, name, { ...what, configurable: true });
}
