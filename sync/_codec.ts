export { decode } from "./_decoder.ts";
export { Encoder } from "./_encoder.ts";
