import { assert } from "@std/assert";
import { deadline } from "@std/async";
import { fileURLToPath } from "node:url";
import { lines } from "../../cli/lines.ts";

/** The command line under test. */
const COMMAND = [
  "run",
  "--quiet",
  `--config=${fileURLToPath(import.meta.resolve("../../deno.json"))}`,
  "--allow-net",
  "--allow-read",
  "--allow-write",
  fileURLToPath(import.meta.resolve("../../main.ts")),
];

/** Longest wait for a line or an exit; only a failing test takes so long. */
export const PATIENCE_MS = 30_000;

/** A running `lockstep …`. */
export class Program {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #out: AsyncGenerator<string, void, void>;
  readonly #err: AsyncGenerator<string, void, void>;

  constructor(...args: string[]) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...COMMAND, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#out = lines(this.#child.stdout);
    this.#err = lines(this.#child.stderr);
  }

  /** Next line of stdout, `undefined` at its end. */
  async out(): Promise<string | undefined> {
    const { value } = await deadline(this.#out.next(), PATIENCE_MS);
    return value ?? undefined;
  }

  /** Next line of stderr, `undefined` at its end. */
  async err(): Promise<string | undefined> {
    const { value } = await deadline(this.#err.next(), PATIENCE_MS);
    return value ?? undefined;
  }

  /** The port that the first line of stderr ends with. */
  async port(): Promise<number> {
    return portOf(await this.err() ?? "");
  }

  async type(line: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(`${line}\n`));
  }

  interrupt(): void {
    this.#child.kill("SIGINT");
  }

  /** Ends stdin; exit code and what was printed, but not read before. */
  async end(): Promise<{ code: number; out: string[]; err: string[] }> {
    await this.#writer.close().catch(() => {}); // the program has gone already
    const [out, err, { code }] = await deadline(
      Promise.all([
        Array.fromAsync(this.#out),
        Array.fromAsync(this.#err),
        this.#child.status,
      ]),
      PATIENCE_MS,
    );
    return { code, out, err };
  }

  /** Kills what a failed test has left. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // it has ended as it should
    }
    await this.end();
  }
}

/** The port that a line ends with. */
export function portOf(line: string): number {
  const [, port] = line.match(/(?::|port )(\d+)(?:,.*)?$/) ?? [];
  assert(port !== undefined, `no port in "${line}"`);
  return Number(port);
}
