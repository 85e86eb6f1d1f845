/**
 * A child process that runs Deno, as its parent sees it; see `_child_life.ts` for
 * the other side.
 *
 * `fork()` of `node:child_process` would give it all permissions, and `spawn()`
 * needs to read the environment; what both are made of does neither.
 */
import { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { argumentsFor, environment } from "./_child_command.ts";
import { END } from "./_child_life.ts";

/** How long a child may take to end when it is told to, in milliseconds. */
const LAST_WORDS_MS = 1_000;

/** What a child is started with. */
export interface ChildOptions<M> {
  /** Source of its main module. */
  readonly program: string;
  /** Flags of `deno run`. Default: the permissions of this process. */
  readonly flags?: readonly string[] | undefined;
  /** Is number 3 of its descriptors. */
  readonly descriptor?: number | undefined;
  /** Called with all that it says. */
  onMessage(message: M): void;
}

/** `node:child_process` without what is the same for all callers. */
interface Spawnable extends ChildProcess {
  spawn(options: {
    file: string;
    args: string[];
    envPairs: string[];
    stdio: (string | number)[];
  }): void;
}

/** See the top of this file. */
export class Child<S extends object, M> {
  /** Settles when it is gone; rejects with the reason unless it was told to. */
  readonly gone: Promise<void>;
  readonly #process: Spawnable;
  #toldToEnd = false;

  /** Starts it. */
  constructor(options: ChildOptions<M>) {
    const { program, flags, descriptor, onMessage } = options;
    const child = new ChildProcess() as Spawnable;
    this.#process = child;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.gone = promise;
    this.gone.catch(() => {}); // whoever wants to know asks
    child.on("message", (message) => onMessage(message as M));
    child.on("error", reject);
    // Not "exit": what it has said before is heard first.
    child.on("close", (code, signal) => {
      if (this.#toldToEnd) resolve();
      else reject(new Error(this.#obituary(code, signal)));
    });
    const inherited = descriptor === undefined ? [] : [descriptor];
    child.spawn({
      file: Deno.execPath(),
      args: ["deno", ...argumentsFor(program, flags)],
      envPairs: Object.entries(environment()).map((pair) => pair.join("=")),
      // It reads its input until that ends, which is when we are gone.
      stdio: ["pipe", "inherit", "inherit", ...inherited, "ipc"],
    });
  }

  /**
   * Says something, and may hand over a socket with it, which is then closed here.
   *
   * @throws If the child is gone.
   */
  send(message: S | typeof END, socket?: Socket): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error: Error | null) => error ? reject(error) : resolve();
      if (!this.#process.connected) {
        done(new Error("Cannot send to a process: it is gone"));
      } else if (socket === undefined) this.#process.send(message, done);
      else this.#process.send(message, socket, done);
    });
  }

  /** Tells it to end, and has it end if it takes too long. */
  async end(): Promise<void> {
    this.#toldToEnd = true;
    const timer = setTimeout(() => this.close(), LAST_WORDS_MS);
    this.send(END).catch(() => {}); // it is gone, as is seen
    await this.gone.catch(() => {});
    clearTimeout(timer);
  }

  /** Ends it at once. */
  close(): void {
    this.#toldToEnd = true;
    this.#process.kill("SIGKILL");
  }

  #obituary(code: number | null, signal: string | null): string {
    const how = signal === null
      ? `ended with code ${code}`
      : `died of ${signal}`;
    return `Cannot serve any longer: process ${this.#process.pid} ${how}`;
  }
}
