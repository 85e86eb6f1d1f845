import type { LoadReport } from "../../../tcp/_load.ts";
import { Program } from "./program.ts";

/** How many connections send messages of how many octets. */
export interface Point {
  readonly connections: number;
  readonly bytes: number;
}

/** The core before this one is that of the server. */
const CORE = 1;

/** Clients of a server, in a program of their own. */
export class Clients implements AsyncDisposable {
  readonly #program: Program;

  /**
   * Connects them; each sends one message, and gets it back.
   *
   * @param build Folder of what was compiled; without it, they are those of
   * `lockstep tcp load`, which do not wait until they are told to run.
   */
  static async connect(
    port: string,
    { connections, bytes }: Point,
    seconds: number,
    build: string | undefined,
  ): Promise<Clients> {
    const sizes = [connections, bytes, seconds].map(String);
    if (build === undefined) {
      return new Clients(new Program(commandLine(port, sizes), CORE));
    }
    const command = [`${build}/load`, "127.0.0.1", port, ...sizes];
    const program = new Program(command, CORE);
    await program.err("ready");
    return new Clients(program);
  }

  /** Takes charge of a program. */
  constructor(program: Program) {
    this.#program = program;
  }

  /** Lets them send for as long as they were told. */
  async run(): Promise<LoadReport> {
    await this.#program.type("go");
    return JSON.parse(await this.#program.out());
  }

  /** Closes the connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

function commandLine(
  port: string,
  [connections = "", bytes = "", seconds = ""]: string[],
): string[] {
  return [
    Deno.execPath(),
    ...["run", "--quiet", "--no-check", "--allow-net", "--allow-read"],
    ...["main.ts", "tcp", "load", `127.0.0.1:${port}`, "--json"],
    ...["-c", connections, "-s", bytes, "-t", seconds],
  ];
}
