import * as std from "npm:deno-std@1.3.4/cli/parse_args.js";

/** The options of `parseArgs()` that this project uses. */
export interface ParseOptions {
  boolean?: readonly string[];
  string?: readonly string[];
  collect?: readonly string[];
  alias?: Record<string, string | readonly string[]>;
  stopEarly?: boolean;
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** Named flags, and the rest of the words under `_`. */
export interface Args {
  [name: string]: unknown;
  _: (string | number)[];
}

export const parseArgs: (args: string[], options?: ParseOptions) => Args =
  std.parseArgs;
