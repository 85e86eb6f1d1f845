import { lines } from "../../../cli/lines.ts";

const ROOT = new URL("../../../", import.meta.url);

/** Longer than any program is silent: it must hang. */
const PATIENCE_MS = 30_000;

/** What the system says about a process. */
export interface Usage {
  /** CPU time of all its threads, in microseconds. */
  readonly cpuUs: number;
  /** Memory that is in use, in octets. */
  readonly memoryBytes: number;
}

/** A program that runs, on one core if the system can do that. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #out: AsyncIterator<string>;
  readonly #err: AsyncIterator<string>;

  constructor(command: readonly string[], core: number) {
    const [program = "", ...args] = Deno.build.os === "linux"
      ? ["taskset", "--cpu-list", String(core), ...command]
      : command;
    this.#child = new Deno.Command(program, {
      args,
      cwd: ROOT,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#out = lines(this.#child.stdout);
    this.#err = lines(this.#child.stderr);
  }

  /** The next line of its output; if there is none, its errors are thrown. */
  async out(): Promise<string> {
    const { done, value } = await inTime(this.#out.next());
    if (!done) return value;
    const errors = await Array.fromAsync({
      [Symbol.asyncIterator]: () => this.#err,
    });
    throw new Error(`Cannot go on: the program ended: ${errors.join(" ")}`);
  }

  /** Waits for a line of its errors. */
  async err(line: string): Promise<void> {
    const { done, value } = await inTime(this.#err.next());
    if (done || value !== line) throw new Error(`Cannot go on: ${value}`);
  }

  /** Gives it a line. */
  async type(line: string): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${line}\n`));
    writer.releaseLock();
  }

  /** What it has used until now; by `cat`, as Deno wants all permissions for it. */
  async usage(): Promise<Usage> {
    const { stdout } = await new Deno.Command("cat", {
      args: [`/proc/${this.#child.pid}/stat`],
    }).output();
    const text = new TextDecoder().decode(stdout);
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ").map(Number);
    // proc(5): utime, stime in ticks of 10 ms, rss in pages of 4 KiB.
    const [utime = NaN, stime = NaN, rss = NaN] = [11, 12, 21]
      .map((i) => fields[i]);
    return { cpuUs: (utime + stime) * 10_000, memoryBytes: rss * 4096 };
  }

  /** Kills it. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await Promise.allSettled([
      this.#child.stdin.close(),
      this.#out.return?.(),
      this.#err.return?.(),
      this.#child.stdout.cancel(),
      this.#child.stderr.cancel(),
    ]);
    await this.#child.status;
  }
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  let timer;
  const late = new Promise<never>((_, reject) => {
    const error = new Error("Cannot go on: the program is silent");
    timer = setTimeout(() => reject(error), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
