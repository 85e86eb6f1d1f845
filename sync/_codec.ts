/**
 * The fast way for values that go from thread to thread: plain data, as octets.
 *
 * The layout is that of `_codec_tags.ts`. An encoder says which values it does
 * not know; those go another way.
 */
export { decode } from "./_decoder.ts";
export { Encoder } from "./_encoder.ts";
