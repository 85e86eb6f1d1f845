/**
 * The command line: `lockstep MODULE VERB …`.
 *
 * ```sh
 * deno run --unstable-net --allow-net --allow-read --allow-write \
 *   jsr:@lockstep/lockstep/cli tftp get 10.0.0.1:boot.img
 * ```
 *
 * Exit codes: 0 done, 1 failed or interrupted, 2 wrong usage.
 *
 * @module
 */
import { dispatch } from "./cli/dispatch.ts";
import config from "./deno.json" with { type: "json" };
import { tcpCommands } from "./tcp/cli.ts";
import { tftpCommands } from "./tftp/cli.ts";
import { udpCommands } from "./udp/cli.ts";

/**
 * Runs the command that the words name.
 *
 * @param args What was typed behind `lockstep`.
 * @returns The exit code.
 *
 * @example
 * ```ts
 * import { main } from "@lockstep/lockstep/cli";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await main(["--version"]), 0);
 * ```
 */
export function main(args: string[]): Promise<number> {
  const program = {
    tcp: tcpCommands,
    tftp: tftpCommands,
    udp: udpCommands,
  };
  return dispatch(program, config.version, args);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
