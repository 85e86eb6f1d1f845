import * as std from "npm:deno-std@1.3.4/async/mod.js";

export const delay: (
  ms: number,
  options?: { signal?: AbortSignal; persistent?: boolean },
) => Promise<void> = std.delay;
export const deadline: <T>(
  p: Promise<T>,
  ms: number,
  options?: { signal?: AbortSignal },
) => Promise<T> = std.deadline;
export const abortable: <T>(p: Promise<T>, signal: AbortSignal) => Promise<T> =
  std.abortable;
