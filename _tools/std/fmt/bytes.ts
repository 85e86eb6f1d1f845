import * as std from "npm:deno-std@1.3.4/fmt/bytes.js";

/** The options of `format()` that this project uses. */
export interface FormatOptions {
  binary?: boolean;
  minimumFractionDigits?: number;
  maximumFractionDigits?: number;
}

export const format: (num: number, options?: FormatOptions) => string =
  std.format;
