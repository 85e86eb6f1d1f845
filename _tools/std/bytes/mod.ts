import * as std from "npm:deno-std@1.3.4/bytes/mod.js";

type Bytes = Uint8Array;

export const concat: (buffers: readonly Bytes[]) => Uint8Array<ArrayBuffer> =
  std.concat;
export const equals: (a: Bytes, b: Bytes) => boolean = std.equals;
